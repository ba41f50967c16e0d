"""Mistakes that people made, from codespell's dictionary (in part from Wikipedia's lists; CC BY-SA 3.0)."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from importlib.resources import files

from question import Pair, Question

INSTRUCTION = "Correct the spelling of the word. Answer with the word alone."
WORD = re.compile(r"[a-z]{5,12}")
PREFIX = re.compile(r"^(un|in|im|ir|il|dis|mis|re|non|over|under|inter|pre|sub|super)(?=[a-z]{4})")
STEM_LETTERS = 4
"""So that abandon, abandoned and abandonment are one group."""
KNOWN_MISTAKES = 5
"""Of a word that is asked: those that people often get wrong are words that people often write."""


def questions() -> list[Question]:
    """One mistake of each word."""
    return [
        Question(text=random.Random(right).choice(wrong), answer=right, group=group_of(right))
        for right, wrong in mistakes().items()
    ]


def pairs() -> list[Pair]:
    """One mistake of each word is asked, and another one is the wrong answer."""
    chosen = ((right, random.Random(right).sample(wrong, 2)) for right, wrong in mistakes().items())
    return [Pair(text=asked, right=right, wrong=other, group=group_of(right)) for right, (asked, other) in chosen]


def mistakes() -> dict[str, list[str]]:
    """Right word -> its mistakes, as far as they mean one word only."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in files("codespell_lib.data").joinpath("dictionary.txt").read_text("utf8").splitlines():
        wrong, _, right = line.partition("->")
        if WORD.fullmatch(wrong) and WORD.fullmatch(right):
            found[right].append(wrong)
    return {right: wrong for right, wrong in sorted(found.items()) if len(wrong) >= KNOWN_MISTAKES}


def group_of(word: str) -> str:
    """The beginning of the word without its prefix: what is learnt of one form helps with the others."""
    return PREFIX.sub("", word)[:STEM_LETTERS]
