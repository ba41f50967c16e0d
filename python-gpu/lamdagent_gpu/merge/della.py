"""DELLA (Deep et al. 2024, arXiv 2406.11617): drop small deltas more often than large ones, then elect and average.

Within each row of a tensor (a vector is one row) the deltas are ranked by magnitude, r = 0 the smallest of n. Each is
kept by itself with probability density + window (2 r / (n - 1) - 1) and divided by that probability. Equal magnitudes
are ranked by position. The window is cut to what density leaves, min(density, 1 - density), so that every combination
of a search is a probability.
"""

from __future__ import annotations

import torch

from lamdagent_gpu.merge.consensus import agreed_mean
from lamdagent_gpu.merge.draws import Draws
from lamdagent_gpu.merge.method import MergeMethod, Piece, Setting, Tensor
from lamdagent_gpu.merge.parameters import DENSITY, LAMBDA, Parameter

WINDOW = Parameter(
    name="window",
    low=0,
    high=0.5,
    default=0.15,
    meaning="how much likelier than `density` the largest delta of a row is kept, and less the smallest",
)
LEAST = 2.0**-32
"""No draw is below it: what is kept with probability 0 is never divided by 0."""


def keep_probabilities(deltas: Tensor, density: float, window: float) -> Tensor:
    """The probability of every delta [rows, n], float64."""
    width = min(window, density, 1 - density)
    last = deltas.shape[1] - 1
    ranks = deltas.abs().argsort(dim=1, stable=True).argsort(dim=1).double()
    place = ranks.mul_(2 / last).sub_(1) if last > 0 else torch.zeros_like(ranks)
    return place.mul_(width).add_(density)


def prune(delta: Tensor, draws: Draws, piece: Piece, setting: Setting) -> Tensor:
    density, window = setting.parameters["density"], setting.parameters["window"]
    if density >= 1 or delta.numel() == 0:
        return delta
    shares = keep_probabilities(delta.view(-1, piece.columns), density, window).view(-1)
    kept = draws.kept_each(piece.start, shares)
    return delta.mul_(kept).div_(shares.clamp_min_(LEAST).float())


def blend(piece: Piece, setting: Setting) -> Tensor:
    """theta_0 + lambda * the mean of the pruned and rescaled weighted deltas that agree with the elected sign."""
    deltas, base = piece.deltas()
    for delta, draws in zip(deltas, setting.draws, strict=True):
        prune(delta, draws, piece, setting)
    return base.add_(agreed_mean(deltas, setting.weights, setting.parameters["lambda"]))


DELLA = MergeMethod(
    name="della",
    paper="https://arxiv.org/abs/2406.11617",
    formula="theta_0 + lambda mean_{i agrees}(w_i m_i (theta_i - theta_0) / p_i), m_i ~ Bernoulli(p_i by rank)",
    needs_base=True,
    blend=blend,
    parameters=(LAMBDA, DENSITY, WINDOW),
    by_rows=True,
    draws=True,
)
