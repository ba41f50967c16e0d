"""Trainings on weights in 4 bits: who may run them, what they take, and that what is published is exact."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest
import torch
from conftest import LORA, QLORA, TRAINING, World
from safetensors.torch import load_file

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.train import quantized, run, run_training
from lamdagent_gpu.train.memory import floor_of
from lamdagent_gpu.train.model import load_model
from lamdagent_gpu.weights import parameter_count

NEEDS_QLORA = pytest.mark.skipif(
    find_spec("bitsandbytes") is None, reason="an extra: python-gpu/requirements-qlora.txt"
)


def context_of(world: World, device: str = "cpu", **changed: Any) -> JobContext:
    parameters = {**TRAINING, **QLORA, "steps": 2, **changed}
    return world.context(world.build_job("sft", parameters, model=[world.model], data=[world.sft]), device=device)


@pytest.mark.parametrize(
    ("device", "found", "message"),
    [
        ("cpu", None, r"expected a GPU worker with bitsandbytes \S+, got none. On it: pip install .*requirements-qlora.txt"),
        ("cpu", "0.1.0", r"expected a GPU worker with bitsandbytes \S+, got 0.1.0"),
        ("mps", quantized.BITSANDBYTES, "expected a device of cuda or cpu, got mps. Use tuning: lora"),
    ],
)  # fmt: skip
def test_who_cannot_quantise_says_so_before_a_model_is_loaded(
    world: World, device: str, found: str | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(*_: Any, **__: Any) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(quantized, "installed", lambda name: found)
    monkeypatch.setattr(run, "load_model", loaded)
    with pytest.raises(Rejected, match=message):
        run_training(context_of(world, device))


def test_the_pinned_version_is_the_one_that_is_installed_by_it() -> None:
    from pathlib import Path

    requirements = Path(__file__).parents[2] / "requirements-qlora.txt"
    assert f"\nbitsandbytes=={quantized.BITSANDBYTES}\n" in requirements.read_text("utf8")


@NEEDS_QLORA
def test_quantised_weights_take_what_the_floor_says(world: World) -> None:
    model = world.publish_model("wide", width=64)
    folder = world.store.open(model)
    loaded = load_model(folder, "cpu", torch.float32, quantized=True)
    packed = {name: layer for name, layer in loaded.named_modules() if type(layer).__name__ == "Linear4bit"}
    assert len(packed) == 14
    whole = parameter_count(folder) - sum(layer.in_features * layer.out_features for layer in packed.values())
    taken = 4 * whole + sum(
        layer.weight.nbytes + layer.weight.quant_state.absmax.nbytes + layer.weight.quant_state.state2.absmax.nbytes
        for layer in packed.values()
    )
    floor = floor_of(folder, dtype=torch.float32, lora_rank=None, partial=True, quantized=True).weights
    assert floor <= taken <= 1.01 * floor


@NEEDS_QLORA
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_adapters_are_added_to_the_weights_as_they_were_stored(world: World, dtype: torch.dtype) -> None:
    model = world.publish_model("stored", dtype=dtype)
    job = world.build_job(
        "sft", {**TRAINING, **QLORA, "steps": 2, "learningRate": 1e-2}, model=[model], data=[world.sft]
    )
    context = world.context(job)
    run_training(context)
    before = load_file(world.store.open(model) / "model.safetensors")
    after = load_file(context.output_folder / "model.safetensors")
    adapter = load_file(context.output_folder / "adapter" / "adapter_model.safetensors")
    adapted = 0
    for name, weight in before.items():
        stem = f"base_model.model.{name.removesuffix('.weight')}"
        expected = weight
        if f"{stem}.lora_B.weight" in adapter:
            one, other = adapter[f"{stem}.lora_B.weight"], adapter[f"{stem}.lora_A.weight"]
            assert one.dtype == torch.float32
            expected = (weight.float() + LORA["loraAlpha"] / LORA["loraRank"] * (one @ other)).to(dtype)
            adapted += 1
        torch.testing.assert_close(after[name], expected, rtol=1e-6 if dtype == torch.float32 else 2**-7, atol=1e-7)
    assert adapted == 14
    assert "quantization_config" not in (context.output_folder / "config.json").read_text("utf8")
