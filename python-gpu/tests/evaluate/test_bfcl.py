"""BFCL's AST metric by hand-made cases: names, types, optional arguments, texts, parallel calls, both syntaxes."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import World

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate import run_evaluation
from lamdagent_gpu.evaluate.bfcl import expected_calls
from lamdagent_gpu.evaluate.metrics import METRICS

WEATHER = {"weather.get": {"city": ["New York", "NYC"], "days": [5], "unit": ["celsius", ""]}}
AREA = {"area": {"base": [6], "height": [10.0], "tags": [["a b", "c"], ""], "at": [{"x": [1, 2], "y": [3, ""]}, ""]}}
DECLARED = [
    {
        "name": "weather.get",
        "description": "",
        "parameters": {
            "type": "dict",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}, "unit": {"type": "string"}},
            "required": ["city", "days"],
        },
    },
    {
        "name": "area",
        "description": "",
        "parameters": {
            "type": "dict",
            "properties": {
                "base": {"type": "float"},
                "height": {"type": "float"},
                "tags": {"type": "array"},
                "at": {"type": "dict"},
            },
            "required": ["base", "height"],
        },
    },
]


@pytest.mark.parametrize(
    ("prediction", "truth", "expected"),
    [
        # the two syntaxes, and what stands around them
        ('weather.get(city="New York", days=5)', [WEATHER], 1.0),
        ('[weather.get(city="New York", days=5)]', [WEATHER], 1.0),
        ('```python\n[weather.get(days=5, city="NYC", unit="celsius")]\n```', [WEATHER], 1.0),
        ('{"name": "weather.get", "arguments": {"city": "NYC", "days": 5}}', [WEATHER], 1.0),
        ('[{"name": "weather.get", "parameters": {"city": "NYC", "days": 5}}]', [WEATHER], 1.0),
        ('[{"weather.get": {"city": "NYC", "days": 5}}]', [WEATHER], 1.0),
        ('<tool_call>\n{"name": "weather.get", "arguments": {"city": "NYC", "days": 5}}\n</tool_call>', [WEATHER], 1.0),
        ('I will call weather.get(city="NYC", days=5)', [WEATHER], 0.0),
        ('weather.get("NYC", 5)', [WEATHER], 0.0),  # by position: which argument it is, is not said
        ('weather.get(city="NYC", days=2+3)', [WEATHER], 0.0),  # nothing is computed
        ('weather.get(city="NYC", days=__import__("os").getpid())', [WEATHER], 0.0),
        ('weather.get(city="NYC", days=5, days=5)', [WEATHER], 0.0),
        ("", [WEATHER], 0.0),
        ("[" * 100_000, [WEATHER], 0.0),
        # names
        ('weather_get(city="NYC", days=5)', [WEATHER], 0.0),
        ('get(city="NYC", days=5)', [WEATHER], 0.0),
        # required, optional and unknown arguments
        ('weather.get(city="NYC")', [WEATHER], 0.0),
        ('weather.get(city="NYC", days=5, unit="celsius")', [WEATHER], 1.0),
        ('weather.get(city="NYC", days=5, unit="kelvin")', [WEATHER], 0.0),
        ('weather.get(city="NYC", days=5, mood="good")', [WEATHER], 0.0),
        # texts: case, spaces and , . / - _ * ^ do not count; other letters do
        ('weather.get(city="new-york", days=5)', [WEATHER], 1.0),
        ('weather.get(city="N.Y.C.", days=5)', [WEATHER], 1.0),
        ('weather.get(city="Newark", days=5)', [WEATHER], 0.0),
        # types
        ('weather.get(city="NYC", days="5")', [WEATHER], 0.0),
        ('weather.get(city="NYC", days=5.0)', [WEATHER], 0.0),
        ('weather.get(city="NYC", days=True)', [{"weather.get": {"city": ["NYC"], "days": [1]}}], 0.0),
        ("area(base=6, height=10)", [AREA], 1.0),  # an int does for a float
        ("area(base=6.0, height=10.0)", [AREA], 1.0),
        ("area(base=-6, height=10)", [AREA], 0.0),
        ("area(base=[6], height=10)", [AREA], 0.0),
        # lists in order, tuples as lists; objects with accepted values of their own
        ('area(base=6, height=10, tags=["A-B", "C"])', [AREA], 1.0),
        ('area(base=6, height=10, tags=("a b", "c"))', [AREA], 1.0),
        ('area(base=6, height=10, tags=["c", "a b"])', [AREA], 0.0),
        ('area(base=6, height=10, tags=["a b"])', [AREA], 0.0),
        ('area(base=6, height=10, at={"x": 2})', [AREA], 1.0),
        ('area(base=6, height=10, at={"x": 1, "y": 3})', [AREA], 1.0),
        ('area(base=6, height=10, at={"y": 3})', [AREA], 0.0),
        ('area(base=6, height=10, at={"x": 1, "z": 3})', [AREA], 0.0),
        # several calls: all of them, in any order, each once
        ('[area(base=6, height=10), weather.get(city="NYC", days=5)]', [WEATHER, AREA], 1.0),
        ('[weather.get(city="NYC", days=5)]', [WEATHER, AREA], 0.0),
        ('[weather.get(city="NYC", days=5), weather.get(city="NYC", days=5)]', [WEATHER, AREA], 0.0),
        ('[weather.get(city="NYC", days=5), weather.get(city="NYC", days=5)]', [WEATHER], 0.0),
    ],
)
@pytest.mark.parametrize("declared", [True, False])
def test_bfcl_ast(prediction: str, truth: list[Any], expected: float, declared: bool) -> None:
    answers = expected_calls({"ground_truth": truth, **({"function": DECLARED} if declared else {})})
    undeclared_float = not declared and prediction == "area(base=6.0, height=10.0)"
    # Without declarations an accepted 6 is all that says the type of base.
    assert METRICS["bfclAst"](prediction, answers) == (0.0 if undeclared_float else expected)


def test_parallel_calls_find_partners_where_the_first_that_fits_would_not_do() -> None:
    answers = expected_calls({"ground_truth": [{"f": {"a": [1, 2]}}, {"f": {"a": [1]}}]})
    for prediction in ("[f(a=1), f(a=2)]", "[f(a=2), f(a=1)]"):
        assert METRICS["bfclAst"](prediction, answers) == 1.0
    assert METRICS["bfclAst"]("[f(a=2), f(a=2)]", answers) == 0.0


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"ground_truth": []}, "items.jsonl:1: expected ground_truth as a list"),
        ({"ground_truth": [{"f": {"a": 1}}]}, "items.jsonl:1: expected ground_truth as a list"),
        ({"ground_truth": [{"f": {}, "g": {}}]}, "items.jsonl:1: expected ground_truth as a list"),
        ({"answers": ["f()"]}, "items.jsonl:1: expected id, messages and ground_truth, got 'ground_truth'"),
        (
            {"ground_truth": [{"f": {}}], "function": [{"name": "g"}]},
            r"items.jsonl:1: .* among those of function, \['g'\]",
        ),
        ({"ground_truth": [{"f": {}}], "function": ["f"]}, "items.jsonl:1: expected function as a list"),
    ],
)
def test_a_broken_ground_truth_is_the_benchmarks_fault(world: World, row: dict[str, Any], message: str) -> None:
    item = {"id": "a", "messages": [{"role": "user", "content": "q"}], **row}
    with pytest.raises(Rejected, match=message):
        run_evaluation(world.context(world.evaluate_job(world.model, [world.benchmark([item], "bfclAst")])))


def test_items_in_bfcls_format_are_scored(world: World) -> None:
    item = {"id": "a", "messages": [{"role": "user", "content": "q"}], "ground_truth": [WEATHER], "function": DECLARED}
    (split,) = run_evaluation(world.context(world.evaluate_job(world.model, [world.benchmark([item], "bfclAst")])))
    assert split.score == 0.0
