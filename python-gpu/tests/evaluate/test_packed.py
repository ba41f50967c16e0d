"""A model whose linear layers are laid out for the CPU's kernels answers as the plain one does."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from conftest import save_tiny_model
from torch.profiler import ProfilerActivity, profile

from lamdagent_gpu.evaluate import packed
from lamdagent_gpu.train.model import load_model

IDS = torch.arange(5, 29).reshape(2, 12)


def layers(model: torch.nn.Module) -> list[torch.nn.Linear]:
    return [module for module in model.modules() if isinstance(module, torch.nn.Linear)]


def is_left_alone(model: torch.nn.Module) -> bool:
    weights = [one.weight for one in layers(model)]
    return all(one.weight is weight for one, weight in zip(layers(packed.pack(model)), weights, strict=True))


@pytest.mark.skipif(
    not torch.backends.cpu.get_cpu_capability().startswith("AVX"), reason="packs on x86 processors alone"
)
def test_packed_layers_compute_the_same_but_for_rounding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    monkeypatch.setattr(packed, "SMALL_WEIGHT", 0)
    folder = save_tiny_model(tmp_path)
    plain, model = load_model(folder, "cpu").eval(), packed.pack(load_model(folder, "cpu").eval())
    assert {one.weight.layout for one in layers(model)} >= {torch._mkldnn}  # type: ignore[attr-defined]
    with torch.no_grad():
        torch.testing.assert_close(model(IDS).logits, plain(IDS).logits, rtol=1e-5, atol=1e-5)
    assert model.get_input_embeddings().weight.equal(plain.get_input_embeddings().weight)


@pytest.mark.parametrize("bias", [False, True])
def test_small_products_are_those_of_the_plain_layer(bias: bool) -> None:
    plain = torch.nn.Linear(96, 128, bias=bias).requires_grad_(False)
    layer = copy.deepcopy(plain)
    packed._pack(layer, keep_weight=False)
    few = packed.SMALL_PRODUCT // (96 * 128)
    for count, is_small in ((1, True), (few, True), (few + 1, False)):
        rows = torch.randn(count, 1, 96)
        torch.testing.assert_close(layer(rows), plain(rows), rtol=1e-5, atol=1e-5)
        with profile(activities=[ProfilerActivity.CPU]) as run:
            layer(rows)
        assert any("mkldnn" in one.key for one in run.key_averages()) is not is_small


def test_processors_without_avx512_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    assert is_left_alone(load_model(save_tiny_model(tmp_path), "cpu"))


def test_other_precisions_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert is_left_alone(load_model(save_tiny_model(tmp_path, dtype=torch.bfloat16), "cpu", torch.bfloat16))
