"""Packing: several rows share one sequence, each with positions of its own and blind to the others.

A row that is longer than a sequence is split; each piece begins with the last token of the one before it, so that every
token that has a loss has it once. Pieces are placed by best-fit decreasing.
"""

from __future__ import annotations

from bisect import bisect_left, insort

import torch

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.train.data import IGNORED
from lamdagent_gpu.train.rows import KEPT

Example = dict[str, list[int]]


def pack(examples: list[Example], limit: int) -> list[Example]:
    """Sequences of at most `limit` tokens: input_ids and labels [tokens], and the `lengths` of the rows in them.

    Raises:
        Rejected: rows that are trained on in an order of their own.
    """
    if any(KEPT in example for example in examples):
        raise Rejected("packing: expected rows in any order, got those of a curriculum. Use packing: none.")
    pieces = [piece for example in examples for piece in split(example, limit)]
    return [joined([pieces[place] for place in places]) for places in best_fit([size(one) for one in pieces], limit)]


def split(example: Example, limit: int) -> list[Example]:
    """The example in pieces; those without any loss are left out, since no other piece would see them."""
    ids, labels = example["input_ids"], example["labels"]
    starts = range(0, max(1, len(ids) - 1), limit - 1)
    pieces = ((ids[at : at + limit], [IGNORED, *labels[at + 1 : at + limit]]) for at in starts)
    return [{"input_ids": one, "labels": loss} for one, loss in pieces if any(label != IGNORED for label in loss)]


def best_fit(sizes: list[int], limit: int) -> list[list[int]]:
    """Places by sequence: the longest first, each into the fullest sequence that has room, among equals the newest."""
    sequences: list[list[int]] = []
    with_room: dict[int, list[int]] = {}
    rooms: list[int] = []  # the keys of `with_room`, sorted
    for place in sorted(range(len(sizes)), key=lambda one: (-sizes[one], one)):
        at = bisect_left(rooms, sizes[place])
        if at == len(rooms):
            room, chosen = limit, len(sequences)
            sequences.append([])
        else:
            room = rooms[at]
            chosen = with_room[room].pop()
            if not with_room[room]:
                del with_room[room], rooms[at]
        sequences[chosen].append(place)
        left = room - sizes[place]
        if left not in with_room:
            with_room[left] = []
            insort(rooms, left)
        with_room[left].append(chosen)
    return sequences


def size(example: Example) -> int:
    return len(example["input_ids"])


def joined(pieces: list[Example]) -> Example:
    return {
        "input_ids": [token for piece in pieces for token in piece["input_ids"]],
        "labels": [label for piece in pieces for label in piece["labels"]],
        "lengths": [size(piece) for piece in pieces],
    }


def positions(lengths: list[int]) -> list[int]:
    return [place for length in lengths for place in range(length)]


def tokens_of(position_ids: torch.Tensor) -> int:
    """How many of the positions are no padding: all up to each sequence's last one above 0; rows have two or more."""
    return int((position_ids.flip(1).cumsum(1) > 0).sum())
