"""Owns the warm child process and runs one job at a time in it; the next one begins while the last is published."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import shutil
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lamdagent_gpu import attempts
from lamdagent_gpu.attempts import AttemptRecord
from lamdagent_gpu.childprocess import Child, ChildDied
from lamdagent_gpu.environment import JUDGE_KEY, KEPT_MEMORY, child_environment
from lamdagent_gpu.lease import Lease, Stopped, take
from lamdagent_gpu.leftovers import clear_leftovers, clear_work
from lamdagent_gpu.store import Store

Published = TypeVar("Published")
Result = TypeVar("Result")
STOP_GRACE_SECONDS = 25.0
LOADING_GRACE_SECONDS = 2.0
"""A job that still loads has nothing to save: it is not worth the wait."""
MOST_AT_HAND = 2
"""Jobs at a time: one that has the device, and one that is published."""
LOST_PER_FAILED = 3
"""Losing a whole worker may be a preemption without notice, so it weighs less than a job that died by itself."""


class JobFailed(RuntimeError):
    """The job ended with a typed failure of context.py (`kind` is its name), `Crashed`, or `Error`."""

    def __init__(self, kind: str, message: str, records: list[AttemptRecord] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.records = records or []


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """A job for the child: the message's `kind` and `job`, and the stage id its work folder is named by."""

    kind: str
    job: dict[str, Any]
    work_id: str
    max_stalled: int


@dataclass(frozen=True, kw_only=True)
class JobEnd:
    """A finished job, to be published: what the child returned, its files, and all attempts up to this one."""

    result: dict[str, Any]
    output: Path
    records: list[AttemptRecord]
    guard: Callable[[], None]
    """Raises StaleFence when a newer attempt has taken over."""


