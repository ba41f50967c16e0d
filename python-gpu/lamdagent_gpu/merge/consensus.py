"""Steps 2 and 3 of TIES (Yadav et al. 2023, arXiv 2306.01708): elect a sign, average what agrees with it.

Other methods, which sparsify in their own ways, end with the same two steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from lamdagent_gpu.merge.method import Tensor


def agreed_mean(deltas: list[Tensor], weights: Sequence[float], scale: float) -> Tensor:
    """scale * the sum of the agreeing weighted deltas / the sum of the agreeing weights; overwrites the deltas.

    The elected sign is that of the sum of all weighted deltas (a zero sum counts as +); a delta agrees if it is not
    zero and has that sign. The divisor is the sum of the agreeing weights' magnitudes (nobody agrees: 0 results);
    magnitudes, so that a negative weight negates its task and the mean stays a mean.
    NaN and infinity anywhere in the deltas reach the result.
    """
    for delta, weight in zip(deltas, weights, strict=True):
        scaled(delta, weight)
    return mean_of_sign(elected_sign(deltas), deltas, [abs(weight) for weight in weights], scale)


def mean_of_sign(sign: Tensor, weighted: Sequence[Tensor], weights: Sequence[float], scale: float) -> Tensor:
    """The last step, for deltas that are weighted already and weights >= 0."""
    merged = torch.zeros_like(sign)
    divisor = torch.zeros_like(sign)
    for delta, weight in zip(weighted, weights, strict=True):
        agreeing = delta.mul_(sign).clamp_min_(0)
        merged.add_(agreeing)
        divisor.add_(agreeing.sign_(), alpha=weight)
    merged.mul_(sign)
    divisor.clamp_min_(min((weight for weight in weights if weight != 0), default=1))  # 0 becomes harmless
    return scaled(merged, scale).div_(divisor)


def scaled(tensor: Tensor, factor: float) -> Tensor:
    return tensor if factor == 1 else tensor.mul_(factor)


def elected_sign(deltas: Sequence[Tensor]) -> Tensor:
    """The sign of the sum, +1 or -1 [n]."""
    total = deltas[0].clone()
    for delta in deltas[1:]:
        total.add_(delta)
    total.add_(0.0)  # -0 becomes +0, so that no sum is left without a sign
    return torch.copysign(torch.ones_like(total), total, out=total)
