"""Passthrough, or layer stacking: runs of the models' layers on top of each other, without blending.

Depth up-scaling (Kim et al. 2023, arXiv 2312.15166) stacks the first and the last 24 of 32 layers. In general each of N
models gives a run of `share` of its L layers; the runs begin at even distances, the first with the first layer, the
last ending with the last one. What stands before the layers comes from the first model, what follows from the last.
"""

from __future__ import annotations

from math import floor

from lamdagent_gpu.merge.method import MergeMethod, Piece, Setting, Tensor
from lamdagent_gpu.merge.parameters import Parameter

SHARE = Parameter(
    name="share", low=0.05, high=1, default=0.75, by_layer=False, meaning="share of its layers that each model gives"
)


def stacked_layers(models: int, layers: int, share: float) -> list[tuple[int, int]]:
    """(model, layer of that model) for every layer of the result, from the first to the last."""
    length = max(1, floor(share * layers + 0.5))
    first = [floor(model * (layers - length) / (models - 1) + 0.5) for model in range(models)]
    return [(model, layer) for model in range(models) for layer in range(first[model], first[model] + length)]


def blend(piece: Piece, setting: Setting) -> Tensor:
    (only,) = piece.models
    return only


PASSTHROUGH = MergeMethod(
    name="passthrough",
    paper="https://arxiv.org/abs/2312.15166",
    formula="layers [0, share L) of theta_1, ..., [(1 - share) L, L) of theta_N",
    needs_base=False,
    blend=blend,
    parameters=(SHARE,),
    ordered=True,
    weighted=False,
    stacks=True,
)
