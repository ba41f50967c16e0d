"""Owns the warm child process and runs one job at a time in it: fence, resume point, attempt record, publishing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from lamdagent_gpu import attempts, fence
from lamdagent_gpu.attempts import AttemptRecord, now_iso
from lamdagent_gpu.checkpoint import Checkpoints
from lamdagent_gpu.store import FolderStore

STOP_GRACE_SECONDS = 25.0
LOADING_GRACE_SECONDS = 2.0
"""A job that still loads has nothing to save: it is not worth the wait."""
LOG_LINES = 40
Result = TypeVar("Result")


class ChildDied(RuntimeError):
    """The child process ended in the middle of a job; the message holds its last lines."""


class JobFailed(RuntimeError):
    """The job ended with a typed failure of context.py (`kind` is its name), or `Error`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """A job for the child: the message's `kind` and `job`, and the stage id its work folder is named by."""

    kind: str
    job: dict[str, Any]
    work_id: str


@dataclass(frozen=True, kw_only=True)
class JobEnd:
    """A finished, not yet published job."""

    result: dict[str, Any]
    output: Path
    epoch: int
    records: list[AttemptRecord]


class Child:
    """The process and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process, events: asyncio.StreamReader) -> None:
        self.process = process
        self.events = events
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._drain = asyncio.create_task(self._read_log())

    @classmethod
    async def start(cls, environment: dict[str, str]) -> Child:
        read_end, write_end = os.pipe()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lamdagent_gpu.child", str(write_end),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            pass_fds=[write_end], start_new_session=True, env=environment, limit=1 << 20,
        )  # fmt: skip
        os.close(write_end)
        events = asyncio.StreamReader(limit=1 << 24)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(events), os.fdopen(read_end, "rb")
        )
        return cls(process, events)

    async def _read_log(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            text = line.decode("utf8", "replace").rstrip()
            self.log.append(text)
            print(f"child: {text}", file=sys.stderr, flush=True)

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self.process.stdin.write(json.dumps(message).encode() + b"\n")

    async def next_event(self) -> dict[str, Any]:
        """Raises ChildDied when the child is gone."""
        line = await self.events.readline()
        if not line:
            code = await self.process.wait()
            await asyncio.wait([self._drain], timeout=2)
            raise ChildDied(f"the training process ended with code {code}. Its last lines:\n" + "\n".join(self.log))
        event: dict[str, Any] = json.loads(line)
        return event

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


class Supervisor:
    """Runs jobs one after another; `latest` is the progress that heartbeats carry."""

    def __init__(self, *, store: FolderStore, device: str, worker: str) -> None:
        self.store = store
        self.device = device
        self.worker = worker
        self.latest: dict[str, Any] | None = None
        self.stop_grace_seconds = STOP_GRACE_SECONDS
        """How long a job that was asked to stop may take until it is killed."""
        self.last: tuple[str, AttemptRecord] | None = None
        """The stage whose attempt ended last, and that attempt."""
        self._child: Child | None = None
        self._turn = asyncio.Lock()

    async def warm(self) -> None:
        """Starts the child unless a live one is there; returns when it is ready for a job."""
        if self._child is not None and self._child.process.returncode is None:
            return
        child = await Child.start({**os.environ, "TOKENIZERS_PARALLELISM": "false"})
        try:
            ready = await child.next_event()
        except BaseException:
            await child.kill()
            raise
        assert ready["event"] == "ready"
        self._child = child

    def handed_back(self) -> str:
        """What became of the last job, for the last line of the log."""
        if self.last is None:
            return "there was nothing to hand back"
        stage_id, record = self.last
        if record.end == "completed":
            return f"stage {stage_id[:12]} was finished and published"
        where = f"at step {record.lastStep}, checkpoint at step {record.checkpoint}"
        return f"stage {stage_id[:12]} was handed back ({record.end}) {where}"

    async def close(self) -> None:
        if self._child is not None:
            await self._child.kill()

    async def run(self, spec: JobSpec, stop: Callable[[], str | None]) -> JobEnd:
        """Runs the job in the child. Raises JobFailed or ChildDied after the attempt's record was closed."""
        async with self._turn:
            await unless_stopped(self.warm(), stop)
            return await self._attempt(spec, stop)

    async def _attempt(self, spec: JobSpec, stop: Callable[[], str | None]) -> JobEnd:
        work = self.store.work_folder(spec.work_id)
        epoch = fence.claim(work, self.worker)
        earlier = attempts.close_lost(work, attempts.load(work))
        checkpoints = Checkpoints(stage_id=spec.work_id, work=work, epoch=epoch)
        checkpoints.clear_staging()
        resume = await asyncio.to_thread(checkpoints.newest)
        step = resume.step if resume else 0
        record = AttemptRecord(
            attempt=epoch, worker=self.worker, device=self.device, startedAt=now_iso(),
            resumedStep=step, lastStep=step, checkpoint=step,
        )  # fmt: skip
        attempts.save(work, record)
        output = self.store.new_folder()
        assert self._child is not None
        self._child.send(
            {
                "kind": spec.kind,
                "job": spec.job,
                "workId": spec.work_id,
                "fence": epoch,
                "store": str(self.store.root),
                "device": self.device,
                "output": str(output),
                "resume": {"step": resume.step, "folder": str(resume.folder)} if resume else None,
            }
        )
        follower = Follower(self, work, record)
        try:
            result = await follower.follow(stop)
        except BaseException as error:
            shutil.rmtree(output, ignore_errors=True)
            follower.close(end_of(error), str(error)[:2000])
            raise
        done = follower.close("completed", "")
        return JobEnd(result=result, output=output, epoch=epoch, records=[*earlier, done])


