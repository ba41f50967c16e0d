"""Weights that a full fine-tuning leaves as they are."""

from __future__ import annotations

import logging
from typing import Any

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.merge.layers import layer_counts, layered, precedes

log = logging.getLogger("lamdagent.freezing")


def freeze(model: Any, what: str, share: float) -> None:
    """`embeddings`: what stands before the layers; `lowerLayers`: that and the first `share` of the layers.

    An output layer that is tied to the embeddings is frozen with them.

    Raises:
        Rejected: nothing is left to train.
    """
    weights = dict(model.named_parameters())
    counts = layer_counts(weights)
    for name, weight in weights.items():
        place = layered(name)
        lower = place is not None and place.index < max(1, round(share * counts[place.stem]))
        if (place is None and precedes(name)) or (what == "lowerLayers" and lower):
            weight.requires_grad_(False)
    trained = [name for name, weight in weights.items() if weight.requires_grad]
    if not trained:
        raise Rejected(f"freeze: expected weights left to train, got none of {len(weights)}. Lower frozenShare.")
    log.info("freeze %s: %d of %d tensors are trained", what, len(trained), len(weights))
