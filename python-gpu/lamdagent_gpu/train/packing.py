"""Packing: several rows share one sequence, each with positions of its own and blind to the others.

A row that is longer than a sequence is split; each piece begins with the last token of the one before it, so that every
token that has a loss has it once. Pieces are placed by best-fit decreasing.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any

import torch

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.train.data import IGNORED
from lamdagent_gpu.train.rows import KEPT

Example = dict[str, list[int]]
PROBE = 8
"""Tokens of each of the rows that `check_separates` packs."""
SAME = 1e-3
"""How much of the largest logit rounding may change."""


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


def collator(pad_id: int) -> Callable[[list[Example]], dict[str, torch.Tensor]]:
    """Batches of [sequences, longest]. Positions begin at 0 with each row, and padding has none but 0.

    There is no attention mask: without one the attention keeps apart what such positions tell apart.
    """

    def collate(examples: list[Example]) -> dict[str, torch.Tensor]:
        longest = max(map(size, examples))

        def padded(rows: list[list[int]], value: int) -> torch.Tensor:
            return torch.tensor([row + [value] * (longest - len(row)) for row in rows])

        return {
            "input_ids": padded([example["input_ids"] for example in examples], pad_id),
            "labels": padded([example["labels"] for example in examples], IGNORED),
            "position_ids": padded([positions(example["lengths"]) for example in examples], 0),
        }

    return collate


def positions(lengths: list[int]) -> list[int]:
    return [place for length in lengths for place in range(length)]


def tokens_of(position_ids: torch.Tensor) -> int:
    """How many of the positions are no padding: all up to each sequence's last one above 0; rows have two or more."""
    return int((position_ids.flip(1).cumsum(1) > 0).sum())


@torch.no_grad()
def check_separates(model: Any) -> None:
    """Raises Rejected unless a packed row is computed the same whatever stands before it.

    State-space and linear attention layers, say, carry their state on from row to row.
    """
    count = model.get_input_embeddings().weight.shape[0]
    first, other, row = ([(start + step * place) % count for place in range(PROBE)] for start, step in STRIDES)
    position_ids = torch.tensor([positions([PROBE, PROBE])], device=model.device)

    def logits_after(before: list[int]) -> torch.Tensor:
        ids = torch.tensor([[*before, *row]], device=model.device)
        logits: torch.Tensor = model(input_ids=ids, position_ids=position_ids, use_cache=False).logits
        return logits[0, PROBE:].float()

    one, two = logits_after(first), logits_after(other)
    if (one - two).abs().max() > SAME * one.abs().max():
        raise Rejected(
            "packing: expected a model whose packed rows do not see each other, got one whose do. Use packing: none."
        )


STRIDES = ((1, 3), (2, 7), (0, 5))
"""First token and step of the probes' rows: any that differ."""
