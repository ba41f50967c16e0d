"""TIES merging (Yadav et al. 2023, arXiv 2306.01708): trim, elect sign, disjoint merge.

Trimming is per tensor: each task vector keeps a `density` share of every tensor (the paper ranks over the whole
vector, the known tools per tensor; ranks within a tensor don't let a few layers of large deltas take everything).

The rule at ties: every delta whose magnitude is at least the k-th largest is kept, k = ceil(density n). With
bfloat16 weights about 1.4 % of the deltas equal that threshold; keeping all of them makes the result independent
of any order, where "exactly k" would have to choose by position.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from lamdagent_gpu.merge.method import LAMBDA, Facts, MergeMethod, Parameter, Parameters, Source, Tensor
from lamdagent_gpu.merge.selection import kept, kth_largest, kth_largest_magnitudes


def threshold(delta: Tensor, density: float) -> float:
    """The k-th largest magnitude of the float32 `delta`, k = ceil(density n), exactly."""
    return kth_largest(delta.reshape(-1).abs(), kept(density, delta.numel()))


def trim(delta: Tensor, density: float) -> Tensor:
    """The delta with every magnitude below its threshold set to zero; NaN stays."""
    return delta if density >= 1 else shrink(delta.clone(), threshold(delta, density))


def shrink(delta: Tensor, cut: float) -> Tensor:
    """Zeroes, in place, what is smaller than `cut`. Hardshrink keeps what is larger, hence the float32 below."""
    below = float(torch.nextafter(torch.tensor(cut), torch.tensor(0.0)))
    return torch.ops.aten.hardshrink.out(delta, below, out=delta) if cut > 0 else delta


def survey(source: Source, parameters: Parameters) -> Facts:
    """Each model's trim threshold for this tensor; none where everything is kept."""
    density = parameters["density"]
    if density >= 1 or source.count == 0:
        return ()
    return kth_largest_magnitudes(source, kept(density, source.count))


def blend(
    models: list[Tensor], base: Tensor | None, weights: Sequence[float], parameters: Parameters, facts: Facts
) -> Tensor:
    """theta_0 + lambda * sum of the agreeing trimmed weighted deltas / sum of the agreeing weights.

    The elected sign is that of the sum of all weighted trimmed deltas (a zero sum counts as +); a delta agrees if
    it is not zero and has that sign. The divisor is the sum of the agreeing weights' magnitudes (nobody agrees:
    the base stays); magnitudes, so that a negative weight negates its task and the mean stays a mean.
    NaN and infinity anywhere in the deltas reach the result.
    """
    assert base is not None
    for model in models:
        model.sub_(base)
    for model, cut in zip(models, facts, strict=False):
        shrink(model, cut)
    for model, weight in zip(models, weights, strict=True):
        scaled(model, weight)
    sign = elected_sign(models)
    merged = torch.zeros_like(base)
    divisor = torch.zeros_like(base)
    for model, weight in zip(models, weights, strict=True):
        agreeing = model.mul_(sign).clamp_min_(0)
        merged.add_(agreeing)
        divisor.add_(agreeing.sign_(), alpha=abs(weight))
    merged.mul_(sign)
    divisor.clamp_min_(min((abs(weight) for weight in weights if weight != 0), default=1))  # 0 becomes harmless
    return base.add_(scaled(merged, parameters["lambda"]).div_(divisor))


def scaled(tensor: Tensor, factor: float) -> Tensor:
    return tensor if factor == 1 else tensor.mul_(factor)


def elected_sign(deltas: list[Tensor]) -> Tensor:
    """+1 or -1 [n]."""
    total = deltas[0].clone()
    for delta in deltas[1:]:
        total.add_(delta)
    total.add_(0.0)  # -0 becomes +0, so that no sum is left without a sign
    return torch.copysign(torch.ones_like(total), total, out=total)


TIES = MergeMethod(
    name="ties",
    paper="https://arxiv.org/abs/2306.01708",
    formula="theta_0 + lambda mean_{i agrees}(w_i trim(theta_i - theta_0))",
    needs_base=True,
    blend=blend,
    parameters=(
        LAMBDA,
        Parameter(
            name="density", low=0, high=1, default=0.5, above_low=True, meaning="share of each task vector that is kept"
        ),
    ),
    survey=survey,
)
