"""DARE with TIES (Yu et al. 2023, arXiv 2311.03099): random drops in the place of trimming, then TIES' other steps."""

from __future__ import annotations

from lamdagent_gpu.merge.consensus import agreed_mean
from lamdagent_gpu.merge.dare import dropped
from lamdagent_gpu.merge.method import MergeMethod, Piece, Setting, Tensor
from lamdagent_gpu.merge.parameters import DENSITY, LAMBDA


def blend(piece: Piece, setting: Setting) -> Tensor:
    """theta_0 + lambda * the mean of the dropped and rescaled weighted deltas that agree with the elected sign."""
    deltas, base = dropped(piece, setting)
    return base.add_(agreed_mean(deltas, setting.weights, setting.parameters["lambda"]))


DARE_TIES = MergeMethod(
    name="dareTies",
    paper="https://arxiv.org/abs/2311.03099",
    formula="theta_0 + lambda mean_{i agrees}(w_i m_i (theta_i - theta_0) / density), m_i ~ Bernoulli(density)",
    needs_base=True,
    blend=blend,
    parameters=(LAMBDA, DENSITY),
    draws=True,
)
