"""How an answer is scored: each metric maps (prediction, accepted answers) to a number in [0, 1]."""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from collections.abc import Callable
from typing import Any

Metric = Callable[[str, list[str]], float]


def exact_match(prediction: str, answers: list[str]) -> float:
    """1 if the stripped prediction equals one of the stripped answers."""
    return float(prediction.strip() in {answer.strip() for answer in answers})


def normalised_tokens(text: str) -> list[str]:
    """SQuAD's normalisation (Rajpurkar et al. 2016): lower case, no punctuation, no articles."""
    text = "".join(" " if c in string.punctuation else c for c in text.lower())
    return [word for word in text.split() if word not in ("a", "an", "the")]


def f1(prediction: str, answers: list[str]) -> float:
    """Token F1 as in SQuAD, of the best answer."""
    return max((_f1(normalised_tokens(prediction), normalised_tokens(answer)) for answer in answers), default=0.0)


def _f1(predicted: list[str], expected: list[str]) -> float:
    if not predicted or not expected:
        return float(predicted == expected)
    shared = sum((Counter(predicted) & Counter(expected)).values())
    return 2 * shared / (len(predicted) + len(expected))


def regex(prediction: str, answers: list[str]) -> float:
    """1 if one of the answers, as a regular expression, matches the whole stripped prediction."""
    return float(any(re.fullmatch(pattern, prediction.strip(), re.DOTALL) for pattern in answers))


def tool_call_ast(prediction: str, answers: list[str]) -> float:
    """1 if the prediction parses as JSON equal to one of the answers' values; text that does not parse scores 0."""
    try:
        value = json.loads(prediction, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return 0.0
    return float(any(_same(value, json.loads(answer)) for answer in answers))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def _same(left: Any, right: Any) -> bool:
    """Structural equality; numbers compare by value, and true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left == right
    return type(left) is type(right) and bool(left == right)


METRICS: dict[str, Metric] = {"exactMatch": exact_match, "f1": f1, "regex": regex, "toolCallAst": tool_call_ast}
