"""The rows of a training on a share of its data: nested, so that a larger share holds every row of a smaller one."""

from __future__ import annotations

import hashlib
import math

import torch

from lamdagent_gpu.context import Rejected


def rows_at(rows: int, fraction: float) -> int:
    """How many of a dataset's rows: the same as `domain/exposure.ts`. The slack is for products such as 0.07 x 100."""
    return min(rows, max(1, math.ceil(rows * fraction - 1e-9)))


def subset(*, rows: int, fraction: float, seed: int, dataset: str) -> list[int]:
    """The first `rows_at(rows, fraction)` indices of a permutation, in the dataset's own order.

    The permutation depends on the training's seed and the dataset's id alone, so neither the other datasets of a
    training nor its share change it; each dataset gives its share, so a mixture keeps its proportions.

    Raises:
        Rejected: the fraction is not above 0 and at most 1.
    """
    if not 0 < fraction <= 1:
        raise Rejected(f"dataFraction: expected above 0 and at most 1, got {fraction}")
    if fraction == 1:
        return list(range(rows))
    digits = hashlib.sha256(f"{seed} {dataset}".encode()).hexdigest()[:8]
    generator = torch.Generator().manual_seed(int(digits, 16))
    permutation: list[int] = torch.randperm(rows, generator=generator).tolist()
    return sorted(permutation[: rows_at(rows, fraction)])
