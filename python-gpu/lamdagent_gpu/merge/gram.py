"""Inner products of models over one tensor, for methods whose result is a sum of models with coefficients of angles.

All such a method needs of a tensor of n elements is the Gram matrix of its m vectors: m x m numbers, gathered in one
pass. The arithmetic on angles then is float64 on small numbers, and coefficients are rounded to float32, so that the
last bits of long sums (which the number of threads may change) don't reach the weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lamdagent_gpu.merge.method import Source, Tensor, spans

Matrix = npt.NDArray[np.float64]
BLOCK = 1 << 17
"""Elements in one partial sum: part of the result's definition, unlike the size of a method's pieces."""


def gram_of(source: Source, *, of_deltas: bool) -> Matrix:
    """[m, m] float64: the inner products of the models, or of their deltas from the base."""
    total: Matrix | None = None
    for start, count in spans(source.count, BLOCK):
        piece = source.read(start, count)
        vectors = piece.deltas()[0] if of_deltas else piece.models
        rows = np.stack([vector.numpy() for vector in vectors]).astype(np.float64)
        part = rows @ rows.T
        total = part if total is None else total + part
    return np.zeros((0, 0)) if total is None else total


def cosines(gram: Matrix) -> Matrix:
    """[m, m]: the cosine of every pair; 0 with a vector of zeros; NaN stays."""
    norms = np.sqrt(np.diag(gram))
    lengths = np.outer(norms, norms)
    with np.errstate(invalid="ignore"):  # infinite vectors have no angle: NaN
        return np.where(lengths == 0, 0.0, np.clip(gram / np.where(lengths == 0, 1.0, lengths), -1, 1))


def rounded(coefficients: Sequence[float] | Matrix) -> tuple[float, ...]:
    return tuple(float(np.float32(one)) for one in coefficients)


def combined(vectors: list[Tensor], coefficients: Sequence[float]) -> Tensor:
    """sum_i c_i v_i in the first vector's buffer."""
    total = vectors[0].mul_(coefficients[0])
    for vector, coefficient in zip(vectors[1:], coefficients[1:], strict=True):
        total.add_(vector, alpha=coefficient)
    return total
