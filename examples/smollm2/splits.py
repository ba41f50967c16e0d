"""Which part a question belongs to: by a hash of its group, so that what must not leak stays together."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

SPLITS = {"search": 80, "confirm": 90, "test": 120}
"""Items of each skill's benchmark."""
SHARES = {"search": 0.15, "confirm": 0.17, "test": 0.22}
"""Of the groups; training has the rest."""


class Grouped(Protocol):
    @property
    def group(self) -> str: ...


GroupedT = TypeVar("GroupedT", bound=Grouped)


def part_of(group: str) -> str:
    """`search`, `confirm`, `test` or `train`."""
    place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2**64
    for split, share in SHARES.items():
        if place < share:
            return split
        place -= share
    return "train"


def cut(questions: Sequence[GroupedT]) -> dict[str, list[GroupedT]]:
    """All of them, by part, in their order."""
    parts: dict[str, list[GroupedT]] = {name: [] for name in [*SHARES, "train"]}
    for question in questions:
        parts[part_of(question.group)].append(question)
    return parts


def drawn(questions: Sequence[GroupedT], count: int, seed: str) -> list[GroupedT]:
    """`count` of them at random, without replacement."""
    if len(questions) < count:
        raise ValueError(f"{seed}: expected at least {count} to draw from, got {len(questions)}")
    return random.Random(seed).sample(list(questions), count)
