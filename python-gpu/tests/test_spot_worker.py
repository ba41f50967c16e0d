# ruff: noqa: F811 (fixtures come from the other test of the worker)
"""Notices to real worker processes at every stage of their life; a second worker goes on with what was handed back.

The worker that takes over in one test is the one that is preempted in the next: starting one takes seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import TRAINING, World
from fake_metadata import FakeAws, FakeAzure, FakeGcp, FakeMetadata, aws_action
from temporalio.client import WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker
from test_worker import QUEUE, RunActivity, Start, address, connected, free_port  # noqa: F401

from lamdagent_gpu.files import sha256_of

NOTICE_SECONDS = 20.0
CLOUDS = (FakeAws, FakeAzure)
"""In turn. GCP's notices tell no time, which some tests choose."""


class SpotWorker:
    """A worker process on a machine that its provider may take back."""

    def __init__(self, folder: Path, address: str, cloud: Any, *, notice: float = NOTICE_SECONDS) -> None:
        self.cloud = cloud
        self.metadata = FakeMetadata(cloud)
        self.log: deque[str] = deque(maxlen=200)
        self.ready = threading.Event()
        command = [
            str(Path(sys.executable).with_name("lamdagent-gpu-worker")),
            *("--address", address, "--namespace", "default", "--store", str(folder / "store")),
            *("--device", "cpu", "--queue", QUEUE, "--notice", str(notice)),
            *("--spot", "auto", "--metadata-address", self.metadata.address),
        ]
        variables = {"OMP_NUM_THREADS": "1", "LAMDAGENT_FAILPOINTS": str(folder / "failpoints")}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, **variables, "LAMDAGENT_PARENT_PID": str(os.getpid())},
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.log.append(line.rstrip())
            if line.startswith("ready "):
                self.ready.set()

    def preempt(self, seconds: float) -> float:
        """The provider's notice; returns the time, on time.monotonic(), from which the machine may be gone."""
        if isinstance(self.cloud, FakeAws):
            self.cloud.action = aws_action("terminate", seconds)
        else:
            self.cloud.schedule("Preempt", seconds=seconds)
        return time.monotonic() + seconds

    def child(self) -> int:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(path.read_text().split()[0])

    async def ended_before(self, deadline: float) -> int:
        """Its exit code. The notices carry whole seconds, hence the half."""
        while self.process.poll() is None:
            assert time.monotonic() < deadline + 0.5, ["expected to end before its deadline", *self.log]
            await asyncio.sleep(0.02)
        self._reader.join(timeout=5)
        self.metadata.close()
        return self.process.returncode

    @property
    def last_line(self) -> str:
        return self.log[-1]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Relay:
    """Workers one after the other on one store."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address
        self.workers: list[SpotWorker] = []
        (folder / "failpoints").mkdir()

    def begin(self, **options: Any) -> SpotWorker:
        """Starts a worker, of the next provider in turn, without waiting for it."""
        cloud = CLOUDS[len(self.workers) % len(CLOUDS)]()
        self.workers.append(SpotWorker(self.folder, self.address, cloud, **options))
        return self.workers[-1]

    def current(self) -> SpotWorker:
        """A live worker that is ready."""
        worker = self.workers[-1] if self.workers and self.workers[-1].process.poll() is None else self.begin()
        assert worker.ready.wait(120), list(worker.log)
        return worker

    def adopt(self, world: World) -> None:
        """Takes over what a test's world has published."""
        for source in (world.root / "store" / "objects").iterdir():
            if not (target := self.folder / "store" / "objects" / source.name).exists():
                shutil.copytree(source, target)

    def arm(self, point: str, action: str) -> Callable[[], bool]:
        """A failpoint; returns whether it was reached."""
        armed = self.folder / "failpoints" / point.replace("/", ".")
        fired = armed.with_name(f"{armed.name}.fired")
        fired.unlink(missing_ok=True)
        armed.write_text(action, "utf8")
        return fired.exists

    def result(self, stage_id: str) -> dict[str, Any] | None:
        """The published object's facts, after every file was checked against the manifest."""
        folder = self.folder / "store" / "objects" / stage_id
        if not folder.exists():
            return None
        manifest = json.loads((folder / "manifest.json").read_text("utf8"))
        for file in manifest["files"]:
            assert sha256_of(folder / file["path"]) == file["sha256"]
        facts: dict[str, Any] = manifest["result"]
        return facts


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory, address: str) -> Iterator[Relay]:
    relay = Relay(tmp_path_factory.mktemp("relay"), address)
    yield relay
    for worker in relay.workers:
        worker.end()


