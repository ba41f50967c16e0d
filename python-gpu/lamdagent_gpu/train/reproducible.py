"""The same job gives the same weights in a warm process as in a fresh one, and leaves no setting behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import transformers

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts

WARN_ONLY = True
"""Kernels that may sum in another order each time are warned of, not refused. FlashAttention's backward pass is one."""


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Seeds Python, NumPy and torch; asks for deterministic kernels where there are any. Restores the settings."""
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    memory: Any = torch.utils.deterministic
    filling = memory.fill_uninitialized_memory
    transformers.set_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=WARN_ONLY)
    memory.fill_uninitialized_memory = False  # costs time, and changes no result of ours
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        memory.fill_uninitialized_memory = filling
