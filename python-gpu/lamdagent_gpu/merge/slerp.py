"""SLERP (Shoemake 1985, "Animating rotation with quaternion curves"): from one model to another along the arc.

For tensors a and b as vectors with the angle Omega between them: (sin((1 - t) Omega) a + sin(t Omega) b) / sin(Omega).
The lengths of a and b stay in the sum. Nearly parallel or opposite vectors (|cos Omega| > 0.9995) are interpolated in
a straight line, as is usual; a vector of zeros counts as perpendicular to all.
"""

from __future__ import annotations

import torch

from lamdagent_gpu.merge.gram import combined, cosines, gram_of, rounded
from lamdagent_gpu.merge.method import Facts, MergeMethod, Piece, Setting, Source, Tensor
from lamdagent_gpu.merge.parameters import T

STRAIGHT = 1 - 0.9995**2


def arc(cosine: Tensor, t: float, straight: float) -> tuple[Tensor, Tensor]:
    """The coefficients of a and b for cosines, float64 of any shape; straight where sin^2 < `straight`; NaN stays."""
    is_straight = 1 - cosine.square() < straight
    angle = torch.acos(torch.where(is_straight, 0.0, cosine))
    first, second = torch.sin((1 - t) * angle) / torch.sin(angle), torch.sin(t * angle) / torch.sin(angle)
    return torch.where(is_straight, 1 - t, first), torch.where(is_straight, t, second)


def arc_of(source: Source, setting: Setting, *, of_deltas: bool, straight: float) -> Facts:
    """The two coefficients for the whole tensor."""
    if source.count == 0:
        return (1.0, 0.0)
    cosine = torch.from_numpy(cosines(gram_of(source, of_deltas=of_deltas)))[0, 1]
    first, second = arc(cosine, setting.parameters["t"], straight)
    return rounded([float(first), float(second)])


def survey(source: Source, setting: Setting) -> Facts:
    return arc_of(source, setting, of_deltas=False, straight=STRAIGHT)


def blend(piece: Piece, setting: Setting) -> Tensor:
    return combined(piece.models, setting.facts)


SLERP = MergeMethod(
    name="slerp",
    paper="https://doi.org/10.1145/325334.325242",
    formula="(sin((1 - t) Omega) theta_1 + sin(t Omega) theta_2) / sin(Omega)",
    needs_base=False,
    blend=blend,
    parameters=(T,),
    survey=survey,
    most_models=2,
    ordered=True,
    weighted=False,
)
