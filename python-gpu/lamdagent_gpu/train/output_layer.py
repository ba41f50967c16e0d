"""What a training asks of TRL's fused output layer: nothing that no loss needs, since each costs a pass over the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trl.trainer import utils


def log_probs_alone(model: Any) -> None:
    """TRL's own trainers also have it compute entropies and ranks, for their logs."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    utils.add_fused_lm_head(base, outputs=("log_probs",))


@contextmanager
def labelled_positions_alone() -> Iterator[None]:
    """On every device. TRL leaves out prompts and padding on CUDA only, where the number of positions costs no compiling."""
    held = utils._use_triton  # asked there for nothing else; the kernels have their own
    utils._use_triton = lambda device: True
    try:
        yield
    finally:
        utils._use_triton = held
