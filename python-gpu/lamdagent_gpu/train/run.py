"""One training job from its inputs to the model in the output folder."""

from __future__ import annotations

import logging
from typing import Any

import torch
import transformers

from lamdagent_gpu.context import Diverged, Incomplete, JobContext, OutOfMemory, Preempted, TrainResult
from lamdagent_gpu.train import dpo, sft
from lamdagent_gpu.train.model import load_model, load_tokenizer, save_model

log = logging.getLogger("lamdagent.train")
MAKERS: dict[str, Any] = {"sft": sft.make_trainer, "dpo": dpo.make_trainer}


def run_training(context: JobContext) -> TrainResult:
    """Trains exactly `parameters.steps` optimiser steps of `parameters.batchSize` sequences.

    Raises:
        Preempted: asked to stop; the checkpoint of the last finished step is written.
        Diverged: a loss or a gradient norm is not finite.
        OutOfMemory: not even one sequence at a time fits.
        Rejected: the data can never work.
    """
    micro_batch = context.parameters["batchSize"]
    while True:
        try:
            return _train(context, micro_batch)
        except torch.OutOfMemoryError as error:
            smaller = next_micro_batch(context.parameters["batchSize"], micro_batch)
            if smaller is None:
                raise OutOfMemory(f"micro-batch of 1: expected to fit {context.device}, got {error}") from None
            log.warning("out of memory with a micro-batch of %d; going on with %d", micro_batch, smaller)
            micro_batch = smaller


def next_micro_batch(batch: int, micro_batch: int) -> int | None:
    """The largest divisor of the batch that is at most half the micro-batch: the global batch stays what it is."""
    return next((size for size in range(micro_batch // 2, 0, -1) if batch % size == 0), None)


def _train(context: JobContext, micro_batch: int) -> TrainResult:
    context.progress("loading", 0, context.parameters["steps"])
    transformers.set_seed(context.seed)
    folder = context.store.open(context.inputs("model")[0])
    tokenizer = load_tokenizer(folder)
    model = load_model(folder, context.device)
    trainer = MAKERS[context.build.stage.kind](context, model, tokenizer, micro_batch)
    newest = context.checkpoints.newest()
    trainer.train(resume_from_checkpoint=str(next(newest.folder.glob("checkpoint-*"))) if newest else None)
    _check_complete(context, trainer)
    context.progress("publishing", trainer.state.global_step, trainer.state.global_step)
    save_model(trainer.model, tokenizer, context.output_folder)
    return TrainResult(steps=trainer.state.global_step, metrics=metrics_of(trainer.state.log_history))


def _check_complete(context: JobContext, trainer: Any) -> None:
    """A trainer may return early without an error; half-trained weights must never be published."""
    if trainer.watch.diverged is not None:
        raise Diverged(trainer.watch.diverged)
    done, expected = trainer.state.global_step, context.parameters["steps"]
    if trainer.watch.stopped is not None:
        raise Preempted(f"{trainer.watch.stopped}; saved at step {done} of {expected}")
    if done != expected:
        raise Incomplete(f"steps: expected {expected}, got {done}")


def metrics_of(history: list[dict[str, Any]]) -> dict[str, float | None]:
    """Means over the logged steps. TRL's own summary divides by all steps and is wrong after a resume."""
    losses = [entry["loss"] for entry in history if "loss" in entry]
    tail = losses[-10:]
    metrics: dict[str, float | None] = {
        "firstLoss": losses[0] if losses else None,
        "loss": sum(tail) / len(tail) if tail else None,
    }
    for name, key in (("rewardAccuracy", "rewards/accuracies"), ("rewardMargin", "rewards/margins")):
        values = [entry[key] for entry in history if key in entry][-10:]
        if values:
            metrics[name] = sum(values) / len(values)
    return metrics