@pytest.fixture
async def start(address: str) -> AsyncIterator[Start]:
    """Starts an activity through a workflow. The build id is given: hashing all of torch's modules takes long."""
    client = await connected(address)
    runner = Worker(
        client,
        task_queue="test",
        workflows=[RunActivity],
        workflow_runner=UnsandboxedWorkflowRunner(),
        build_id="test",
    )

    async def begin(name: str, job: Any) -> WorkflowHandle[Any, Any]:
        identity = f"{name}-{time.monotonic_ns()}"
        return await client.start_workflow("runActivity", args=[name, job, QUEUE], id=identity, task_queue="test")

    async with runner:
        yield begin


PATIENCE_SECONDS = 120
"""Only a hang takes longer, on however busy a machine."""


async def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, f"expected it within {PATIENCE_SECONDS} s"
        await asyncio.sleep(0.02)


def training(world: World, seed: float, steps: int = 8) -> Any:
    """A job that writes no checkpoint unless it is asked to stop."""
    parameters = {**TRAINING, "steps": steps, "learningRate": seed * 1e-3}
    return world.build_job("sft", parameters, model=[world.model], data=[world.sft], checkpoint_seconds=1e9)


def attempts_of(outcome: Any) -> list[tuple[str, int]]:
    return [(attempt["end"], attempt["stepsLost"]) for attempt in outcome["attempts"]]


@pytest.mark.parametrize("how", ["notice", "SIGTERM"])
async def test_in_the_middle_of_a_training_no_step_is_lost(relay: Relay, world: World, start: Start, how: str) -> None:
    relay.adopt(world)
    worker = relay.current()
    job = training(world, seed=1 if how == "notice" else 2)
    reached = relay.arm("train/step", "sleep 3")
    handle = await start("build", job.model_dump())
    await until(reached)
    relay.begin()
    if how == "notice":
        deadline = worker.preempt(15)
    else:
        deadline = time.monotonic() + NOTICE_SECONDS
        worker.process.send_signal(signal.SIGTERM)
    code = await worker.ended_before(deadline)
    outcome = await handle.result()
    first, second = outcome["attempts"]
    assert (code, attempts_of(outcome)) == (0, [("preempted", 0), ("completed", 0)])
    assert 0 < second["resumedStep"] == first["lastStep"] < second["lastStep"] == 8
    reason = "preemption notice of " if how == "notice" else "SIGTERM received"
    assert first["reason"].startswith(reason), first
    step = first["lastStep"]
    assert reason in worker.last_line
    where = f"at step {step}, checkpoint at step {step}"
    assert worker.last_line.endswith(f"; stage {job.stageId[:12]} was handed back (preempted) {where}")


async def test_a_checkpoint_that_hangs_is_given_up_and_the_job_handed_back(
    relay: Relay, world: World, start: Start
) -> None:
    relay.adopt(world)
    worker = relay.current()
    relay.arm("checkpoint/before-manifest", "sleep 60")
    reached = relay.arm("train/step", "sleep 2")
    handle = await start("build", training(world, seed=3).model_dump())
    await until(reached)
    relay.begin()
    code = await worker.ended_before(worker.preempt(10))
    outcome = await handle.result()
    first, second = outcome["attempts"]
    assert (code, [attempt["end"] for attempt in (first, second)]) == (0, ["preempted", "completed"])
    assert "did not stop in time, the last checkpoint stands" in first["reason"]
    assert (second["resumedStep"], first["stepsLost"]) == (0, first["lastStep"])


async def test_while_a_model_loads_nothing_is_waited_for(relay: Relay, world: World, start: Start) -> None:
    relay.adopt(world)
    worker = relay.current()
    reached = relay.arm("load/begin", "sleep 60")
    handle = await start("build", training(world, seed=4).model_dump())
    await until(reached)
    relay.begin()
    began = time.monotonic()
    code = await worker.ended_before(worker.preempt(20))
    assert (code, time.monotonic() - began < 10) == (0, True)
    assert attempts_of(await handle.result()) == [("preempted", 0), ("completed", 0)]


