"""Suggestions: the same for the same request, inside the space, away from what is bad, failed, infeasible or running."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from typing import Any

import pytest
from pydantic import ValidationError

from lamdagent_gpu.contract.messages import SuggestRequest
from lamdagent_gpu.suggest import InvalidRequest, suggest

Values = dict[str, Any]


def number(name: str, low: float = 0, high: float = 1, **more: Any) -> dict[str, Any]:
    return {"kind": "number", "name": name, "low": low, "high": high, "scale": "linear", "integer": False, **more}


def category(name: str, choices: list[str], **more: Any) -> dict[str, Any]:
    return {"kind": "categorical", "name": name, "choices": choices, **more}


WHEN_SFT = {"dimension": "action", "isOneOf": ["sft"]}
WHEN_LORA = {"dimension": "tuning", "isOneOf": ["lora"]}
SPACE = [
    category("action", ["sft", "merge"], when=None),
    category("tuning", ["full", "lora"], when=WHEN_SFT),
    number("rate", 1e-5, 1e-2, scale="log", when=WHEN_SFT),
    number("rank", 1, 64, integer=True, when=WHEN_LORA),
    number("lambda", when={"dimension": "action", "isOneOf": ["merge"]}),
]
LINE = [number("x", when=None), number("y", when=None)]


def point(values: Values, score: float | None, *, state: str = "completed", missed: float = 0) -> dict[str, Any]:
    violations = [missed] if state == "completed" else []
    return {"state": state, "values": values, "score": score, "violations": violations}


def request(dimensions: list[Any], points: list[Any], *, seed: str = "1", count: int = 8) -> SuggestRequest:
    return SuggestRequest.model_validate(
        {"schemaVersion": 1, "seed": seed, "count": count, "dimensions": dimensions, "points": points}
    )


def drawn(rng: random.Random) -> Values:
    """A random point of SPACE."""
    if rng.random() < 0.5:
        return {"action": "merge", "lambda": rng.random()}
    values: Values = {"action": "sft", "tuning": rng.choice(["full", "lora"]), "rate": 10 ** rng.uniform(-5, -2)}
    return values if values["tuning"] == "full" else {**values, "rank": rng.randint(1, 64)}


def history(points: int) -> list[dict[str, Any]]:
    rng = random.Random(0)
    return [point(drawn(rng), rng.random(), missed=rng.uniform(-1, 1)) for _ in range(points)]


def on_line(count: int, score: Any) -> list[tuple[float, dict[str, Any]]]:
    rng = random.Random(3)
    values = [{"x": rng.random(), "y": rng.random()} for _ in range(count)]
    return [(one["x"], point(one, score(one["x"]))) for one in values]


def test_equal_requests_have_equal_slates_and_seeds_differ() -> None:
    slates = [suggest(request(SPACE, history(60), seed=seed)) for seed in ("1", "1", "2")]
    assert slates[0] == slates[1]
    assert slates[0] != slates[2]


def test_a_slate_holds_exactly_the_dimensions_that_exist() -> None:
    seen = set()
    for values in suggest(request(SPACE, history(60), count=40)).suggestions:
        names = set(values)
        seen.add(frozenset(names))
        if values["action"] == "merge":
            assert names == {"action", "lambda"}
        else:
            assert names == {"action", "tuning", "rate"} | ({"rank"} if values["tuning"] == "lora" else set())
            assert 1e-5 <= float(values["rate"]) <= 1e-2
            assert float(values.get("rank", 1)).is_integer()
    assert len(seen) == 3


@pytest.mark.parametrize("points", [0, 1, 2])
def test_works_before_there_is_anything_to_learn(points: int) -> None:
    assert len(suggest(request(SPACE, history(points))).suggestions) == 8


def test_goes_where_the_scores_are_high() -> None:
    points = [one for _, one in on_line(60, lambda x: x)]
    suggested = [float(one["x"]) for one in suggest(request(LINE, points, count=4)).suggestions]
    assert min(suggested) > 0.7


def test_constraints_steer_away_from_what_scores_high_and_is_infeasible() -> None:
    """The score rises with x; from 0.6 on the constraint is missed."""
    points = [{**one, "violations": [x - 0.6]} for x, one in on_line(60, lambda x: x)]
    suggested = [float(one["x"]) for one in suggest(request(LINE, points, count=4)).suggestions]
    assert max(suggested) < 0.65
    assert min(suggested) > 0.3


def test_what_failed_is_avoided() -> None:
    points = [
        one if x < 0.5 else {"state": "failed", "values": one["values"], "score": None, "violations": []}
        for x, one in on_line(60, lambda x: 0.5)
    ]
    suggested = [float(one["x"]) for one in suggest(request(LINE, points, count=4)).suggestions]
    assert sum(x < 0.5 for x in suggested) == 4


def test_what_runs_is_counted_so_that_parallel_suggestions_differ() -> None:
    points = [one for _, one in on_line(30, lambda x: x)]
    alone = suggest(request(LINE, points, count=1)).suggestions[0]
    running = [point(dict(alone), None, state="running")] * 5
    beside = suggest(request(LINE, points + running, count=1)).suggestions[0]
    assert beside != alone
    assert abs(float(beside["y"]) - float(alone["y"])) > 0.02
    slate = suggest(request(LINE, points)).suggestions
    assert len({json.dumps(one) for one in slate}) == 8


def test_answers_within_seconds_on_5000_points() -> None:
    asked = request(SPACE, history(5000))
    started = time.monotonic()
    assert len(suggest(asked).suggestions) == 8
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("dimensions", "points", "message"),
    [
        ([*LINE, LINE[0]], [], "expected names that differ"),
        ([SPACE[1], SPACE[0]], [], "expected an earlier dimension, got action"),
        (LINE, [point({"x": 0.5}, 0.1)], "expected values of x, y, got x"),
        (LINE, [point({"x": 7, "y": 0}, 0.1)], "isn't contained"),
        (LINE, [point({"x": 0.5, "y": 0}, None)], "expected a score where it is completed alone"),
        ([number("x", 0, 1, scale="log", when=None)], [], "x: "),
    ],
)
def test_refuses_requests_that_make_no_sense(dimensions: list[Any], points: list[Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        suggest(request(dimensions, points))


def test_refuses_unknown_keys() -> None:
    with pytest.raises(ValidationError):
        request([{**LINE[0], "step": 1}], [])


def test_the_process_without_temporal_answers_line_by_line_and_outlives_bad_ones() -> None:
    asked = request(LINE, [], count=1).model_dump(mode="json")
    good = json.dumps({"name": "suggest", "input": asked})
    bad = json.dumps({"name": "suggest", "input": {}})
    other = json.dumps({"name": "build", "input": {}})
    done = subprocess.run(
        [sys.executable, "-m", "lamdagent_gpu.direct"],
        input="\n".join([good, bad, other, "no json", good, ""]),
        capture_output=True,
        text=True,
        check=True,
    )
    first, fault, unknown, garbled, again = [json.loads(line) for line in done.stdout.splitlines()]
    assert first == again
    assert len(first["result"]["suggestions"]) == 1
    assert "Field required" in fault["failure"]["message"]
    assert unknown["failure"]["message"] == "name: expected one of suggest, got build"
    assert garbled["failure"]["type"] == "InvalidJob"
