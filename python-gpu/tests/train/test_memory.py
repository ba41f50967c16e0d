"""What cannot fit the device is refused before its model is loaded, and what is counted is really needed."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
import torch
from conftest import LORA, TRAINING, World
from transformers import AutoConfig, AutoModelForCausalLM

from lamdagent_gpu.context import OutOfMemory
from lamdagent_gpu.train import run as training
from lamdagent_gpu.train.memory import activations_of, device_bytes, floor_of
from lamdagent_gpu.train.model import lora_of
from lamdagent_gpu.weights import parameter_count, tensor_entries

TEXT = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4}


def run(world: World, available: int, monkeypatch: pytest.MonkeyPatch, **parameters: Any) -> None:
    monkeypatch.setattr(training, "device_bytes", lambda device: available)
    job = world.build_job("sft", {**TRAINING, "steps": 1, **parameters}, model=[world.model], data=[world.sft])
    training.run_training(world.context(job))


def test_full_fine_tuning_takes_weights_gradients_and_two_moments(world: World) -> None:
    folder = world.store.open(world.model)
    floor = floor_of(folder, dtype=torch.float32, lora_rank=None)
    weights = 4 * parameter_count(folder)
    assert (floor.weights, floor.gradients, floor.moments, floor.total) == (weights, weights, 2 * weights, 4 * weights)
    assert floor_of(folder, dtype=torch.float32, lora_rank=None, partial=True).total == weights


def test_adapters_are_counted_as_peft_makes_them(world: World) -> None:
    from peft import get_peft_model

    folder = world.store.open(world.model)
    job = world.build_job("sft", {**TRAINING, **LORA}, model=[world.model], data=[world.sft])
    config = lora_of(world.context(job))
    assert config is not None
    adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(folder), config)
    trained = sum(weight.numel() for weight in adapted.parameters() if weight.requires_grad)
    floor = floor_of(folder, dtype=torch.bfloat16, lora_rank=LORA["loraRank"])
    stored = sum(prod(entry.shape) for entry in tensor_entries(folder).values())
    assert (floor.gradients, floor.weights) == (4 * trained, 2 * stored + 4 * trained)


def test_what_does_not_fit_is_refused_before_it_is_loaded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []
    monkeypatch.setattr(training, "load_model", lambda *arguments: loaded.append(arguments))
    total = floor_of(world.store.open(world.model), dtype=torch.float32, lora_rank=None).total
    with pytest.raises(OutOfMemory, match=r"memory: expected at most the .* GB of cpu, got at least .* AdamW\)"):
        run(world, total - 1, monkeypatch)
    assert loaded == []


def test_a_sequence_that_leaves_no_room_is_refused_before_the_first_step(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = floor_of(world.store.open(world.model), dtype=torch.float32, lora_rank=None).total
    with pytest.raises(OutOfMemory, match="activations"):
        run(world, total + 1, monkeypatch)
    run(world, total + 2**24, monkeypatch)


def test_activations_that_leave_no_room_are_recomputed(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = world.store.open(world.model)
    kept = activations_of(AutoConfig.from_pretrained(folder), tokens=12, itemsize=4)  # every row has 12 tokens or fewer
    total = floor_of(folder, dtype=torch.float32, lora_rank=None).total
    run(world, total + kept // 2, monkeypatch)
    assert "they are recomputed instead of kept" in caplog.text


@pytest.mark.parametrize(
    ("kind", "more"),
    [("llama", {"num_key_value_heads": 1}), ("qwen2", {"num_key_value_heads": 2}), ("gemma2", {"head_dim": 8})],
)
def test_a_sequence_keeps_at_least_the_activations_that_are_counted(kind: str, more: dict[str, Any]) -> None:
    config = AutoConfig.for_model(kind, **TEXT, **more)
    model = AutoModelForCausalLM.from_config(config)
    own = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    tokens = 40
    ids = torch.arange(tokens).unsqueeze(0)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = model(input_ids=ids, labels=ids).loss
    assert loss.requires_grad
    assert 0 < activations_of(config, tokens=tokens, itemsize=4) <= sum(kept.values())


def test_the_memory_of_this_machine_is_known() -> None:
    found = device_bytes("cpu")
    assert found is not None
    assert 2**28 < found < 2**46
