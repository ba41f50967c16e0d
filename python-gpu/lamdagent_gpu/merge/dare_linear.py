"""DARE with task arithmetic (Yu et al. 2023, arXiv 2311.03099): dropped and rescaled task vectors are added."""

from __future__ import annotations

from lamdagent_gpu.merge.dare import dropped
from lamdagent_gpu.merge.method import MergeMethod, Piece, Setting, Tensor
from lamdagent_gpu.merge.parameters import DENSITY, LAMBDA
from lamdagent_gpu.merge.task_arithmetic import add_tasks


def blend(piece: Piece, setting: Setting) -> Tensor:
    """theta_0 + lambda sum_i w_i m_i delta_i / density."""
    deltas, base = dropped(piece, setting)
    return add_tasks(base, deltas, setting)


DARE_LINEAR = MergeMethod(
    name="dareLinear",
    paper="https://arxiv.org/abs/2311.03099",
    formula="theta_0 + lambda sum_i w_i m_i (theta_i - theta_0) / density, m_i ~ Bernoulli(density)",
    needs_base=True,
    blend=blend,
    parameters=(LAMBDA, DENSITY),
    draws=True,
)
