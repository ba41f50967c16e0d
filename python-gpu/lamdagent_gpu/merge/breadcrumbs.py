"""Model Breadcrumbs (Davari and Belilovsky 2023, arXiv 2312.06795): leave out the smallest and the very largest deltas.

Per tensor and model: of n magnitudes the floor(outliers n) largest are outliers, the next ceil(density n) are kept.
As in TIES, magnitudes that equal a bound are kept, so that the result depends on no order.
"""

from __future__ import annotations

from decimal import Decimal

from lamdagent_gpu.merge.method import Facts, MergeMethod, Piece, Setting, Source, Tensor
from lamdagent_gpu.merge.parameters import DENSITY, LAMBDA, Parameter
from lamdagent_gpu.merge.selection import kept, kth_largest_magnitudes
from lamdagent_gpu.merge.task_arithmetic import add_tasks

OUTLIERS = Parameter(
    name="outliers", low=0, high=0.5, default=0.01, meaning="share of the largest deltas that is left out"
)


def survey(source: Source, setting: Setting) -> Facts:
    """(smallest, largest) magnitude that is kept, for each model in turn."""
    if source.count == 0:
        return ()
    largest, smallest = places(source.count, setting.parameters["density"], setting.parameters["outliers"])
    high = kth_largest_magnitudes(source, largest)
    low = kth_largest_magnitudes(source, smallest)
    return tuple(bound for pair in zip(low, high, strict=True) for bound in pair)


def places(count: int, density: float, outliers: float) -> tuple[int, int]:
    """The places from the largest magnitude, 1, between which deltas are kept, both included."""
    above = min(count - 1, int(Decimal(repr(outliers)) * count))
    return above + 1, min(count, above + kept(density, count))


def blend(piece: Piece, setting: Setting) -> Tensor:
    """theta_0 + lambda sum_i w_i m_i delta_i; NaN and infinity reach the result."""
    deltas, base = piece.deltas()
    for index, delta in enumerate(deltas):
        low, high = setting.facts[2 * index : 2 * index + 2] or (0.0, 0.0)
        size = delta.abs()
        delta.mul_((size >= low).logical_and_(size <= high))
    return add_tasks(base, deltas, setting)


BREADCRUMBS = MergeMethod(
    name="breadcrumbs",
    paper="https://arxiv.org/abs/2312.06795",
    formula="theta_0 + lambda sum_i w_i m_i (theta_i - theta_0), m_i: neither the smallest nor the largest",
    needs_base=True,
    blend=blend,
    parameters=(LAMBDA, DENSITY, OUTLIERS),
    survey=survey,
)
