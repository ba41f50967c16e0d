"""TIES merging (Yadav et al. 2023, arXiv 2306.01708): trim, elect sign, disjoint merge.

Trimming is per tensor. The rule at ties: every delta whose magnitude is at least the k-th largest is kept,
k = ceil(density n). With bfloat16 weights many deltas equal that threshold; keeping all of them makes the
result independent of any order, where "exactly k" would not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from lamdagent_gpu.merge.method import MergeMethod, Tensor


def threshold(delta: Tensor, density: float) -> float:
    """The k-th largest magnitude of the flat float32 `delta`, k = ceil(density n), exactly.

    Non-negative floats order like their bit patterns, so integers are partitioned: faster, and exact.
    """
    count = delta.numel()
    keep = min(count, max(1, math.ceil(density * count)))
    bits = delta.abs().numpy().view(np.int32)
    kth = np.partition(bits, count - keep)[count - keep]
    return float(np.int32(kth).view(np.float32))


def trim(delta: Tensor, density: float) -> Tensor:
    """The delta with all but its largest `density` share (by magnitude) set to zero."""
    if density >= 1:
        return delta
    flat = delta.reshape(-1)
    return torch.where(flat.abs() >= threshold(flat, density), flat, 0.0).reshape(delta.shape)


def merge(
    models: Sequence[Tensor], base: Tensor | None, weights: Sequence[float], parameters: Mapping[str, Any]
) -> Tensor:
    """theta_0 + lambda * mean over the agreeing models of their trimmed deltas, weighted.

    The elected sign is that of the sum of weighted deltas (a zero sum counts as +); the divisor is the sum of
    the agreeing models' weights (nobody agrees: 1).
    """
    assert base is not None
    deltas = [trim(model - base, parameters["density"]) * weight for model, weight in zip(models, weights, strict=True)]
    total = torch.stack(deltas).sum(0)
    positive = total >= 0
    merged = torch.zeros_like(base)
    divisor = torch.zeros_like(base)
    for delta, weight in zip(deltas, weights, strict=True):
        agrees = torch.where(positive, delta > 0, delta < 0)
        merged += torch.where(agrees, delta, 0.0)
        divisor += agrees * abs(weight)
    divisor[divisor == 0] = 1.0
    return base + parameters["lambda"] * merged / divisor


TIES = MergeMethod(
    name="ties",
    paper="https://arxiv.org/abs/2306.01708",
    formula="theta_0 + lambda mean_{i agrees}(w_i trim(theta_i - theta_0))",
    needs_base=True,
    merge=merge,
)
