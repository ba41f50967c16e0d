"""Task arithmetic (Ilharco et al. 2023, arXiv 2212.04089): task vectors are added to the base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lamdagent_gpu.merge.method import MergeMethod, Tensor


def merge(
    models: Sequence[Tensor], base: Tensor | None, weights: Sequence[float], parameters: Mapping[str, Any]
) -> Tensor:
    """theta_0 + lambda sum_i w_i (theta_i - theta_0)."""
    assert base is not None
    merged = base.clone()
    for model, weight in zip(models, weights, strict=True):
        merged.add_(model - base, alpha=parameters["lambda"] * weight)
    return merged


TASK_ARITHMETIC = MergeMethod(
    name="taskArithmetic",
    paper="https://arxiv.org/abs/2212.04089",
    formula="theta_0 + lambda sum_i w_i (theta_i - theta_0)",
    needs_base=True,
    merge=merge,
)
