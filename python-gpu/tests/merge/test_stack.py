"""Layer stacking: which layers stand where, and what the configuration says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from conftest import World
from merge_cases import CONFIG, add_model, merge, merged

from lamdagent_gpu.context import Rejected

LAYERS = 4


def model(world: World, digit: str, config: Mapping[str, Any] | None = None) -> str:
    """Every number tells the model and the layer."""
    layers = {f"model.layers.{n}.w": torch.full((2,), float(f"{digit}{n}")) for n in range(LAYERS)}
    outside = {name: torch.full((2,), float(digit)) for name in ("model.embed_tokens.weight", "model.norm.weight")}
    ids = {"model.layers.3.ids": torch.tensor([3])}
    kinds = {"layer_types": [f"{digit}{n}" for n in range(LAYERS)], "num_hidden_layers": LAYERS}
    return add_model(world, digit, {**layers, **outside, **ids}, config={**CONFIG, **kinds, **(config or {})})


def test_runs_of_layers_stand_on_top_of_each_other_in_the_order_given(world: World) -> None:
    two, one = model(world, "2"), model(world, "1")
    got = merged(world, [two, one], "passthrough", share=0.75)
    found = [int(got[f"model.layers.{n}.w"][0]) for n in range(6)]
    assert found == [20, 21, 22, 11, 12, 13]
    assert int(got["model.embed_tokens.weight"][0]) == 2
    assert int(got["model.norm.weight"][0]) == 1
    assert got["model.layers.5.ids"].tolist() == [3]
    assert len(got) == 6 + 2 + 1


def test_the_configuration_counts_the_layers_and_lists_their_kinds(world: World) -> None:
    folder = merge(world, [model(world, "2"), model(world, "1")], "passthrough", share=0.5)
    config = json.loads((folder / "config.json").read_text("utf8"))
    assert config["num_hidden_layers"] == 4
    assert config["layer_types"] == ["20", "21", "12", "13"]


def test_a_model_without_one_stack_of_layers_is_refused(world: World) -> None:
    plain = [add_model(world, digit, {"w": torch.ones(2)}) for digit in "12"]
    with pytest.raises(Rejected, match="passthrough: expected tensors of one stack of layers, got none"):
        merge(world, plain, "passthrough")
    both = [add_model(world, digit, {"a.layers.0.w": torch.ones(2), "b.layers.0.w": torch.ones(2)}) for digit in "34"]
    with pytest.raises(Rejected, match=r"got \['a.layers.', 'b.layers.'\]"):
        merge(world, both, "passthrough")


def test_a_configuration_that_counts_its_layers_elsewhere_is_refused(world: World) -> None:
    nested = {**CONFIG, "text_config": {"num_hidden_layers": 1}}
    models = [add_model(world, digit, {"layers.0.w": torch.ones(2)}, config=nested) for digit in "12"]
    with pytest.raises(Rejected, match=r"config.json: expected one of num_hidden_layers, .* to say how many layers"):
        merge(world, models, "passthrough")


def test_a_stack_loads_with_transformers_and_computes_its_layers(world: World) -> None:
    from transformers import AutoModelForCausalLM

    other = world.publish_model("other", seed=3)
    folder = merge(world, [world.model, other], "passthrough", share=1)
    stack = AutoModelForCausalLM.from_pretrained(folder)
    one, two = (AutoModelForCausalLM.from_pretrained(world.store.open(stage_id)) for stage_id in (world.model, other))
    assert stack.config.num_hidden_layers == 4
    one.model.layers.extend(two.model.layers)
    for index, layer in enumerate(one.model.layers):
        layer.self_attn.layer_idx = index
    one.model.norm, one.config.num_hidden_layers = two.model.norm, 4
    ids = torch.tensor([[5, 6, 7]])
    assert torch.allclose(stack(ids, use_cache=False).logits, one(ids, use_cache=False).logits)  # embeddings are tied
