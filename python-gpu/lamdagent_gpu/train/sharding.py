"""Whether a training on several devices divides its model over them (shards), or gives each the whole of it."""

from __future__ import annotations

from pathlib import Path

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.train.memory import floor_for
from lamdagent_gpu.train.method import TUNING
from lamdagent_gpu.train.model import ADAPTED, compute_dtype, computes_in_bfloat16, fits_in_float32
from lamdagent_gpu.weights import parameter_count

TOLD = {
    "kind": {"grpo": "grpo, whose devices draw answers of different lengths and would wait for each other for ever"},
    "tuning": {"qlora": "tuning: qlora, whose weights in 4 bits cannot be divided"},
}


def shards_for(context: JobContext, folder: Path, memory: int | None) -> int:
    """In how many shards the folder's model is trained; 1: each device has the whole.

    `auto` divides where one device, of so many bytes, has no room for the training in the precision that it would have
    on a large one: for full fine-tuning float32, where one device alone would fall back to bfloat16 weights.

    Raises:
        Rejected: asked to divide always, what cannot be divided.
    """
    if context.ranks == 1 or context.shard == "never":
        return 1
    fault = undivided(context)
    if context.shard == "always" and fault is not None:
        raise Rejected(
            f"sharding: expected a training that can be divided over devices, got {fault}. Use a worker with --shard auto "
            "or never, or with one device."
        )
    divided = context.shard == "always" or (fault is None and not fits_one(context, folder, memory))
    return context.ranks if divided else 1


def undivided(context: JobContext) -> str | None:
    """What keeps the training whole, or None."""
    values = {"kind": context.build.stage.kind, "tuning": TUNING.of(context.parameters)}
    return next((TOLD[name][value] for name, value in values.items() if value in TOLD[name]), None)


def fits_one(context: JobContext, folder: Path, memory: int | None) -> bool:
    """By what is known before the model is loaded, where that is known."""
    if memory is None:
        return True
    adapted = TUNING.of(context.parameters) in ADAPTED
    if computes_in_bfloat16(context.device) and not adapted:
        return fits_in_float32(parameter_count(folder), memory)
    return floor_for(context, folder, compute_dtype(context.device)).total <= memory
