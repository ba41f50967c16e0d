"""Whether a training on several devices divides its model over them (shards), or gives each the whole of it."""

from __future__ import annotations

from pathlib import Path

import torch

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.train.memory import floor_for
from lamdagent_gpu.train.method import TUNING
from lamdagent_gpu.train.model import ADAPTED, MEMORY_SHARE, compute_dtype
from lamdagent_gpu.train.registry import METHODS


def shards_for(context: JobContext, folder: Path, memory: int | None) -> int:
    """In how many shards the folder's model is trained; 1: each device has the whole.

    `auto` divides where the training's state would take more than MEMORY_SHARE of one device, of so many bytes, in the
    precision that it has on a large one: full fine-tuning is divided in float32 before one device would do with bfloat16.

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
    divided = context.shard == "always" or (fault is None and not fits(context, folder, memory))
    return context.ranks if divided else 1


def undivided(context: JobContext) -> str | None:
    """The training that cannot be divided, with the reason, or None."""
    method = METHODS[context.build.stage.kind]
    if method.undivided is not None:
        return f"{method.kind}: {method.undivided}"
    return "tuning qlora: weights in 4 bits are packed" if TUNING.of(context.parameters) == "qlora" else None


def fits(context: JobContext, folder: Path, memory: int | None) -> bool:
    """Whether one device has room for it, by what is known before the model is loaded."""
    dtype = compute_dtype(context.device) if TUNING.of(context.parameters) in ADAPTED else torch.float32
    return memory is None or floor_for(context, folder, dtype).total <= MEMORY_SHARE * memory
