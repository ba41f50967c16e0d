"""Linear merging, or model soup (Wortsman et al. 2022, arXiv 2203.05482): the weighted mean of the weights."""

from __future__ import annotations

from lamdagent_gpu.merge.method import MergeMethod, Piece, Setting, Tensor


def blend(piece: Piece, setting: Setting) -> Tensor:
    """sum_i w_i theta_i / sum_i w_i."""
    total = sum(setting.weights)
    merged = piece.models[0].mul_(setting.weights[0] / total)
    for model, weight in zip(piece.models[1:], setting.weights[1:], strict=True):
        merged.add_(model, alpha=weight / total)
    return merged


LINEAR = MergeMethod(
    name="linear",
    paper="https://arxiv.org/abs/2203.05482",
    formula="sum_i w_i theta_i / sum_i w_i",
    needs_base=False,
    blend=blend,
)
