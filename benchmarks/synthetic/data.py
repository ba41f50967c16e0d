"""Rows of made-up words, whose lengths spread as those of instruction data do: many short ones, some long."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
SPREAD = 0.7
"""Standard deviation of the logarithm of a length."""


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """Tokens of prompt and answer together."""

    median: int
    longest: int


class Writer:
    def __init__(self, lengths: Lengths, *, words: int, seed: int) -> None:
        self.lengths = lengths
        self.words = words
        self.draw = random.Random(seed)

    def text(self, tokens: int) -> str:
        return " ".join(f"w{self.draw.randrange(self.words)}" for _ in range(max(1, tokens)))

    def length(self) -> int:
        drawn = round(math.exp(self.draw.gauss(math.log(self.lengths.median), SPREAD)))
        return min(max(drawn, 6), self.lengths.longest - 2)

    def answered(self) -> Row:
        """A third is the prompt."""
        length = self.length()
        return {"prompt": self.text(length // 3), "completion": " " + self.text(length - length // 3)}

    def preferred(self) -> Row:
        """Both answers are about as long."""
        length = self.length()
        answers = {half: " " + self.text(length - length // 3) for half in ("chosen", "rejected")}
        return {"prompt": self.text(length // 3), **answers}

    def labelled(self) -> Row:
        return {**self.answered(), "label": self.draw.random() < 0.5}

    def checked(self) -> Row:
        """About half of all answers are right: those that begin with a word whose number ends in 0 to 4."""
        return {"prompt": self.text(self.length() // 3), "answers": [r"\s*w\d*[0-4]\b.*"]}


SHAPES: dict[str, Callable[[Writer], Row]] = {
    "sft": Writer.answered,
    "preference": Writer.preferred,
    "labelled": Writer.labelled,
    "verifiable": Writer.checked,
}


def rows_of(shape: str, count: int, lengths: Lengths, *, words: int, seed: int = 0) -> list[Row]:
    writer = Writer(lengths, words=words, seed=seed)
    return [SHAPES[shape](writer) for _ in range(count)]
