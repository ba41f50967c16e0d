"""Log-probabilities of a frozen reference: computed once, for what a training will see, and kept with its checkpoints.

The reference is the input model, which is at hand before the first step; so no second model is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load_file, save_file

from lamdagent_gpu.context import JobContext

REFERENCE_FILE = "reference.safetensors"
Columns = dict[str, torch.Tensor]
Seen = TypeVar("Seen")


def reference_table(
    context: JobContext, resume: Path | None, *, names: Sequence[str], rows: Sequence[Seen], batch_size: int,
    compute: Callable[[Sequence[Seen]], Sequence[torch.Tensor]],
) -> Columns:  # fmt: skip
    """By name one value a row, [rows]: those of the checkpoint, else `compute` for a batch of rows at a time."""
    if resume is not None:
        return load_file(resume / REFERENCE_FILE)
    found: list[list[torch.Tensor]] = []
    for start in range(0, len(rows), batch_size):
        context.stop_if_asked()
        found.append([column.float().cpu() for column in compute(rows[start : start + batch_size])])
    return {name: torch.cat(column).contiguous() for name, column in zip(names, zip(*found, strict=True), strict=True)}


def save_reference(table: Columns, folder: Path) -> None:
    save_file(table, folder / REFERENCE_FILE)
