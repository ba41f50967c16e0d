"""The same job gives the same weights in a warm process as in a fresh one, and leaves no setting behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import transformers

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts

REFUSALS = ("does not have a deterministic implementation", "not deterministic because")
"""What torch says of a kernel that may sum in another order each time."""


@contextmanager
def reproducible(seed: int, *, strict: bool = True) -> Iterator[None]:
    """Seeds Python, NumPy and torch; asks for deterministic kernels. Restores the settings.

    `strict`: a kernel that has no deterministic form is refused with a RuntimeError (`is_refused`), else it runs. An
    attention's backward pass has one, and takes it only when strict: bit-identical resumes on an H100, no slower.
    """
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    memory: Any = torch.utils.deterministic
    filling = memory.fill_uninitialized_memory
    transformers.set_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=not strict)
    memory.fill_uninitialized_memory = False  # costs time, and changes no result of ours
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        memory.fill_uninitialized_memory = filling


def is_refused(error: RuntimeError) -> bool:
    return any(text in str(error) for text in REFUSALS)
