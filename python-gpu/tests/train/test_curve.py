"""The curve of a training: what is logged each step, thinned by a rule that no kill can change, kept beside the model."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from conftest import TRAINING, World
from method_cases import CASES

from lamdagent_gpu import curve
from lamdagent_gpu.context import Diverged, Preempted
from lamdagent_gpu.contract.messages import TrainingCurve
from lamdagent_gpu.fence import StaleFence
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.history import MOST_POINTS, curve_of, kept_places

STAGE = "ab" * 32


def recorded(world: World, stage_id: str) -> dict[str, Any]:
    text = world.store.read(curve.key_of(stage_id))
    assert text is not None
    TrainingCurve.model_validate_json(text)
    found: dict[str, Any] = json.loads(text)
    return found


def history_of(steps: int) -> list[dict[str, Any]]:
    rows = [
        {"step": step, "loss": 2 / step, "learning_rate": 1e-3 / step, "grad_norm": 1.0, "num_tokens": 50.0 * step}
        for step in range(1, steps + 1)
    ]
    return [*rows, {"step": steps, "train_loss": 1.0, "train_runtime": 3.0}]


@pytest.mark.parametrize("count", [0, 1, 2, 199, 200, 201, 399, 400, 1000, 12_345])
def test_the_first_and_the_last_step_are_kept_and_the_others_evenly(count: int) -> None:
    places = kept_places(count)
    assert len(places) == min(count, MOST_POINTS)
    assert places == sorted(set(places))
    if count:
        assert (places[0], places[-1]) == (0, count - 1)
        gaps = {after - before for before, after in pairwise(places)}
        assert not gaps or max(gaps) - min(gaps) <= 1


def test_a_curve_has_a_column_for_what_was_logged_and_counts_from_the_jobs_first_step() -> None:
    made = curve_of(history_of(3), stage_id=STAGE, offset=4)
    assert made == {
        "schemaVersion": 1,
        "stageId": STAGE,
        "logged": 3,
        "step": [5, 6, 7],
        "loss": [2.0, 1.0, 0.666666667],
        "learningRate": [1e-3, 5e-4, 0.000333333333],
        "gradNorm": [1.0, 1.0, 1.0],
        "tokens": [50, 100, 150],
    }


def test_what_is_not_finite_or_was_not_logged_is_null() -> None:
    rows = [{"step": 1, "loss": 1.0, "reward": 0.5}, {"step": 2, "loss": float("nan"), "grad_norm": float("inf")}]
    made = curve_of(rows, stage_id=STAGE, offset=0)
    assert (made["loss"], made["gradNorm"], made["reward"]) == ([1.0, None], [None, None], [0.5, None])


def test_a_long_training_has_its_thinned_curve(world: World) -> None:
    job = world.build_job("sft", {**TRAINING, "steps": 450}, model=[world.model], data=[world.sft])
    result = run_training(world.context(job))
    found = recorded(world, job.stageId)
    assert (found["logged"], len(found["step"]), found["step"][0], found["step"][-1]) == (450, MOST_POINTS, 1, 450)
    assert found["loss"][0] == pytest.approx(result.metrics["firstLoss"], rel=1e-8)
    assert found["tokens"][-1] == result.metrics["tokens"]
    assert found["learningRate"][0] == 0 < found["learningRate"][1]  # warmed up
    assert "rewardMargin" not in found


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("dpo", {"rewardMargin", "rewardAccuracy"}),
        ("kto", {"rewardMargin"}),
        ("simpo", {"rewardMargin", "rewardAccuracy"}),
        ("reward model", {"rewardMargin", "rewardAccuracy"}),
        ("grpo", {"reward"}),
    ],
)
def test_preferences_and_rewards_have_theirs(world: World, name: str, columns: set[str]) -> None:
    job = CASES[name].job(world)
    result = run_training(world.context(job))
    found = recorded(world, job.stageId)
    assert {one for one in found if one.startswith("reward")} == columns
    for one in columns:
        assert sum(found[one]) / len(found[one]) == pytest.approx(result.metrics[one], rel=1e-6, abs=1e-9)


def test_a_diverged_training_keeps_its_curve_and_one_that_was_stopped_has_none_yet(world: World) -> None:
    wild = world.build_job(
        "sft", {**TRAINING, "learningRate": 1e30, "steps": 20}, model=[world.model], data=[world.sft]
    )
    with pytest.raises(Diverged):
        run_training(world.context(wild))
    found = recorded(world, wild.stageId)
    assert 1 <= found["logged"] < 20
    assert None in (found["loss"][-1], found["gradNorm"][-1])
    job = world.build_job("sft", TRAINING, model=[world.model], data=[world.sft])
    with pytest.raises(Preempted):
        run_training(world.context(job, stop=lambda latest: "notice" if latest.get("step") else None))
    assert world.store.read(curve.key_of(job.stageId)) is None


def test_an_attempt_that_was_overtaken_leaves_the_curve_alone(world: World) -> None:
    job = world.build_job("sft", TRAINING, model=[world.model], data=[world.sft])
    zombie = world.context(job)
    world.context(job)
    with pytest.raises(StaleFence):
        run_training(zombie)
    assert world.store.read(curve.key_of(job.stageId)) is None
