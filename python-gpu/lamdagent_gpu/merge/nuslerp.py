"""NuSLERP (mergekit's name for it): SLERP of two task vectors, over whole tensors or row by row.

The arc runs between what two models learned, not between their weights, which all but point the same way. By rows each
row of a matrix (its last dimension; a vector is one row) has its own angle. Only deltas that are parallel or opposite
to within float64's means (sin^2 < 10^-12) go in a straight line; zeros count as perpendicular to all.
"""

from __future__ import annotations

import torch

from lamdagent_gpu.merge.gram import combined
from lamdagent_gpu.merge.method import Facts, MergeMethod, Piece, Setting, Source, Tensor
from lamdagent_gpu.merge.parameters import Choice, T
from lamdagent_gpu.merge.slerp import arc, arc_of

GRAIN = Choice(
    name="grain", options=("tensor", "row"), default="tensor", meaning="one angle for a tensor or for each of its rows"
)
STRAIGHT = 1e-12


def survey(source: Source, setting: Setting) -> Facts:
    """The coefficients of a tensor; none by rows, since a piece holds whole rows."""
    if setting.parameters["grain"] == "row":
        return ()
    return arc_of(source, setting, of_deltas=True, straight=STRAIGHT)


def blend(piece: Piece, setting: Setting) -> Tensor:
    """theta_0 + the point t of the arc from delta_1 to delta_2."""
    deltas, base = piece.deltas()
    if base.numel() == 0:
        return base
    if setting.parameters["grain"] == "row":
        return base.add_(by_rows(deltas, piece.columns, setting.parameters["t"]))
    return base.add_(combined(deltas, setting.facts))


def by_rows(deltas: list[Tensor], columns: int, t: float) -> Tensor:
    one, two = (delta.view(-1, columns).double() for delta in deltas)
    lengths = one.norm(dim=1).mul_(two.norm(dim=1))
    cosine = (one * two).sum(dim=1).div_(torch.where(lengths == 0, 1.0, lengths)).clamp_(-1, 1)
    first, second = arc(cosine, t, STRAIGHT)
    return (one.mul_(first[:, None]) + two.mul_(second[:, None])).view(-1).float()


NUSLERP = MergeMethod(
    name="nuslerp",
    paper="https://github.com/arcee-ai/mergekit",
    formula="theta_0 + (sin((1 - t) Omega) delta_1 + sin(t Omega) delta_2) / sin(Omega)",
    needs_base=True,
    blend=blend,
    parameters=(T, GRAIN),
    survey=survey,
    most_models=2,
    ordered=True,
    weighted=False,
    by_rows=True,
)
