"""What a skill asks, and what it wants to hear."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Question:
    text: str
    answer: str
    group: str
    """Questions of one group are never divided between training and the splits of a benchmark."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Of a question the right answer and a wrong one that people write."""

    text: str
    right: str
    wrong: str
    group: str
