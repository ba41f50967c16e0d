"""Model Stock (Jang et al. 2024, arXiv 2403.19522): how far to go from the base to the mean, told by angles.

For N models and a tensor, with cos theta the mean cosine between pairs of deltas (equation 5 of the paper):
t = N cos theta / (1 + (N - 1) cos theta), result = t mean_i(theta_i) + (1 - t) theta_0. Deltas that are orthogonal or
oppose each other (cos theta <= 0), for which the paper's geometry has no answer, leave the base as it is.
"""

from __future__ import annotations

import numpy as np

from lamdagent_gpu.merge.gram import cosines, gram_of, rounded
from lamdagent_gpu.merge.method import Facts, MergeMethod, Piece, Setting, Source, Tensor


def survey(source: Source, setting: Setting) -> Facts:
    """(t,)"""
    if source.count == 0:
        return (0.0,)
    cosine = cosines(gram_of(source, of_deltas=True))
    return rounded([ratio(float(cosine[np.triu_indices(len(cosine), 1)].mean()), len(cosine))])


def ratio(cosine: float, models: int) -> float:
    """t for the mean cosine; NaN stays."""
    return 0.0 if cosine <= 0 else models * cosine / (1 + (models - 1) * cosine)


def blend(piece: Piece, setting: Setting) -> Tensor:
    deltas, base = piece.deltas()
    for delta in deltas:
        base.add_(delta, alpha=setting.facts[0] / len(deltas))
    return base


MODEL_STOCK = MergeMethod(
    name="modelStock",
    paper="https://arxiv.org/abs/2403.19522",
    formula="t mean_i(theta_i) + (1 - t) theta_0, t = N cos / (1 + (N - 1) cos)",
    needs_base=True,
    blend=blend,
    survey=survey,
    weighted=False,
)
