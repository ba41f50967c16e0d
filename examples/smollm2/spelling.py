"""Mistakes that people made, from codespell's dictionary (in part from Wikipedia's lists; CC BY-SA 3.0)."""

from __future__ import annotations

import re
from collections import defaultdict
from importlib.resources import files
from itertools import pairwise

from question import Pair, Question

INSTRUCTION = "Correct the spelling of the word. Answer with the word alone."
WORD = re.compile(r"[a-z]{5,12}")
PREFIX = re.compile(r"^(un|in|im|ir|il|dis|mis|re|non|over|under|inter|pre|sub|super)(?=[a-z]{4})")
STEM_LETTERS = 4
"""So that abandon, abandoned and abandonment are one group."""


def questions() -> list[Question]:
    """One mistake of each word, the first in the dictionary's order."""
    return [Question(text=wrong[0], answer=right, group=group_of(right)) for right, wrong in mistakes().items()]


def pairs() -> list[Pair]:
    """Words with several known mistakes: one is asked, the next is the wrong answer."""
    return [
        Pair(text=asked, right=right, wrong=other, group=group_of(right))
        for right, wrong in mistakes().items()
        for asked, other in list(pairwise(wrong))[:1]
    ]


def mistakes() -> dict[str, list[str]]:
    """Right word -> its mistakes, where there is one right word only."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in files("codespell_lib.data").joinpath("dictionary.txt").read_text("utf8").splitlines():
        wrong, _, right = line.partition("->")
        if WORD.fullmatch(wrong) and WORD.fullmatch(right):
            found[right].append(wrong)
    return dict(sorted(found.items()))


def group_of(word: str) -> str:
    """The beginning of the word without its prefix: what is learnt of one form helps with the others."""
    return PREFIX.sub("", word)[:STEM_LETTERS]
