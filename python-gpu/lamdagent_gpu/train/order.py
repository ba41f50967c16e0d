"""Which rows a training sees, in which order: a function of the seed alone, the same for every micro-batch size."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def training_order(*, rows: int, places: int, seed: int, kept: Sequence[Sequence[int]] = ()) -> list[int]:
    """Row indices for `places` = steps x batch places: one shuffled pass over the rows after another.

    Passes follow each other without a gap, so every step sees a full batch however the rows divide, and a shorter
    training sees the beginning of a longer one's order. `kept`: rising indices of rows that come in this order in every
    pass, in the places that the shuffle gave them; so a curriculum stays one among rows of other datasets.
    """
    generator = torch.Generator().manual_seed(seed)
    order: list[int] = []
    while len(order) < places:
        shuffled = torch.randperm(rows, generator=generator).tolist()
        for sequence in kept:
            keep_order(shuffled, sequence)
        order += shuffled
    return order[:places]


def keep_order(one_pass: list[int], sequence: Sequence[int]) -> None:
    """Puts the rows of the sequence, in its order, where the pass has them in another."""
    members = set(sequence)
    places = [place for place, row in enumerate(one_pass) if row in members]
    for place, row in zip(places, sequence, strict=True):
        one_pass[place] = row


def kept_sequences(marks: Sequence[str | None]) -> list[list[int]]:
    """Of each dataset that keeps its order the indices of its rows; `marks`: the dataset of each row, or None."""
    sequences: dict[str, list[int]] = {}
    for index, mark in enumerate(marks):
        if mark is not None:
            sequences.setdefault(mark, []).append(index)
    return list(sequences.values())
