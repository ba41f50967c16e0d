"""One training job from its inputs to the model in the output folder."""

from __future__ import annotations

import gc
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers.utils.logging import disable_progress_bar

from lamdagent_gpu import curve
from lamdagent_gpu.checkpoint import Checkpoint
from lamdagent_gpu.context import (
    Diverged,
    Incomplete,
    JobContext,
    OutOfMemory,
    Preempted,
    Rejected,
    TooLarge,
    TrainResult,
)
from lamdagent_gpu.train.fit import Fit, is_out_of_memory
from lamdagent_gpu.train.history import curve_of, metrics_of
from lamdagent_gpu.train.memory import (
    LAYER_VALUES,
    activations_of,
    device_bytes,
    floor_for,
    is_partial,
    require_room,
)
from lamdagent_gpu.train.method import TUNING
from lamdagent_gpu.train.model import (
    ADAPTED,
    computes_in_bfloat16,
    dtype_for_training,
    load_model,
    load_tokenizer,
    save_model,
    saved_form,
)
from lamdagent_gpu.train.quantized import require_quantizer
from lamdagent_gpu.train.registry import METHODS
from lamdagent_gpu.train.reproducible import is_refused, reproducible
from lamdagent_gpu.train.rewards import reward_model_metrics
from lamdagent_gpu.train.sampled import is_sampling
from lamdagent_gpu.train.sharding import shards_for
from lamdagent_gpu.train.shards import load_shards, whole_model
from lamdagent_gpu.train.trainer import STATE_FILE, STATE_FILES

log = logging.getLogger("lamdagent.train")


def run_training(context: JobContext) -> TrainResult:
    """Trains exactly `parameters.steps` optimiser steps of `parameters.batchSize` sequences.

    Raises:
        Preempted: asked to stop; the checkpoint of the last finished step is written.
        Diverged: a loss, a gradient norm or a weight is not finite.
        OutOfMemory: not even one sequence at a time fits.
        TooLarge: on several devices, a micro-batch does not fit this one.
        Rejected: the data can never work.
    """
    disable_progress_bar()
    METHODS[context.build.stage.kind].check(context.parameters)
    if TUNING.of(context.parameters) == "qlora":
        require_quantizer(context.device)
    batch = share_of_batch(context)
    resume = context.resume
    require_state(resume)
    fit, strict = first_fit(context, batch, resume), True
    while True:
        try:
            with reproducible(context.seed, strict=strict):
                return _train(context, fit, resume)
        except RuntimeError as error:
            if strict and is_refused(error):
                log.warning("determinism: %s; going on without it, so a resume may differ in the last bits", error)
                strict = False
            elif is_out_of_memory(error):
                smaller = fit.smaller(batch)
                if smaller is None:
                    raise OutOfMemory(f"{fit}: expected to fit {context.device}, got {error}") from None
                if context.ranks > 1:
                    raise TooLarge(f"{fit}: expected to fit {context.device}, got {error}") from None
                log.warning("out of memory with %s; going on with %s", fit, smaller)
                fit = smaller
            else:
                raise
        free_memory()
        resume = context.newest_checkpoint()
        require_state(resume)


def share_of_batch(context: JobContext) -> int:
    """The sequences of each batch that one device gets."""
    batch: int = context.parameters["batchSize"]
    if batch % context.ranks != 0:
        raise Rejected(f"batchSize: expected a multiple of the worker's {context.ranks} devices, got {batch}")
    return batch // context.ranks


def first_fit(context: JobContext, batch: int, resume: Checkpoint | None) -> Fit:
    """As an earlier attempt has found it; on several devices after so many that were too large for one of them."""
    if not context.halvings:
        return Fit(micro_batch=first_micro_batch(batch, resume))
    fit: Fit | None = Fit(micro_batch=batch)
    for _ in range(context.halvings):
        fit = fit.smaller(batch) if fit is not None else None
    if fit is None:
        raise OutOfMemory(f"micro-batch of 1 on each device: expected to fit {context.device}, but it did not")
    return fit


def free_memory() -> None:
    """The failed trainer is a web of references that only the collector undoes."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def require_state(checkpoint: Checkpoint | None) -> None:
    """Raises Incomplete for a checkpoint without a part of the training's state, which would begin afresh unsaid."""
    if checkpoint is None or is_sampling(checkpoint.folder):
        return
    missing = [name for name in STATE_FILES if not (checkpoint.folder / name).is_file()]
    if not any(checkpoint.folder.glob("*.safetensors")):
        missing.append("weights as safetensors")
    if missing:
        raise Incomplete(
            f"checkpoint of step {checkpoint.step}: expected weights, {', '.join(STATE_FILES)}, got no {missing}"
        )


