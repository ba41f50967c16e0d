"""Parameters that differ by layer and by part of the model."""

from __future__ import annotations

import pytest
import torch
from conftest import World
from merge_cases import Tensors, add_model, merged

from lamdagent_gpu.merge.gradient import gradient_of
from lamdagent_gpu.merge.layers import depths


@pytest.mark.parametrize(
    ("value", "name", "depth", "expected"),
    [
        (0.3, "w", 0.5, 0.3),
        ("0.3", "w", 0.5, 0.3),
        ("0, 1", "w", 0.25, 0.25),
        ("0, 0.5, 2", "w", 0.0, 0.0),
        ("0, 0.5, 2", "w", 0.5, 0.5),
        ("0, 0.5, 2", "w", 0.75, 1.25),
        ("0, 0.5, 2", "w", 1.0, 2.0),
        ("mlp: 0, 1; self_attn: 1, 0; 0.5", "layers.0.mlp.up.weight", 0.25, 0.25),
        ("mlp: 0, 1; self_attn: 1, 0; 0.5", "layers.0.self_attn.q.weight", 0.25, 0.75),
        ("mlp: 0, 1; self_attn: 1, 0; 0.5", "norm.weight", 0.25, 0.5),
    ],
)
def test_anchors_are_interpolated_along_the_depth(value: object, name: str, depth: float, expected: float) -> None:
    assert gradient_of(value).at(name, depth) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "a", "1,", "mlp: 1", "1; 2", "mlp: 1; 2; self: 3", ": 1; 2", "mlp 1; 2"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (float's own words, or ours)
        gradient_of(text)


def test_depth_is_told_by_the_names() -> None:
    names = ["model.embed_tokens.weight", "model.layers.0.a.b", "model.layers.1.experts.7.up", "model.layers.2.a.b"]
    found = depths([*names, "model.norm.weight", "lm_head.weight"])
    assert list(found.values()) == [0.0, 0.0, 0.5, 1.0, 1.0, 1.0]
    assert depths(["transformer.h.0.w", "transformer.wte.weight", "encoder.layer.0.w", "encoder.layer.1.w"]) == {
        "transformer.h.0.w": 0.0,
        "transformer.wte.weight": 0.0,
        "encoder.layer.0.w": 0.0,
        "encoder.layer.1.w": 1.0,
    }


def test_a_job_gives_every_layer_its_own_value(world: World) -> None:
    names = ["model.embed_tokens.weight", *(f"model.layers.{n}.mlp.w" for n in range(3)), "model.norm.weight"]

    def tensors(value: float) -> Tensors:
        return {name: torch.full((2, 2), value) for name in names}

    one, two, base = (add_model(world, digit, tensors(value)) for digit, value in (("1", 4.0), ("2", 0.0), ("b", 0.0)))
    got = merged(world, [one, two], "taskArithmetic", base=base, **{"lambda": "mlp: 0, 1; 0.5"})
    assert [float(got[name][0, 0]) for name in names] == [2.0, 0.0, 2.0, 4.0, 2.0]
