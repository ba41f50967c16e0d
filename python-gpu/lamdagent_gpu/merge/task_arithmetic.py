"""Task arithmetic (Ilharco et al. 2023, arXiv 2212.04089): task vectors are added to the base."""

from __future__ import annotations

from collections.abc import Sequence

from lamdagent_gpu.merge.method import MergeMethod, Piece, Setting, Tensor
from lamdagent_gpu.merge.parameters import LAMBDA


def blend(piece: Piece, setting: Setting) -> Tensor:
    """theta_0 + lambda sum_i w_i (theta_i - theta_0); negative weights subtract a task."""
    deltas, base = piece.deltas()
    return add_tasks(base, deltas, setting)


def add_tasks(base: Tensor, deltas: Sequence[Tensor], setting: Setting) -> Tensor:
    """The base, in its own buffer, with the weighted and scaled task vectors added."""
    for delta, weight in zip(deltas, setting.weights, strict=True):
        base.add_(delta, alpha=setting.parameters["lambda"] * weight)
    return base


TASK_ARITHMETIC = MergeMethod(
    name="taskArithmetic",
    paper="https://arxiv.org/abs/2212.04089",
    formula="theta_0 + lambda sum_i w_i (theta_i - theta_0)",
    needs_base=True,
    blend=blend,
    parameters=(LAMBDA,),
)
