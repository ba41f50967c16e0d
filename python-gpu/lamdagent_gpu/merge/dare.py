"""DARE (Yu et al. 2023, arXiv 2311.03099): drop deltas at random, rescale the rest.

delta' = m delta / (1 - p), m ~ Bernoulli(1 - p) for every element by itself, so that the expected delta stays. The
table's `density` is 1 - p. What a model keeps depends on the seed, its weights and the tensor's name alone.
"""

from __future__ import annotations

from lamdagent_gpu.merge.method import Piece, Setting, Tensor


def dropped(piece: Piece, setting: Setting) -> tuple[list[Tensor], Tensor]:
    """The rescaled task vectors in the models' buffers, and the base; NaN and infinity stay."""
    deltas, base = piece.deltas()
    density = setting.parameters["density"]
    if density < 1:
        for delta, draws in zip(deltas, setting.draws, strict=True):
            delta.mul_(draws.kept(piece.start, delta.numel(), density)).div_(density)
    return deltas, base
