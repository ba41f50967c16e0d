"""Checkpoints hold all that the next step depends on; resumed and warm trainings equal the undisturbed one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from conftest import LORA, PREFERENCE, TRAINING, World, save_tiny_model
from safetensors.torch import load_file
from transformers import AutoTokenizer

from lamdagent_gpu.context import Diverged, Incomplete, JobContext, Preempted
from lamdagent_gpu.contract.messages import BuildJob
from lamdagent_gpu.stage import stage_id_of
from lamdagent_gpu.train import run_training
from lamdagent_gpu.weights import weights_sha256

SFT_LORA = {**TRAINING, **LORA}
DPO = {**TRAINING, **PREFERENCE, "sftWeight": 0.5}


def job_of(world: World, kind: str, parameters: dict[str, Any], **options: Any) -> BuildJob:
    data = world.sft if kind == "sft" else world.preference
    return world.build_job(kind, parameters, model=[world.model], data=[data], **options)


def stop_at(world: World, job: BuildJob, step: int) -> None:
    """Gives notice during `step`; it finishes the step and saves it."""
    context = world.context(
        job, stop=lambda latest: "notice" if latest["phase"] == "training" and latest["step"] >= step - 1 else None
    )
    with pytest.raises(Preempted, match=f"saved at step {step} of"):
        run_training(context)


def files_of(context: JobContext) -> list[str]:
    return sorted(path.relative_to(context.output_folder).as_posix() for path in context.output_folder.rglob("*.*"))


@pytest.mark.parametrize(("kind", "parameters"), [("sft", TRAINING), ("sft", SFT_LORA), ("dpo", {**DPO, **LORA})])
def test_stopped_at_every_step_it_ends_with_the_same_files_and_figures(
    world: World, kind: str, parameters: dict[str, Any]
) -> None:
    job = job_of(world, kind, {**parameters, "batchSize": 10})
    undisturbed = world.context(job)
    expected = run_training(undisturbed)
    for step in (2, 4):
        stop_at(world, job, step)
    resumed = world.context(job)
    assert run_training(resumed) == expected
    assert files_of(resumed) == files_of(undisturbed)
    for name in files_of(undisturbed):
        assert (resumed.output_folder / name).read_bytes() == (undisturbed.output_folder / name).read_bytes(), name


def mixtral(vocabulary: int) -> Any:
    """Its experts lie in one tensor in memory, and each on its own in a file."""
    from transformers import MixtralConfig, MixtralForCausalLM

    return MixtralForCausalLM(
        MixtralConfig(
            vocab_size=vocabulary, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=2, num_local_experts=3, pad_token_id=0, bos_token_id=None, eos_token_id=3,
            initializer_range=0.2,
        )
    )  # fmt: skip


def gpt_neox(vocabulary: int) -> Any:
    """Its output layer has another name in files."""
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    return GPTNeoXForCausalLM(
        GPTNeoXConfig(
            vocab_size=vocabulary, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
            max_position_embeddings=128, pad_token_id=0, bos_token_id=None, eos_token_id=3, initializer_range=0.2,
        )
    )  # fmt: skip


@pytest.mark.parametrize("make", [mixtral, gpt_neox])
def test_weights_whose_names_in_files_differ_are_resumed_too(world: World, make: Callable[[int], Any]) -> None:
    folder = save_tiny_model(world.store.new_folder())
    torch.manual_seed(1)
    make(len(AutoTokenizer.from_pretrained(folder))).save_pretrained(folder)
    model = stage_id_of({"model": make.__name__})
    world.store.publish(model, "model", folder, {})
    job = world.build_job("sft", {**TRAINING, "batchSize": 10}, model=[model], data=[world.sft])
    undisturbed = world.context(job)
    expected = run_training(undisturbed)
    stop_at(world, job, 3)
    resumed = world.context(job)
    assert run_training(resumed) == expected
    assert weights_sha256(resumed.output_folder) == weights_sha256(undisturbed.output_folder)


def test_a_checkpoint_holds_state_only_and_loads_without_running_code(world: World) -> None:
    job = job_of(world, "dpo", {**DPO, **LORA})
    stop_at(world, job, 2)
    checkpoint = world.context(job).resume
    assert checkpoint is not None
    assert sorted(path.name for path in checkpoint.folder.iterdir()) == [
        "adapter_config.json", "adapter_model.safetensors", "manifest.json", "optimizer.pt",
        "reference.safetensors", "rng_state.pth", "scheduler.pt", "trainer_state.json"]  # fmt: skip
    assert torch.load(checkpoint.folder / "optimizer.pt", weights_only=True)["state"]
    assert torch.load(checkpoint.folder / "scheduler.pt", weights_only=True)["last_epoch"] == 2
    assert str(world.root) not in (checkpoint.folder / "adapter_config.json").read_text("utf8")


@pytest.mark.parametrize("name", ["optimizer.pt", "scheduler.pt", "rng_state.pth"])
def test_a_sealed_checkpoint_that_lacks_a_part_is_refused_aloud(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lamdagent_gpu.train.sft import DurableSFTTrainer

    original = DurableSFTTrainer.write_checkpoint

    def forgetful(self: Any, folder: Any) -> None:
        original(self, folder)
        (folder / name).unlink()

    job = job_of(world, "sft", TRAINING)
    monkeypatch.setattr(DurableSFTTrainer, "write_checkpoint", forgetful)
    stop_at(world, job, 2)
    with pytest.raises(Incomplete, match=rf"checkpoint of step 2: expected .*, got no \['{name}'\]"):
        run_training(world.context(job))


def test_the_reference_is_computed_once_and_travels_with_the_checkpoint(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lamdagent_gpu.train.dpo import DurableDPOTrainer

    calls: list[int] = []
    original = DurableDPOTrainer.compute_ref_log_probs

    def counting(self: Any, model: Any, inputs: Any) -> Any:
        calls.append(len(inputs["input_ids"]) // 2)
        return original(self, model, inputs)

    monkeypatch.setattr(DurableDPOTrainer, "compute_ref_log_probs", counting)
    job = job_of(world, "dpo", {**TRAINING, **PREFERENCE, "steps": 3})
    stop_at(world, job, 2)
    assert sum(calls) == 12  # 3 steps of 4 pairs out of 24: the rows never seen cost nothing
    result = run_training(world.context(job))
    assert sum(calls) == 12
    assert result.metrics["firstLoss"] == pytest.approx(0.693147, abs=1e-5)  # policy = reference: -log sigmoid(0)
    assert result.metrics["rewardAccuracy"] is not None


def test_nothing_is_saved_of_a_diverged_training(world: World) -> None:
    job = job_of(world, "sft", {**TRAINING, "learningRate": 1e30, "steps": 20})
    context = world.context(job)
    with pytest.raises(Diverged, match="at step"):
        run_training(context)
    assert list(context.output_folder.iterdir()) == []
    assert world.context(job).resume is None


def test_weights_that_break_in_the_last_step_are_not_published(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from lamdagent_gpu.train.sft import DurableSFTTrainer

    original = DurableSFTTrainer.train

    def breaking(self: Any, **named: Any) -> None:
        original(self, **named)
        next(self.model.parameters()).data[0, 0] = float("inf")

    monkeypatch.setattr(DurableSFTTrainer, "train", breaking)
    context = world.context(job_of(world, "sft", {**TRAINING, "steps": 1}))
    with pytest.raises(Diverged, match="weights after the last step: expected finite numbers"):
        run_training(context)
    assert list(context.output_folder.iterdir()) == []


FRESH = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conftest import World
from lamdagent_gpu.contract.messages import BuildJob
from lamdagent_gpu.store import FolderStore
from lamdagent_gpu.stage import stage_id_of
from lamdagent_gpu.train import run_training
from lamdagent_gpu.weights import weights_sha256
root = Path(sys.argv[2])
world = World(root, FolderStore(root / "store"), "", "", "")
context = world.context(BuildJob.model_validate_json(sys.argv[3]))
run_training(context)
print("weights", weights_sha256(context.output_folder))
"""