def first_micro_batch(batch: int, checkpoint: Checkpoint | None) -> int:
    """The whole of a device's batch, or what an earlier attempt has found to fit, perhaps on another number of devices."""
    if checkpoint is None or is_sampling(checkpoint.folder):
        return batch
    state = json.loads((checkpoint.folder / STATE_FILE).read_text("utf8"))
    fits = min(batch, int(state["train_batch_size"] or batch))
    return next(size for size in range(fits, 0, -1) if batch % size == 0)


def _train(context: JobContext, fit: Fit, resume: Checkpoint | None) -> TrainResult:
    context.progress("loading", resume.step if resume else 0, context.parameters["steps"])
    folder = context.store.open(context.inputs("model")[0])
    tokenizer = load_tokenizer(folder)
    memory = device_bytes(context.device)
    shards = shards_for(context, folder, memory)
    dtype = dtype_for_training(context, folder, None if memory is None else shards * memory)
    floor = floor_for(context, folder, dtype, shards)
    require_room(floor, available=memory, device=context.device)
    method = METHODS[context.build.stage.kind]
    model = load_for(context, folder, dtype, shards)
    if method.scores:
        model.config.pad_token_id = tokenizer.pad_token_id  # a sequence's score is that of its last token before these
    form = saved_form(model, folder)
    fit.prepare(model)
    start = resume.folder if resume else None
    trainer = method.make(context, model, tokenizer, fit.micro_batch, start)
    if not is_partial(context):
        itemsize = 2 if computes_in_bfloat16(context.device) else dtype.itemsize
        activations = activations_of(model.config, tokens=trainer.longest(), itemsize=itemsize)
        if memory is not None and floor.total + activations > memory and not fit.recompute:
            log.warning(
                "a sequence's activations: expected to fit %s; they are recomputed instead of kept", context.device
            )
            fit = replace(fit, recompute=True)
            fit.prepare(model)
        if fit.recompute:
            activations //= LAYER_VALUES  # a layer keeps its input alone
        require_room(replace(floor, activations=activations), available=memory, device=context.device)
    state = None if start is None or is_sampling(start) else str(start)
    trainer.train(resume_from_checkpoint=state)
    _record_curve(context, trainer)
    _check_complete(context, trainer)
    metrics = trainer.final_metrics() if context.rank == 0 or shards > 1 else {}
    trained = whole_model(trainer.model, folder) if shards > 1 else trainer.model
    if context.rank > 0:
        return TrainResult(steps=trainer.state.global_step, metrics={})
    steps = trainer.offset + trainer.state.global_step
    context.progress("publishing", steps, steps)
    metrics = {**metrics_of(trainer.state.log_history), **metrics, **reward_model_metrics(context)}
    save_model(trained, tokenizer, context.output_folder, form)
    return TrainResult(steps=trainer.state.global_step, metrics=metrics)


def load_for(context: JobContext, folder: Path, dtype: torch.dtype, shards: int) -> Any:
    """The model to train, whole on this device or in shards over all."""
    tuning, scores = TUNING.of(context.parameters), METHODS[context.build.stage.kind].scores
    if shards == 1:
        return load_model(folder, context.device, dtype, quantized=tuning == "qlora", scores=scores)
    log.info("the model lies in shards over %d devices", shards)
    return load_shards(folder, context.device, dtype, scores=scores, adapted=tuning in ADAPTED)


def _record_curve(context: JobContext, trainer: Any) -> None:
    """Of a training that has its end, a diverged one too. Raises StaleFence."""
    if context.rank > 0 or trainer.watch.stopped is not None:
        return
    context.saver.checkpoints.check_fence()
    history = trainer.state.log_history
    curve.record(context.store, curve_of(history, stage_id=context.build.stageId, offset=trainer.offset))


def _check_complete(context: JobContext, trainer: Any) -> None:
    """A trainer may return early without an error; half-trained weights must never be published."""
    if trainer.watch.diverged is not None:
        raise Diverged(trainer.watch.diverged)
    done, expected = (trainer.offset + steps for steps in (trainer.state.global_step, context.parameters["steps"]))
    if trainer.watch.stopped is not None:
        context.saver.flush()
        raise Preempted(f"{trainer.watch.stopped}; saved at step {context.saver.safe_step} of {expected}")
    if done != expected:
        raise Incomplete(f"steps: expected {expected}, got {done}")