async def test_before_the_child_is_ready_the_job_never_begins(relay: Relay, world: World, start: Start) -> None:
    relay.adopt(world)
    worker = relay.current()
    old = worker.child()
    os.kill(old, signal.SIGKILL)
    await until(lambda: not Path(f"/proc/{old}").exists())
    handle = await start("build", training(world, seed=5).model_dump())
    await until(lambda: bool(Path(f"/proc/{worker.process.pid}/task/{worker.process.pid}/children").read_text()))
    relay.begin()
    began = time.monotonic()
    code = await worker.ended_before(worker.preempt(20))
    assert (code, time.monotonic() - began < 10) == (0, True)
    assert worker.last_line.endswith("there was nothing to hand back")
    assert attempts_of(await handle.result()) == [("completed", 0)]


async def test_in_the_middle_of_an_evaluation_it_is_done_again(relay: Relay, world: World, start: Start) -> None:
    items = [
        {"id": str(i), "messages": [{"role": "user", "content": "x" * (i % 60 + 1)}], "answers": ["y"]}
        for i in range(200)
    ]
    job = world.evaluate_job(world.model, [world.benchmark(items, tokens=16)])
    relay.adopt(world)
    worker = relay.current()
    reached = relay.arm("evaluate/between-batches", "sleep 3")
    handle = await start("evaluate", job.model_dump())
    await until(reached)
    relay.begin()
    code = await worker.ended_before(worker.preempt(15))
    outcome = await handle.result()
    assert (code, attempts_of(outcome)) == (0, [("preempted", 0), ("completed", 0)])
    assert outcome["scores"][0]["items"] == 200


async def test_in_the_middle_of_a_merge_it_is_done_again(relay: Relay, world: World, start: Start) -> None:
    models = sorted([world.model, world.publish_model("other", seed=5)])
    job = world.build_job("merge", {"method": "linear", "weights": [1, 1]}, models=models)
    relay.adopt(world)
    worker = relay.current()
    reached = relay.arm("merge/writing", "sleep 3")
    handle = await start("build", job.model_dump())
    await until(reached)
    relay.begin()
    code = await worker.ended_before(worker.preempt(15))
    outcome = await handle.result()
    assert (code, attempts_of(outcome)) == (0, [("preempted", 0), ("completed", 0)])
    facts = relay.result(job.stageId)
    assert facts is not None
    assert facts["weightsSha256"] == outcome["weightsSha256"]


async def test_a_publication_under_way_is_completed(relay: Relay, world: World, start: Start) -> None:
    relay.adopt(world)
    worker = relay.current()
    job = training(world, seed=6)
    reached = relay.arm("publish/before-rename", "sleep 3")
    handle = await start("build", job.model_dump())
    await until(reached)
    assert relay.result(job.stageId) is None
    relay.begin()
    code = await worker.ended_before(worker.preempt(15))
    outcome = await handle.result()
    assert (code, attempts_of(outcome)) == (0, [("completed", 0)])
    assert relay.result(job.stageId) is not None
    assert worker.last_line.endswith(f"stage {job.stageId[:12]} was finished and published")


async def test_a_publication_that_takes_too_long_is_done_again_whole(relay: Relay, world: World, start: Start) -> None:
    relay.adopt(world)
    worker = relay.current()
    job = training(world, seed=7)
    reached = relay.arm("publish/before-rename", "sleep 60")
    handle = await start("build", job.model_dump())
    await until(reached)
    relay.begin()
    code = await worker.ended_before(worker.preempt(5))
    assert code == 1
    assert "not handed back in time" in worker.last_line
    assert relay.result(job.stageId) is None
    outcome = await handle.result()
    assert outcome["status"] == "completed"
    facts = relay.result(job.stageId)
    assert facts is not None
    assert facts["weightsSha256"] == outcome["weightsSha256"]


@pytest.mark.parametrize("how", ["notice", "SIGTERM"])
async def test_a_worker_that_is_not_set_up_yet_ends_at_once(tmp_path: Path, how: str) -> None:
    """Its Temporal service does not answer; the notice stands already, or the signal comes."""
    (tmp_path / "failpoints").mkdir()
    cloud = FakeGcp(preempted="TRUE" if how == "notice" else "FALSE")
    worker = SpotWorker(tmp_path, f"127.0.0.1:{free_port()}", cloud)
    try:
        if how == "SIGTERM":
            await until(lambda: worker.metadata.polled() > 0)
            worker.process.send_signal(signal.SIGTERM)
        assert await worker.ended_before(time.monotonic() + 15) == 0
    finally:
        worker.end()
    assert not worker.ready.is_set()
    assert worker.last_line.endswith(("there was nothing to hand back", "nothing had begun"))