def test_the_fifth_job_of_a_warm_process_equals_the_first_of_a_fresh_one(world: World) -> None:
    job = job_of(world, "sft", SFT_LORA)
    tests = os.path.dirname(os.path.dirname(__file__))
    command = [sys.executable, "-c", FRESH, tests, str(world.root), job.model_dump_json()]
    fresh = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200).stdout.split()[-1]
    for kind, parameters in (("sft", TRAINING), ("dpo", DPO), ("dpo", {**DPO, **LORA}), ("sft", SFT_LORA)):
        run_training(world.context(job_of(world, kind, {**parameters, "steps": 2})))
    fifth = world.context(job)
    run_training(fifth)
    assert weights_sha256(fifth.output_folder) == fresh


def test_no_setting_is_left_behind(world: World) -> None:
    run_training(world.context(job_of(world, "sft", {**TRAINING, "steps": 1})))
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


def test_nothing_is_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import trl.trainer.base_trainer as base

    sent: list[Any] = []
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(base, "send_telemetry", lambda **facts: sent.append(facts))
    run_training(world.context(job_of(world, "dpo", {**DPO, "steps": 1})))
    assert sent == []


def test_progress_comes_each_step_with_figures(world: World) -> None:
    seen: list[dict[str, Any]] = []
    run_training(world.context(job_of(world, "sft", TRAINING, checkpoint_seconds=0), seen=seen))
    training = [one for one in seen if one["phase"] == "training" and one["step"] > 0]
    assert sorted({one["step"] for one in training}) == [1, 2, 3, 4, 5, 6]
    assert all(one["loss"] > 0 and one["tokensPerS"] > 0 and one["steps"] == 6 for one in training)
    assert [one["checkpoint"] for one in training][-1] == 5
    json.dumps(seen, allow_nan=False)


def test_lora_checkpoints_are_small(world: World) -> None:
    stop_at(world, job := job_of(world, "sft", SFT_LORA), 2)
    checkpoint = world.context(job).resume
    assert checkpoint is not None
    assert all("lora_" in name for name in load_file(checkpoint.folder / "adapter_model.safetensors"))
