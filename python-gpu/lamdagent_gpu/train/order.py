"""Which rows a training sees, in which order: a function of the seed alone, the same for every micro-batch size."""

from __future__ import annotations

import torch


def training_order(*, rows: int, places: int, seed: int) -> list[int]:
    """Row indices for `places` = steps x batch places: one shuffled pass over the rows after another.

    Passes follow each other without a gap, so every step sees a full batch however the rows divide, and a shorter
    training sees the beginning of a longer one's order.
    """
    generator = torch.Generator().manual_seed(seed)
    order: list[int] = []
    while len(order) < places:
        order += torch.randperm(rows, generator=generator).tolist()
    return order[:places]
