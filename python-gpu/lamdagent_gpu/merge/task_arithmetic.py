"""Task arithmetic (Ilharco et al. 2023, arXiv 2212.04089): task vectors are added to the base."""

from __future__ import annotations

from collections.abc import Sequence

from lamdagent_gpu.merge.method import LAMBDA, Facts, MergeMethod, Parameters, Tensor


def blend(
    models: list[Tensor], base: Tensor | None, weights: Sequence[float], parameters: Parameters, facts: Facts
) -> Tensor:
    """theta_0 + lambda sum_i w_i (theta_i - theta_0); negative weights subtract a task."""
    assert base is not None
    deltas = [model.sub_(base) for model in models]
    for delta, weight in zip(deltas, weights, strict=True):
        base.add_(delta, alpha=parameters["lambda"] * weight)
    return base


TASK_ARITHMETIC = MergeMethod(
    name="taskArithmetic",
    paper="https://arxiv.org/abs/2212.04089",
    formula="theta_0 + lambda sum_i w_i (theta_i - theta_0)",
    needs_base=True,
    blend=blend,
    parameters=(LAMBDA,),
)
