"""The supervisor with its real child and no server: crash loops end, preemptions and kills don't count as such."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from conftest import TRAINING, World

from lamdagent_gpu import attempts, fence
from lamdagent_gpu.attempts import AttemptRecord
from lamdagent_gpu.childprocess import ChildDied
from lamdagent_gpu.contract.messages import BuildJob, BuiltModel
from lamdagent_gpu.publish import publish_model
from lamdagent_gpu.supervisor import JobEnd, JobFailed, JobSpec, Supervisor


class Bench:
    """One stage and a supervisor, with failpoints."""

    def __init__(self, world: World, points: Path) -> None:
        self.world = world
        self.points = points
        self.job: BuildJob = world.build_job("sft", TRAINING, model=[world.model], data=[world.sft])
        self.supervisor = Supervisor(store=world.store, device="cpu", worker="bench")
        self.stop: str | None = None

    def arm(self, point: str, action: str) -> None:
        (self.points / point.replace("/", ".")).write_text(action, "utf8")

    def earlier(self, *ends: str) -> None:
        """Attempts of the stage that ended so, without a checkpoint."""
        for number, end in enumerate(ends, 1):
            fence.claim(self.world.store, self.job.stageId, "earlier")
            record = AttemptRecord(attempt=number, worker="earlier", device="cpu", startedAt="t", end=end)
            attempts.save(self.world.store, self.job.stageId, record)

    async def run(self) -> BuiltModel:
        job = self.job
        spec = JobSpec(kind="build", job=job.model_dump(), work_id=job.stageId, max_stalled=3)
        return await self.supervisor.run(spec, lambda: self.stop, lambda end: publish_model(self.world.store, job, end))

    def ends(self) -> list[str]:
        return [record.end for record in attempts.load(self.world.store, self.job.stageId)]


@pytest.fixture
async def bench(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    points = tmp_path / "points"
    points.mkdir()
    monkeypatch.setenv("LAMDAGENT_FAILPOINTS", str(points))
    made = Bench(world, points)
    yield made
    await made.supervisor.close()


async def test_a_job_that_ends_its_process_each_time_is_given_up_with_the_last_lines(bench: Bench) -> None:
    bench.earlier("failed", "failed")
    bench.arm("load/begin", "exit")
    with pytest.raises(ChildDied, match="exit code 3") as died:
        await bench.run()
    assert "load/begin: ending with code 3 as planted" in str(died.value)
    with pytest.raises(JobFailed, match=r"3 attempts without a new checkpoint(.|\n)*ending with code 3") as given_up:
        await bench.run()
    assert given_up.value.kind == "Crashed"
    assert [record.end for record in given_up.value.records] == ["failed"] * 3


async def test_kills_from_outside_and_preemptions_are_no_crash_loop(bench: Bench) -> None:
    bench.earlier("lost", "lost", "lost", "preempted", "preempted", "preempted", "failed", "failed")
    bench.arm("load/begin", "kill")
    with pytest.raises(ChildDied, match="SIGKILL"):
        await bench.run()
    bench.stop = "notice"
    with pytest.raises(JobFailed, match="notice; it had not begun") as stopped:
        await bench.run()
    assert stopped.value.kind == "Preempted"
    bench.stop = None
    built = await bench.run()
    assert [one.end for one in built.attempts[8:]] == ["lost", "completed"]
    assert built.steps == TRAINING["steps"]


async def test_killed_before_it_was_published_the_attempt_is_lost_not_completed(bench: Bench) -> None:
    def torn_away(*_: Any) -> BuiltModel:
        raise RuntimeError("the store is away")

    spec = JobSpec(kind="build", job=bench.job.model_dump(), work_id=bench.job.stageId, max_stalled=3)
    with pytest.raises(RuntimeError, match="the store is away"):
        await bench.supervisor.run(spec, lambda: None, torn_away)
    assert bench.ends() == ["failed"]
    built = await bench.run()
    assert [(one.end, one.stepsKept, one.stepsLost) for one in built.attempts] == [
        ("failed", 0, TRAINING["steps"]),
        ("completed", TRAINING["steps"], 0),
    ]
    assert not bench.world.store.local_work(bench.job.stageId).exists()


async def test_a_full_disk_costs_a_checkpoint_and_not_the_training(bench: Bench) -> None:
    bench.job = bench.world.build_job(
        "sft", TRAINING, checkpoint_seconds=0, model=[bench.world.model], data=[bench.world.sft]
    )
    bench.arm("checkpoint/between-files", "enospc")
    built = await bench.run()
    assert [one.end for one in built.attempts] == ["completed"]
    assert (bench.points / "checkpoint.between-files.fired").exists()


async def test_the_next_job_has_the_device_while_the_last_one_is_published(bench: Bench) -> None:
    """And when the first one's publication fails, that is its own affair."""
    first, publishing, go_on = bench.job, threading.Event(), threading.Event()

    def slowly(_: JobEnd) -> BuiltModel:
        publishing.set()
        go_on.wait(60)
        raise RuntimeError("the store is away")

    spec = JobSpec(kind="build", job=first.model_dump(), work_id=first.stageId, max_stalled=3)
    slow = asyncio.create_task(bench.supervisor.run(spec, lambda: None, slowly))
    await asyncio.to_thread(publishing.wait, 60)
    token = bench.supervisor.tokens[first.stageId]
    bench.job = bench.world.build_job(
        "sft", {**TRAINING, "steps": 4}, model=[bench.world.model], data=[bench.world.sft]
    )
    assert (await bench.run()).steps == 4
    assert bench.supervisor.tokens == {first.stageId: token}
    go_on.set()
    with pytest.raises(RuntimeError, match="the store is away"):
        await slow
    assert [(stage_id, record.end) for stage_id, record in bench.supervisor.ended] == [
        (bench.job.stageId, "completed"),
        (first.stageId, "failed"),
    ]
    assert bench.supervisor.handed_back() == (
        f"stage {bench.job.stageId[:12]} was finished and published; "
        f"stage {first.stageId[:12]} was handed back (failed) at step 6, checkpoint at step 0"
    )
    assert bench.supervisor.latest is None
