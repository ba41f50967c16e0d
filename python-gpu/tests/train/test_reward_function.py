"""Rewards by a function of the user's own."""

from __future__ import annotations

import pytest
from conftest import World
from method_cases import SAMPLED, SHORT, prompts

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.evaluate.command import ALLOWED
from lamdagent_gpu.train import run_training

ENDS = "def reward(row, answer):\n    assert row['prompt'].startswith('say')\n    return float(answer[:1] < 'P')\n"


def context_of(world: World, text: str | None) -> JobContext:
    parameters = {**SHORT, **SAMPLED, "reward": "function", "baseline": "group"}
    pinned = [] if text is None else [world.publish("rewardFunction", {"reward.py": text}, {})]
    job = world.build_job("grpo", parameters, model=[world.model], data=[prompts(world)], reward=pinned)
    return world.context(job)


def test_the_function_scores_rows_and_answers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOWED, "1")
    metrics = run_training(context_of(world, ENDS)).metrics
    assert metrics["reward"] is not None
    assert 0 < metrics["reward"] < 1
    assert "rewardModelAccuracy" not in metrics


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def reward(row, answer)", "reward.py: expected Python that can be imported, got SyntaxError"),
        ("score = 1", r"expected a function reward\(row, answer\), got none"),
        ("def reward(row, answer):\n    return row['answers']", r"row \d+: expected reward\(row, answer\) to return, got KeyError"),
        ("def reward(row, answer):\n    return float('nan')", r"row \d+: expected .* a finite number, got nan"),
        ("def reward(row, answer):\n    return True", r"row \d+: expected .* a finite number, got True"),
        (None, "expected a stage with a reward function among its inputs"),
    ],
)  # fmt: skip
def test_what_the_function_does_wrong_is_said(
    world: World, text: str | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOWED, "1")
    with pytest.raises(Rejected, match=message):
        run_training(context_of(world, text))


def test_it_runs_only_where_the_worker_allows_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALLOWED, raising=False)
    with pytest.raises(Rejected, match=f"started with {ALLOWED}=1, got one without"):
        run_training(context_of(world, ENDS))
