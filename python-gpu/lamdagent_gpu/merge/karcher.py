"""The Karcher mean of the models on the sphere (Karcher 1977; for language models arXiv 2603.04972).

Each tensor's vectors u_i = theta_i / |theta_i| have the weighted mean m on the unit sphere that the fixed-point
iteration finds: v = sum_i w_i (phi_i / sin phi_i) (u_i - cos phi_i m), cos phi_i = <m, u_i>;
m <- cos|v| m + sin|v| v / |v|. The result is m with the weighted mean of the lengths.

m always is a sum of the u_i, so the iteration runs on its coefficients: all products come from the Gram matrix.
It ends when |v| < 10^-12, or after 200 rounds (it converges linearly, and fast where the vectors lie near each other).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lamdagent_gpu.merge.gram import Matrix, combined, cosines, gram_of, rounded
from lamdagent_gpu.merge.method import Facts, MergeMethod, Piece, Setting, Source, Tensor

Vector = npt.NDArray[np.float64]
NEAR = 1e-12
MOST_ROUNDS = 200


def survey(source: Source, setting: Setting) -> Facts:
    """The coefficient of each model."""
    if source.count == 0:
        return tuple(0.0 for _ in setting.weights)
    return rounded(coefficients(gram_of(source, of_deltas=False), np.asarray(setting.weights, np.float64)))


def coefficients(gram: Matrix, weights: Vector) -> Vector:
    """c [m] with sum_i c_i theta_i the mean, from the models' inner products [m, m] and their weights > 0."""
    shares = weights / weights.sum()
    lengths = np.sqrt(np.diag(gram))
    if not np.isfinite(gram).all():
        return np.full_like(lengths, np.nan)
    some = lengths > 0
    if not some.any():
        return np.zeros_like(lengths)
    turned = mean_direction(cosines(gram)[np.ix_(some, some)], shares[some] / shares[some].sum())
    result = np.zeros_like(lengths)
    result[some] = turned / lengths[some] * (shares @ lengths)
    return result


def mean_direction(cosine: Matrix, shares: Vector) -> Vector:
    """The coefficients [m] of the unit mean in the unit vectors; the first vector where they cancel each other."""
    mean = shares.copy()
    if shares @ cosine @ shares < NEAR:
        mean = np.eye(len(shares))[0]
    for _ in range(MOST_ROUNDS):
        mean = mean / np.sqrt(mean @ cosine @ mean)
        dots = np.clip(cosine @ mean, -1, 1)
        angles = np.arccos(dots)
        pull = shares * angles / np.where(angles < NEAR, 1, np.where(np.sin(angles) < NEAR, np.inf, np.sin(angles)))
        step = pull - (pull @ dots) * mean
        size = float(np.sqrt(np.maximum(0.0, step @ cosine @ step)))
        if size < NEAR:
            break
        mean = np.cos(size) * mean + np.sin(size) / size * step
    return mean


def blend(piece: Piece, setting: Setting) -> Tensor:
    return combined(piece.models, setting.facts)


KARCHER = MergeMethod(
    name="karcher",
    paper="https://arxiv.org/abs/2603.04972",
    formula="(sum_i w_i |theta_i| / sum_i w_i) argmin_{|m| = 1} sum_i w_i angle(m, theta_i)^2",
    needs_base=False,
    blend=blend,
    survey=survey,
)
