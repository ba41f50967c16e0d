"""The metrics by hand, adversarial predictions included: whatever a model writes gets a score."""

from __future__ import annotations

from math import isclose

import pytest

from lamdagent_gpu.evaluate.metrics import CHECKS, METRICS

DEEP = 100_000


@pytest.mark.parametrize(
    ("prediction", "answers", "expected"),
    [
        ("\u00a0 Paris\u2003\n", ["Paris"], 1.0),  # all of Unicode's white space is stripped
        ("Pa ris", ["Paris"], 0.0),
        ("na\u00efve", ["nai\u0308ve"], 0.0),  # code points, no normalisation
        ("", [""], 1.0),
        ("", ["x"], 0.0),
        ("\u200bParis", ["Paris"], 0.0),  # a zero-width space is no white space
    ],
)
def test_exact_match(prediction: str, answers: list[str], expected: float) -> None:
    assert METRICS["exactMatch"](prediction, answers) == expected


@pytest.mark.parametrize(
    ("prediction", "answers", "expected"),
    [
        ("don't", ["dont"], 1.0),  # punctuation goes without leaving a gap, as in SQuAD's script
        ("the  THE a An.", [""], 1.0),
        ("theme", ["me"], 0.0),
        ("b b b", ["b"], 0.5),  # repeats count: precision 1/3, recall 1
        ("b b", ["b b c"], 0.8),
        ("x y", ["q", "y z", "x y z"], 0.8),
        ("\u00c9t\u00e9", ["\u00e9t\u00e9"], 1.0),
        ("!!!", ["word"], 0.0),
    ],
)
def test_f1(prediction: str, answers: list[str], expected: float) -> None:
    assert isclose(METRICS["f1"](prediction, answers), expected)


@pytest.mark.parametrize(
    ("prediction", "answers", "expected"),
    [
        ("a\nb", ["a.b"], 1.0),
        ("ab\n", ["ab$"], 1.0),
        ("yes!", ["yes|no"], 0.0),  # the whole text, not the first alternative's prefix
        ("\u0663", [r"\d"], 1.0),
        ("X", ["x", "(?i)x"], 1.0),
    ],
)
def test_regex(prediction: str, answers: list[str], expected: float) -> None:
    assert METRICS["regex"](prediction, answers) == expected


@pytest.mark.parametrize(
    ("prediction", "answers", "expected"),
    [
        ('\n {"f": [{"x": {"y": [1, [2, {}]]}}]} ', ['{"f":[{"x":{"y":[1,[2,{}]]}}]}'], 1.0),
        ('{"f": [{"x": {"y": [1, [2, []]]}}]}', ['{"f":[{"x":{"y":[1,[2,{}]]}}]}'], 0.0),
        ('{"a":1e2}', ['{"a":100}'], 1.0),
        ('{"a":"1"}', ['{"a":1}'], 0.0),
        ('{"a":null}', ["{}"], 0.0),
        ('{"a":0}', ['{"a":false}'], 0.0),
        ('{"a":-0.0}', ['{"a":0}'], 1.0),
        ("9007199254740993", ["9007199254740992.0"], 0.0),
        (r'"\u00e9"', ['"\u00e9"'], 1.0),
        ('"e\u0301"', ['"\u00e9"'], 0.0),
        ('{"a":{"b":1,"b":1}}', ['{"a":{"b":1}}'], 0.0),
        ("[1,1]", ["[1]"], 0.0),
        ('```json\n{"a":1}\n```', ['{"a":1}'], 0.0),
        ("{'a':1}", ['{"a":1}'], 0.0),
        ("[1,]", ["[1]"], 0.0),
        ("NaN", ["NaN"], 0.0),
        ("1e400", ["1e400"], 0.0),
        ("1" * 10_000, ["1"], 0.0),
        ("", [""], 0.0),
        ("[" * DEEP + "]" * DEEP, ["[]"], 0.0),
        ('{"a":' * DEEP, ["[]"], 0.0),
        ("\x00", ["0"], 0.0),
    ],
)
def test_tool_call_ast(prediction: str, answers: list[str], expected: float) -> None:
    assert METRICS["toolCallAst"](prediction, answers) == expected


@pytest.mark.parametrize(
    ("metric", "answer", "expected"),
    [
        ("regex", "(", "a regular expression"),
        ("toolCallAst", "{a:1}", "JSON"),
        ("toolCallAst", '{"a":1,"a":2}', "JSON"),
        ("toolCallAst", "Infinity", "JSON"),
        ("toolCallAst", "[" * DEEP, "JSON"),
    ],
)
def test_an_answer_nothing_can_match_is_a_fault(metric: str, answer: str, expected: str) -> None:
    fault = CHECKS[metric](answer)
    assert fault is not None
    assert fault[0] == expected
    assert CHECKS[metric]("1") is None