class Supervisor:
    """Runs jobs one after another on its device; what they made is published while the next one runs."""

    def __init__(
        self, *, store: Store, device: str, worker: str, devices: int = 1, shard: str = "auto",
        label: str | None = None, gpu_class: str | None = None, variables: Mapping[str, str] | None = None,
        publishing: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> None:  # fmt: skip
        """`device`: cuda, mps or cpu; `label`: the same for people; `variables`: what the child's environment has more.

        `publishing` is entered when a job has no more need of the device, and left when all it made is in the store.
        """
        self.store = store
        self.device = device
        self.devices = devices
        """How many of them one training runs on."""
        self.shard = shard
        self.worker = worker
        self.label = label or device
        self.gpu_class = gpu_class
        self.variables = dict(variables or {})
        self.tokens: dict[str, dict[str, Any]] = {}
        """The newest progress of each job at hand, by stage id: what heartbeats carry."""
        self.stop_grace_seconds = STOP_GRACE_SECONDS
        """How long a job that was asked to stop may take until it is killed."""
        self.ended: deque[tuple[str, AttemptRecord]] = deque(maxlen=MOST_AT_HAND)
        """The stages whose attempts ended last, and those attempts."""
        self._publishing = publishing
        self._child: Child | None = None
        self._turn = asyncio.Lock()

    async def warm(self) -> None:
        """Starts the child unless a live one is there; returns when it is ready for a job."""
        if self._child is not None and self._child.lives:
            return
        location = self.store.location
        permitted = child_environment(os.environ, store=location)
        environment = {
            "HF_HUB_OFFLINE": "1", **KEPT_MEMORY, **permitted, "TOKENIZERS_PARALLELISM": "false", **self.variables,
        }  # fmt: skip
        several = [str(self.devices), self.device, self.shard] if self.devices > 1 else []
        child = await Child.start([location, str(self.store.local_root), *several], environment)
        try:
            ready = await child.next_event()
        except BaseException:
            await child.kill()
            raise
        assert ready["event"] == "ready"
        self._child = child

    @property
    def latest(self) -> dict[str, Any] | None:
        """Progress of the job that began last."""
        return next(reversed(self.tokens.values()), None)

    def handed_back(self) -> str:
        """What became of the last jobs, for the last line of the log."""
        return "; ".join(map(fate, self.ended)) or "there was nothing to hand back"

    async def close(self) -> None:
        await self._end_child()

    async def run(
        self, spec: JobSpec, stop: Callable[[], str | None], publish: Callable[[JobEnd], Published]
    ) -> Published:
        """Runs the job in the child and publishes its result in a thread; the attempt beats until that is done.

        Raises:
            JobFailed, ChildDied: after the attempt's record was closed.
            HeldElsewhere: another attempt of the stage lives.
            AlreadyPublished: another attempt of the stage was waited for, and made it.
        """
        async with self._turn:
            await unless_stopped(self.warm(), stop)
            lease = await self._taken(spec, stop)
            async with self._booked(spec, lease):
                end = await self._attempt(spec, lease, stop)
        with self._publishing():
            async with self._booked(spec, lease):
                published = await asyncio.to_thread(publish, end)
            await lease.stop_beating()
            self._finished(spec, end.records[-1])
            await asyncio.to_thread(clear_work, self.store, spec.work_id)
            await asyncio.to_thread(clear_leftovers, self.store)
            return published

    @contextlib.asynccontextmanager
    async def _booked(self, spec: JobSpec, lease: Lease) -> AsyncIterator[None]:
        """Whatever ends the job in here is on record as the end of its attempt."""
        try:
            yield
        except BaseException as error:
            records = await lease.close(end_of(error), str(error))
            self._finished(spec, records[-1])
            if isinstance(error, JobFailed):
                error.records = records
            raise

    def _finished(self, spec: JobSpec, record: AttemptRecord) -> None:
        self.tokens.pop(spec.work_id, None)
        self.ended.append((spec.work_id, record))

    async def _taken(self, spec: JobSpec, stop: Callable[[], str | None]) -> Lease:
        """The lease of a stage that may be tried once more."""
        before = await asyncio.to_thread(attempts.load, self.store, spec.work_id)
        failed, lost = attempts.stalled_in_a_row(before)
        if failed >= spec.max_stalled or failed + lost >= LOST_PER_FAILED * spec.max_stalled:
            raise JobFailed(
                "Crashed",
                f"{failed + lost} attempts without a new checkpoint. The last one: {before[-1].reason}",
                before,
            )
        try:
            return await take(
                self.store, spec.work_id, worker=self.worker, device=self.label, gpu_class=self.gpu_class, stop=stop
            )
        except Stopped as stopped:
            raise JobFailed("Preempted", str(stopped)) from None

    async def _attempt(self, spec: JobSpec, lease: Lease, stop: Callable[[], str | None]) -> JobEnd:
        await unless_stopped(lease.begin(), stop)
        halvings = 0
        while True:
            await unless_stopped(self.warm(), stop)
            try:
                return await self._run_in_child(spec, lease, stop, halvings)
            except JobFailed as error:
                if self.devices > 1:
                    await self._end_child()  # the other ranks wait for the one that failed
                if error.kind != "TooLarge":
                    raise
                halvings += 1

    async def _end_child(self) -> None:
        if self._child is not None:
            await self._child.kill()

    async def _run_in_child(self, spec: JobSpec, lease: Lease, stop: Callable[[], str | None], halvings: int) -> JobEnd:
        """`halvings`: how many larger micro-batches did not fit one of several devices."""
        output = self.store.new_folder()
        newest = await asyncio.to_thread(lease.checkpoints.newest) if halvings else lease.resume
        assert self._child is not None
        self._child.send(
            {
                "kind": spec.kind,
                "job": spec.job,
                "workId": spec.work_id,
                "fence": lease.record.attempt,
                "device": self.device,
                "output": str(output),
                **({"judgeKey": os.environ.get(JUDGE_KEY)} if spec.kind == "evaluate" else {}),
                **({"halvings": halvings} if halvings else {}),
                "resume": {"step": newest.step, "folder": str(newest.folder)} if newest else None,
            }
        )
        try:
            result = await self._follow(spec, lease, stop)
        except BaseException:
            shutil.rmtree(output, ignore_errors=True)
            raise
        return JobEnd(result=result, output=output, records=lease.completed(), guard=lease.checkpoints.check_fence)

    async def _follow(self, spec: JobSpec, lease: Lease, stop: Callable[[], str | None]) -> dict[str, Any]:
        """Reads the child's events until the job ends; passes a wish to stop on."""
        child = self._child
        assert child is not None
        asked_at: float | None = None
        event = asyncio.create_task(child.next_event())
        try:
            while True:
                await asyncio.wait([event], timeout=0.25)
                reason = stop()
                if reason is not None and asked_at is None:
                    child.send({"stop": reason})
                    asked_at = time.monotonic()
                if not event.done():
                    if asked_at is not None and time.monotonic() - asked_at > self._grace_seconds(spec):
                        await child.kill()
                        raise JobFailed("Preempted", f"{reason}; it did not stop in time, the last checkpoint stands")
                    continue
                found = event.result()
                if found["event"] == "done":
                    result: dict[str, Any] = found["result"]
                    return result
                if found["event"] == "failed":
                    raise JobFailed(found["type"], found["message"])
                self._progress(spec, lease, found)
                event = asyncio.create_task(child.next_event())
        finally:
            event.cancel()
            with contextlib.suppress(asyncio.CancelledError, ChildDied):
                await event

    def _grace_seconds(self, spec: JobSpec) -> float:
        token = self.tokens.get(spec.work_id)
        loads = token is None or token["phase"] == "loading"
        return min(self.stop_grace_seconds, LOADING_GRACE_SECONDS if loads else math.inf)

    def _progress(self, spec: JobSpec, lease: Lease, event: dict[str, Any]) -> None:
        lease.saw(event)
        token = {key: value for key, value in event.items() if key != "event"}
        self.tokens[spec.work_id] = {"stageId": spec.work_id, "fence": lease.record.attempt, **token}


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


def fate(ended: tuple[str, AttemptRecord]) -> str:
    stage_id, record = ended
    if record.end == "completed":
        return f"stage {stage_id[:12]} was finished and published"
    where = f"at step {record.lastStep}, checkpoint at step {record.checkpoint}"
    return f"stage {stage_id[:12]} was handed back ({record.end}) {where}"


def end_of(error: BaseException) -> str:
    """How an attempt ended that brought no result."""
    if isinstance(error, ChildDied):
        return "lost" if error.from_outside else "failed"
    preempted = isinstance(error, asyncio.CancelledError) or (
        isinstance(error, JobFailed) and error.kind == "Preempted"
    )
    return "preempted" if preempted else "failed"
