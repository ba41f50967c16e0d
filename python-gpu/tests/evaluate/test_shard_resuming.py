"""Killed evaluations go on at the shard where they stopped, and end with the rows of the unkilled run."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from conftest import World
from test_evaluation_job import items

from lamdagent_gpu import attempts
from lamdagent_gpu.childprocess import ChildDied
from lamdagent_gpu.context import Preempted, ScoredSplit
from lamdagent_gpu.contract.messages import EvaluateJob
from lamdagent_gpu.evaluate import loglikelihood, run_evaluation
from lamdagent_gpu.publish import publish_scores
from lamdagent_gpu.supervisor import JobSpec, Supervisor


def choices(count: int) -> list[dict[str, Any]]:
    return [{**item, "choices": ["yes", "no, never", "a"], "answer": n % 3} for n, item in enumerate(items(count, 9))]


def texts(count: int) -> list[dict[str, Any]]:
    return [{"id": f"t{n}", "text": "some text " * (1 + 3 * (n % 7))} for n in range(count)]


def benchmark_of(world: World, kind: str) -> str:
    if kind == "multipleChoice":
        return world.benchmark(choices(40), "accuracy", kind=kind)
    if kind == "perplexity":
        return world.benchmark(texts(30), "probabilityPerByte", kind=kind)
    return world.benchmark(items(600, 11))


def run(world: World, job: EvaluateJob, **own: Any) -> list[ScoredSplit]:
    return run_evaluation(world.context(job, **own))


@pytest.mark.parametrize("kind", ["generation", "multipleChoice", "perplexity"])
def test_a_stopped_evaluation_goes_on_where_it_stopped(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loglikelihood, "BATCH_TOKENS", 300)
    small = world.benchmark(items(5), "f1")
    job = world.evaluate_job(world.model, [small, benchmark_of(world, kind)], checkpoint_seconds=1e9)
    whole = run(world, job)

    stopped = [5]
    while True:
        seen: list[dict[str, Any]] = []

        def after_a_shard(now: dict[str, Any], begun: int = stopped[-1]) -> str | None:
            return "notice" if now.get("step", 0) > begun else None

        try:
            found = run(world, job, stop=after_a_shard, seen=seen)
            break
        except Preempted:
            stopped.append(seen[-1]["step"])
    assert found == whole
    assert len(stopped) > 2
    assert stopped == sorted(set(stopped))
    assert next(one["step"] for one in seen if one["phase"] == "evaluating") == 5  # the first split was not done again
    resumed = world.context(job).resume
    assert resumed is not None
    assert resumed.step == stopped[-1]


def test_rows_of_splits_that_are_not_asked_for_again_are_left_out(world: World) -> None:
    first, second, third = benchmark_of(world, "generation"), world.benchmark(items(3)), world.benchmark(items(4))
    with pytest.raises(Preempted):
        run(world, world.evaluate_job(world.model, [first, second]), stop=lambda now: stopping(now, 601))
    rest = world.evaluate_job(world.model, [first, third])
    assert world.context(rest).resume is not None
    assert run(world, rest)[1:] == run(world, world.evaluate_job(world.model, [third]))


def stopping(now: dict[str, Any], step: int) -> str | None:
    return "notice" if now.get("step", 0) >= step else None


def test_a_checkpoint_with_a_changed_row_is_refused(world: World) -> None:
    job = world.evaluate_job(world.model, [benchmark_of(world, "generation")])
    with pytest.raises(Preempted):
        run(world, job, stop=lambda now: stopping(now, 1))
    resumed = world.context(job).resume
    assert resumed is not None
    file = resumed.folder / f"{job.stages[0].stageId}.jsonl"
    file.write_text(file.read_text("utf8").replace('"score": 0.0', '"score": 1.0'), "utf8")
    assert world.context(job).resume is None


@pytest.fixture
async def supervisor(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Supervisor]:
    (tmp_path / "points").mkdir()
    monkeypatch.setenv("LAMDAGENT_FAILPOINTS", str(tmp_path / "points"))
    made = Supervisor(store=world.store, device="cpu", worker="bench")
    yield made
    await made.close()


async def test_a_killed_evaluation_loses_at_most_the_shard_at_hand(
    world: World, supervisor: Supervisor, tmp_path: Path
) -> None:
    job = world.evaluate_job(world.model, [benchmark_of(world, "generation")], checkpoint_seconds=1e-9)
    stage_id = job.stages[0].stageId
    spec = JobSpec(kind="evaluate", job=job.model_dump(), work_id=stage_id, max_stalled=3)
    (whole,) = run(world, job.model_copy(update={"stages": [same_work_elsewhere(job, world)]}))

    async def attempt() -> Any:
        return await supervisor.run(spec, lambda: None, lambda end: publish_scores(world.store, job, end))

    for point in ("checkpoint.committed", "checkpoint.before-rename"):
        (tmp_path / "points" / point).write_text("kill", "utf8")
        with pytest.raises(ChildDied, match="SIGKILL"):
            await attempt()
    assert [(one.resumedStep, one.end) for one in attempts.load(world.store, stage_id)] == [(0, "lost"), (256, "lost")]
    manifest = (await attempt())[stage_id]
    rows = [json.loads(line) for line in (world.store.open(stage_id) / "rows.jsonl").read_text("utf8").splitlines()]
    assert rows == whole.rows
    assert manifest.result["score"] == whole.score
    assert [one["resumedStep"] for one in manifest.result["attempts"]] == [0, 256, 256]
    assert not world.store.local_work(stage_id).exists()


def same_work_elsewhere(job: EvaluateJob, world: World) -> Any:
    """The same model and items under another id, so that its work area is another."""
    one = job.stages[0]
    other = world.evaluate_job(world.model, [one.stage.inputs["benchmark"][0]]).stages[0]
    stage = other.stage.model_copy(update={"seed": "7"})
    return other.model_copy(update={"stage": stage, "stageId": "7" * 64})
