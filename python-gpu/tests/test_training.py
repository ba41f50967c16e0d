"""Training: exact masks, checkpoints, honest endings."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from conftest import LORA, PREFERENCE, TRAINING, World, make_tokenizer
from transformers import Trainer

from lamdagent_gpu.context import Diverged, OutOfMemory, Rejected
from lamdagent_gpu.contract.messages import BuildJob
from lamdagent_gpu.train import run, run_training
from lamdagent_gpu.train.data import encode_sft
from lamdagent_gpu.train.fit import Fit, next_micro_batch
from lamdagent_gpu.weights import weights_sha256

VARIANTS = {
    "sft full": ("sft", TRAINING),
    "sft lora": ("sft", {**TRAINING, **LORA}),
    "dpo lora": ("dpo", {**TRAINING, **LORA, **PREFERENCE}),
}


def job_of(world: World, variant: str, **options: Any) -> BuildJob:
    kind, parameters = VARIANTS[variant]
    data = world.sft if kind == "sft" else world.preference
    return world.build_job(kind, parameters, model=[world.model], data=[data], **options)


def trained(world: World, job: BuildJob) -> str:
    context = world.context(job)
    result = run_training(context)
    assert result.steps == job.stage.parameters["steps"]
    return weights_sha256(context.output_folder)


def test_a_warm_process_gives_what_a_fresh_one_gives(world: World) -> None:
    job = job_of(world, "sft full")
    first = trained(world, job)
    trained(world, job_of(world, "dpo lora"))
    trained(world, job_of(world, "sft lora"))
    assert trained(world, job) == first


def test_checkpoints_come_by_time_and_the_newest_two_stay(world: World) -> None:
    job = job_of(world, "sft full", checkpoint_seconds=0)
    context = world.context(job)
    run_training(context)
    kept = sorted(path.name for path in context.saver.checkpoints.folder.iterdir())
    assert kept == ["00000004", "00000005"]


def test_a_torn_checkpoint_is_passed_over_for_the_older_complete_one(world: World) -> None:
    job = job_of(world, "sft full", checkpoint_seconds=0)
    expected = trained(world, job)
    work = world.store.local_work(job.stageId)
    optimizer = next((work / "checkpoints" / "00000005").rglob("optimizer.pt"))
    optimizer.write_bytes(optimizer.read_bytes()[:-7])
    resumed = world.context(job)
    assert resumed.resume is not None
    assert resumed.resume.step == 4
    run_training(resumed)
    assert weights_sha256(resumed.output_folder) == expected


def test_a_checkpoint_without_its_optimizer_is_refused(world: World) -> None:
    job = job_of(world, "sft full", checkpoint_seconds=0)
    trained(world, job)
    for optimizer in world.store.local_work(job.stageId).rglob("optimizer.pt"):
        optimizer.unlink()
    assert world.context(job).resume is None


def test_a_loss_that_is_not_finite_ends_as_diverged(world: World) -> None:
    job = world.build_job("sft", {**TRAINING, "learningRate": 1e30, "steps": 20}, model=[world.model], data=[world.sft])
    with pytest.raises(Diverged, match="at step"):
        run_training(world.context(job))


def test_out_of_memory_halves_the_micro_batch_and_keeps_the_global_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lamdagent_gpu.train.sft import DurableSFTTrainer

    sizes: list[int] = []
    original = DurableSFTTrainer.training_step

    def limited(self: Any, model: Any, inputs: dict[str, Any], *rest: Any) -> Any:
        sizes.append(len(inputs["input_ids"]))
        if sizes[-1] > 1:
            raise torch.OutOfMemoryError("planted")
        return original(self, model, inputs, *rest)

    monkeypatch.setattr(DurableSFTTrainer, "training_step", limited)
    result = run_training(world.context(job_of(world, "sft full")))
    assert result.steps == 6
    assert sizes[:2] == [4, 2]
    assert sizes[2:] == [1] * 24


def test_what_never_fits_ends_as_out_of_memory(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from lamdagent_gpu.train.sft import DurableSFTTrainer

    def never(*_: Any) -> Any:
        raise torch.OutOfMemoryError("planted")

    monkeypatch.setattr(DurableSFTTrainer, "training_step", never)
    with pytest.raises(OutOfMemory, match="a micro-batch of 1, activations recomputed: expected to fit cpu"):
        run_training(world.context(job_of(world, "sft full")))


@pytest.mark.parametrize("name", ["sft full", "sft lora", "dpo lora"])
def test_recomputed_activations_are_the_last_resort_and_change_no_bit(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def weights() -> bytes:
        context = world.context(job_of(world, name))
        run_training(context)
        return (context.output_folder / "model.safetensors").read_bytes()

    monkeypatch.setattr(run, "first_micro_batch", lambda batch, _: 1)
    expected = weights()
    original = Trainer.training_step
    kept: list[bool] = []

    def limited(self: Any, model: Any, *rest: Any) -> Any:
        kept.append(not any(getattr(one, "gradient_checkpointing", False) for one in model.modules()))
        if kept[-1]:
            raise torch.OutOfMemoryError("planted")
        return original(self, model, *rest)

    monkeypatch.setattr(Trainer, "training_step", limited)
    assert weights() == expected
    assert kept == [True] + [False] * 24
    assert (
        "out of memory with a micro-batch of 1; going on with a micro-batch of 1, activations recomputed" in caplog.text
    )


def test_what_is_tried_ends() -> None:
    tried, fit = [], Fit(micro_batch=6)
    while (smaller := fit.smaller(6)) is not None:
        tried.append(fit := smaller)
    assert tried == [Fit(micro_batch=3), Fit(micro_batch=1), Fit(micro_batch=1, recompute=True)]


def test_micro_batches_divide_the_batch() -> None:
    assert [next_micro_batch(12, size) for size in (12, 6, 3, 1)] == [6, 3, 1, None]


def test_only_the_answer_and_one_end_token_count() -> None:
    tokenizer = make_tokenizer()
    messages = [{"role": "user", "content": "ab"}, {"role": "assistant", "content": "cd"}]
    ids, labels = encode_sft({"messages": messages, "_where": "row 1"}, tokenizer)
    assert tokenizer.decode(ids) == "<u>ab<a>cd<e>"
    assert tokenizer.decode([label for label in labels if label >= 0]) == "cd<e>"
    ids, labels = encode_sft({"prompt": "ab", "completion": "cd<e>", "_where": "row 1"}, tokenizer)
    assert tokenizer.decode([label for label in labels if label >= 0]) == "cd<e>"
    ids, labels = encode_sft({"text": "ab", "_where": "row 1"}, tokenizer)
    assert ids == labels
    assert tokenizer.decode(ids) == "ab<e>"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not json", "row 1: expected JSON"),
        ("[1]", "row 1: expected an object, got list"),
        (
            json.dumps({"question": "x"}),
            r"row 1: expected messages, prompt and completion, or text, got \['question'\]",
        ),
        (json.dumps({"messages": "x"}), "row 1: expected a row the chat template can render"),
    ],
)
def test_bad_rows_are_rejected_by_number(world: World, line: str, message: str) -> None:
    data = world.publish("dataset", {"data.jsonl": line + "\n"}, {"shape": "sft"})
    job = world.build_job("sft", TRAINING, model=[world.model], data=[data])
    with pytest.raises(Rejected, match=message):
        run_training(world.context(job))


def test_a_zombie_cannot_write_a_checkpoint(world: World) -> None:
    from lamdagent_gpu.fence import StaleFence

    job = job_of(world, "sft full", checkpoint_seconds=0)
    zombie = world.context(job)
    world.context(job)
    with pytest.raises(StaleFence, match="expected to hold epoch 1, got 2"):
        run_training(replace(zombie))
