"""SCE of FuseChat (Wan et al. 2024, arXiv 2408.07990): select by variance, calculate coefficients, erase minorities.

Per tensor, with delta_i the task vectors. Select: of n places the ceil(density n) at which the models' deltas vary
most are kept, and all that vary as much as the last of them. Calculate: eta_i = |delta_i|^2 / sum_j |delta_j|^2 over
what is kept. Erase: at each place the deltas whose sign is not that of their sum go. The rest is averaged with the
weights eta_i. (The paper's sum of eta_i delta_i is divided by the sum of the eta_i that are left, as in the merges
its authors published: without that, a place with one survivor would shrink.)
"""

from __future__ import annotations

from math import isfinite

import numpy as np
import torch

from lamdagent_gpu.merge.consensus import elected_sign, mean_of_sign
from lamdagent_gpu.merge.gram import BLOCK, rounded
from lamdagent_gpu.merge.method import Facts, MergeMethod, Piece, Setting, Source, Tensor, spans
from lamdagent_gpu.merge.parameters import DENSITY, LAMBDA
from lamdagent_gpu.merge.selection import Bits, bits_of, kept, kth_largest_of


def variance(deltas: list[Tensor]) -> Tensor:
    """The models' sum of squared differences from their mean at each place [n]."""
    mean = deltas[0].clone()
    for delta in deltas[1:]:
        mean.add_(delta)
    mean.div_(len(deltas))
    total = torch.zeros_like(mean)
    for delta in deltas:
        total.add_((delta - mean).square_())
    return total


def variance_bits(source: Source, start: int, count: int) -> list[Bits]:
    return [bits_of(variance(source.read(start, count).deltas()[0]))]


def select(deltas: list[Tensor], cut: float) -> list[Tensor]:
    """Zeroes, in place, where the models vary less than `cut`; NaN stays."""
    if cut > 0:
        chosen = variance(deltas) >= cut
        for delta in deltas:
            delta.mul_(chosen)
    return deltas


def survey(source: Source, setting: Setting) -> Facts:
    """The least variance that is selected, then eta_i of each model."""
    models = len(setting.weights)
    if source.count == 0:
        return (0.0, *(1.0 for _ in range(models)))
    density = setting.parameters["density"]
    cut = 0.0
    if density < 1:
        (cut,) = kth_largest_of(source, kept(density, source.count), variance_bits)
    squares = np.zeros(models)
    for start, count in spans(source.count, BLOCK):
        deltas = select(source.read(start, count).deltas()[0], cut)
        squares += [float(delta.double().square_().sum()) for delta in deltas]
    total = float(squares.sum())
    shares = squares / total if total > 0 or not isfinite(total) else np.full(models, 1 / models)
    return (cut, *rounded(shares))


def blend(piece: Piece, setting: Setting) -> Tensor:
    """theta_0 + lambda * the mean with weights eta_i of the selected deltas that agree with the sign of their sum."""
    deltas, base = piece.deltas()
    cut, *shares = setting.facts
    select(deltas, cut)
    sign = elected_sign(deltas)
    weighted = [delta.mul_(share) for delta, share in zip(deltas, shares, strict=True)]
    return base.add_(mean_of_sign(sign, weighted, shares, setting.parameters["lambda"]))


SCE = MergeMethod(
    name="sce",
    paper="https://arxiv.org/abs/2408.07990",
    formula="theta_0 + lambda sum_{i agrees} eta_i delta_i / sum_{i agrees} eta_i, eta_i = |delta_i|^2 / sum_j |delta_j|^2",
    needs_base=True,
    blend=blend,
    parameters=(LAMBDA, DENSITY),
    survey=survey,
    weighted=False,
)