async def unless_stopped(work: Awaitable[Result], stop: Callable[[], str | None]) -> Result:
    """The result of `work`, unless asked to stop first: then JobFailed (Preempted)."""
    task = asyncio.ensure_future(work)
    while (reason := stop()) is None and not task.done():
        await asyncio.wait([task], timeout=0.25)
    if reason is not None:
        task.cancel()
        await asyncio.wait([task])
        raise JobFailed("Preempted", f"{reason}; it had not begun")
    return task.result()


def end_of(error: BaseException) -> str:
    preempted = isinstance(error, asyncio.CancelledError) or (
        isinstance(error, JobFailed) and error.kind == "Preempted"
    )
    return "preempted" if preempted else "failed"


class Follower:
    """Follows one job's events: keeps the newest progress and the attempt's record."""

    def __init__(self, supervisor: Supervisor, work: Path, record: AttemptRecord) -> None:
        self._supervisor = supervisor
        self._work = work
        self._record = record
        self._started = time.monotonic()
        self._saved = 0.0

    async def follow(self, stop: Callable[[], str | None]) -> dict[str, Any]:
        child = self._supervisor._child
        assert child is not None
        asked_at: float | None = None
        pending: asyncio.Task[dict[str, Any]] | None = None
        while True:
            pending = pending or asyncio.create_task(child.next_event())
            await asyncio.wait([pending], timeout=0.25)
            reason = stop()
            if reason is not None and asked_at is None:
                child.send({"stop": reason})
                asked_at = time.monotonic()
            if asked_at is not None and time.monotonic() - asked_at > self._grace_seconds():
                pending.cancel()
                await child.kill()
                raise JobFailed("Preempted", f"{reason}; it did not stop in time, the last checkpoint stands")
            if not pending.done():
                continue
            event = pending.result()
            pending = None
            if event["event"] == "done":
                result: dict[str, Any] = event["result"]
                return result
            if event["event"] == "failed":
                raise JobFailed(event["type"], event["message"])
            self._progress(event)

    def _grace_seconds(self) -> float:
        latest = self._supervisor.latest
        loads = latest is None or latest["phase"] == "loading"
        return min(self._supervisor.stop_grace_seconds, LOADING_GRACE_SECONDS if loads else math.inf)

    def _progress(self, event: dict[str, Any]) -> None:
        token = {key: value for key, value in event.items() if key != "event"}
        self._supervisor.latest = {"stageId": self._work.name, "fence": self._record.attempt, **token}
        training = event["phase"] == "training"
        last = event["step"] if training else self._record.lastStep
        checkpoint = int(event["checkpoint"] or 0)
        fresh = checkpoint != self._record.checkpoint
        self._record = replace(self._record, lastStep=last, checkpoint=checkpoint, gpuSeconds=self._elapsed())
        if fresh or time.monotonic() - self._saved > 1.0:
            self._save()

    def close(self, end: str, reason: str) -> AttemptRecord:
        self._record = replace(self._record, end=end, reason=reason, endedAt=now_iso(), gpuSeconds=self._elapsed())
        self._save()
        self._supervisor.latest = None
        if end != "completed":
            self._supervisor.last = (self._work.name, self._record)
        return self._record

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _save(self) -> None:
        self._saved = time.monotonic()
        if self._work.is_dir():
            attempts.save(self._work, self._record)
