"""How a training is made to fit its device: smaller micro-batches first, then activations that are computed twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What is in memory at a time. The global batch, and so what is learnt, is the same with all of them."""

    micro_batch: int
    recompute: bool = False
    """Activations are computed again in the backward pass instead of kept (gradient checkpointing, Chen et al. 2016,
    arXiv 1604.06174): about a third more time, so it is the last resort."""

    def __str__(self) -> str:
        return f"a micro-batch of {self.micro_batch}{', activations recomputed' * self.recompute}"

    def smaller(self, batch: int) -> Fit | None:
        """The next to try, None when there is none."""
        size = next_micro_batch(batch, self.micro_batch)
        if size is not None:
            return replace(self, micro_batch=size)
        return None if self.recompute else replace(self, recompute=True)

    def prepare(self, model: Any) -> None:
        """Before a trainer is made of the model."""
        if self.recompute and model.supports_gradient_checkpointing:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})


def next_micro_batch(batch: int, micro_batch: int) -> int | None:
    """The largest divisor of the batch that is at most half the micro-batch: the global batch stays what it is."""
    return next((size for size in range(micro_batch // 2, 0, -1) if batch % size == 0), None)


def is_out_of_memory(error: RuntimeError) -> bool:
    """CUDA has a type for it; the CPU allocator only a text."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)
