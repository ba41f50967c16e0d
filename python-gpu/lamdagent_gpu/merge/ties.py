"""TIES merging (Yadav et al. 2023, arXiv 2306.01708): trim, elect sign, disjoint merge.

Trimming keeps a `density` share of every tensor of a task vector, or of the whole vector (`scope`). The paper ranks
over the whole vector, the known tools per tensor; ranks within a tensor don't let a few layers of large deltas take
everything, and are the default.

The rule at ties: every delta whose magnitude is at least the k-th largest is kept, k = ceil(density n). With
bfloat16 weights about 1.4 % of the deltas equal that threshold; keeping all of them makes the result independent
of any order, where "exactly k" would have to choose by position.
"""

from __future__ import annotations

import torch

from lamdagent_gpu.merge.consensus import agreed_mean
from lamdagent_gpu.merge.method import Facts, MergeMethod, Piece, Setting, Source, Tensor
from lamdagent_gpu.merge.parameters import DENSITY, LAMBDA, Choice
from lamdagent_gpu.merge.selection import kept, kth_largest, kth_largest_magnitudes

SCOPE = Choice(
    name="scope", options=("tensor", "vector"), default="tensor", meaning="trim each tensor or the whole task vector"
)


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


def survey(source: Source, setting: Setting) -> Facts:
    """Each model's trim threshold for what the source holds; none where everything is kept."""
    density = setting.parameters["density"]
    if density >= 1 or source.count == 0:
        return ()
    return kth_largest_magnitudes(source, kept(density, source.count))


def blend(piece: Piece, setting: Setting) -> Tensor:
    """theta_0 + lambda * the mean of the trimmed weighted deltas that agree with the elected sign."""
    deltas, base = piece.deltas()
    for delta, cut in zip(deltas, setting.facts, strict=False):
        shrink(delta, cut)
    return base.add_(agreed_mean(deltas, setting.weights, setting.parameters["lambda"]))


TIES = MergeMethod(
    name="ties",
    paper="https://arxiv.org/abs/2306.01708",
    formula="theta_0 + lambda mean_{i agrees}(w_i trim(theta_i - theta_0))",
    needs_base=True,
    blend=blend,
    parameters=(LAMBDA, DENSITY, SCOPE),
    survey=survey,
)
