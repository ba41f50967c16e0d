"""Linear merging, or model soup (Wortsman et al. 2022, arXiv 2203.05482): the weighted mean of the weights."""

from __future__ import annotations

from collections.abc import Sequence

from lamdagent_gpu.merge.method import Facts, MergeMethod, Parameters, Tensor


def blend(
    models: list[Tensor], base: Tensor | None, weights: Sequence[float], parameters: Parameters, facts: Facts
) -> Tensor:
    """sum_i w_i theta_i / sum_i w_i."""
    total = sum(weights)
    merged = models[0].mul_(weights[0] / total)
    for model, weight in zip(models[1:], weights[1:], strict=True):
        merged.add_(model, alpha=weight / total)
    return merged


LINEAR = MergeMethod(
    name="linear",
    paper="https://arxiv.org/abs/2203.05482",
    formula="sum_i w_i theta_i / sum_i w_i",
    needs_base=False,
    blend=blend,
)
