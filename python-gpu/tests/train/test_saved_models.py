"""What a training leaves: a plain model of the input's kind, which the next stage can train."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from conftest import LORA, PREFERENCE, TRAINING, World
from safetensors.torch import load_file

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.model import load_model, training_dtype

SHORT = {**TRAINING, "steps": 2}


def train(world: World, kind: str, parameters: dict[str, Any], model: str) -> JobContext:
    data = world.sft if kind == "sft" else world.preference
    context = world.context(world.build_job(kind, parameters, model=[model], data=[data]))
    run_training(context)
    return context


@pytest.mark.parametrize("tuning", [{}, LORA])
def test_the_output_has_the_inputs_configuration_tokenizer_and_tensors(world: World, tuning: dict[str, Any]) -> None:
    base = world.store.open(world.model)
    output = train(world, "sft", {**SHORT, **tuning}, world.model).output_folder
    for name in ("config.json", "generation_config.json", "tokenizer.json", "chat_template.jinja"):
        assert json_or_text(output / name) == json_or_text(base / name), name
    before, after = load_file(base / "model.safetensors"), load_file(output / "model.safetensors")
    assert {name: weight.shape for name, weight in before.items()} == {name: w.shape for name, w in after.items()}
    assert {weight.dtype for weight in after.values()} == {torch.float32}


def json_or_text(path: Any) -> Any:
    text = path.read_text("utf8")
    return json.loads(text) if path.suffix == ".json" else text


def test_each_stage_trains_what_the_one_before_left(world: World) -> None:
    model = world.model
    for kind, parameters in (("sft", {**SHORT, **LORA}), ("dpo", {**SHORT, **PREFERENCE}), ("sft", SHORT)):
        folder = train(world, kind, parameters, model).output_folder
        before, after = (
            load_file(world.store.open(model) / "model.safetensors"),
            load_file(folder / "model.safetensors"),
        )
        assert any(not torch.equal(after[name], before[name]) for name in before)
        model = format(len(model) + ord(kind[0]) + sum(map(ord, model)), "064x")
        world.store.publish(model, "sft", folder, {})
    assert all(weight.requires_grad for weight in load_model(world.store.open(model), "cpu").parameters())


def test_the_adapter_is_kept_beside_the_merged_weights_and_agrees_with_them(world: World) -> None:
    from peft import PeftModel

    output = train(world, "sft", {**SHORT, **LORA, "learningRate": 1e-2}, world.model).output_folder
    assert sorted(path.name for path in (output / "adapter").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    assert str(world.root) not in (output / "adapter" / "adapter_config.json").read_text("utf8")
    adapted = PeftModel.from_pretrained(load_model(world.store.open(world.model), "cpu"), output / "adapter")
    ids = torch.arange(4, 40).unsqueeze(0)
    with torch.no_grad():
        torch.testing.assert_close(adapted(ids).logits, load_model(output, "cpu")(ids).logits, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("tuning", [{}, LORA])
def test_a_bfloat16_model_stays_one(world: World, tuning: dict[str, Any]) -> None:
    model = world.publish_model("half", dtype=torch.bfloat16)
    output = train(world, "sft", {**SHORT, **tuning}, model).output_folder
    assert {weight.dtype for weight in load_file(output / "model.safetensors").values()} == {torch.bfloat16}
    assert json.loads((output / "config.json").read_text("utf8"))["dtype"] == "bfloat16"


def test_weights_are_trained_in_float32_unless_frozen_or_too_large() -> None:
    gigabytes = 80 * 10**9
    assert training_dtype(bfloat16=False, adapted=True, parameters=1, device_bytes=None) == torch.float32
    assert training_dtype(bfloat16=True, adapted=False, parameters=10**9, device_bytes=gigabytes) == torch.float32
    assert training_dtype(bfloat16=True, adapted=True, parameters=10**9, device_bytes=gigabytes) == torch.bfloat16
    assert training_dtype(bfloat16=True, adapted=False, parameters=7 * 10**9, device_bytes=gigabytes) == torch.bfloat16
