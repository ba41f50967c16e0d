"""How an answer is scored: each metric maps (prediction, accepted answers) to a number in [0, 1].

A prediction is data: whatever a model writes gets a score, 0 at worst, never an exception. Answers are checked
when they are read (CHECKS), so that a broken one is a fault of the benchmark and not of the model.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable
from typing import Any

from lamdagent_gpu.evaluate.bfcl import bfcl_ast
from lamdagent_gpu.evaluate.strict_json import parse_json

Metric = Callable[[str, Any], float]
"""(prediction, accepted answers) -> score; answers are a list of texts, for bfclAst one of expected calls."""
Check = Callable[[str], "tuple[str, str] | None"]
"""Answer -> None if it can be matched, else (what was expected, what is wrong)."""


def exact_match(prediction: str, answers: list[str]) -> float:
    """1 if the stripped prediction equals one of the stripped answers, code point by code point."""
    return float(prediction.strip() in {answer.strip() for answer in answers})


WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised_tokens(text: str) -> list[str]:
    """SQuAD's normalisation, in its order: lower case, ASCII punctuation removed (don't -> dont), articles removed."""
    return re.sub(r"\b(a|an|the)\b", " ", text.lower().translate(WITHOUT_PUNCTUATION)).split()


def f1(prediction: str, answers: list[str]) -> float:
    """Token F1 of the best answer, as in SQuAD's evaluation script (Rajpurkar et al. 2016, 2018).

    Tokens count as often as they occur. Without tokens on either side it is 1 if both have none, else 0.
    """
    return max((_f1(normalised_tokens(prediction), normalised_tokens(answer)) for answer in answers), default=0.0)


def _f1(predicted: list[str], expected: list[str]) -> float:
    if not predicted or not expected:
        return float(predicted == expected)
    shared = sum((Counter(predicted) & Counter(expected)).values())
    return 2 * shared / (len(predicted) + len(expected))


def regex(prediction: str, answers: list[str]) -> float:
    """1 if one of the answers, as a Python regular expression (dot matches newlines), matches all of the stripped text."""
    return float(any(re.fullmatch(pattern, prediction.strip(), re.DOTALL) for pattern in answers))


def pattern_fault(answer: str) -> tuple[str, str] | None:
    try:
        re.compile(answer, re.DOTALL)
    except (re.error, RecursionError, OverflowError) as error:
        return "a regular expression", str(error)
    return None


def tool_call_ast(prediction: str, answers: list[str]) -> float:
    """1 if the prediction parses as JSON equal to one of the answers' values.

    Objects compare without order, arrays with it, numbers by value (1 = 1.0), texts by code points; true is not 1.
    What is no JSON scores 0: text around it, NaN, numbers too large for a double, a key twice, hopeless nesting.
    """
    try:
        value = parse_json(prediction)
        return float(any(_same(value, parse_json(answer)) for answer in answers))
    except (ValueError, RecursionError):
        return 0.0


def json_fault(answer: str) -> tuple[str, str] | None:
    try:
        _same(parse_json(answer), parse_json(answer))
    except (ValueError, RecursionError) as error:
        return "JSON", str(error)
    return None


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


METRICS: dict[str, Metric] = {
    "exactMatch": exact_match,
    "f1": f1,
    "regex": regex,
    "toolCallAst": tool_call_ast,
    "bfclAst": bfcl_ast,
}
CHECKS: dict[str, Check] = {"regex": pattern_fault, "toolCallAst": json_fault}
