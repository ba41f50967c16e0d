"""Owns the warm child process and runs one job at a time in it, from the claim of its fence to the published object."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lamdagent_gpu import attempts
from lamdagent_gpu.attempts import AttemptRecord
from lamdagent_gpu.childprocess import Child, ChildDied
from lamdagent_gpu.environment import JUDGE_KEY, KEPT_MEMORY, child_environment
from lamdagent_gpu.lease import Lease, Stopped, take
from lamdagent_gpu.store import Store

log = logging.getLogger("lamdagent.supervisor")
Published = TypeVar("Published")
Result = TypeVar("Result")
STOP_GRACE_SECONDS = 25.0
LOADING_GRACE_SECONDS = 2.0
"""A job that still loads has nothing to save: it is not worth the wait."""
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
    """Runs jobs one after another; `latest` is the progress that heartbeats carry."""

    def __init__(
        self, *, store: Store, device: str, worker: str, devices: int = 1, shard: str = "auto",
        label: str | None = None, gpu_class: str | None = None, variables: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """`device`: cuda, mps or cpu; `label`: the same for people; `variables`: what the child's environment has more."""
        self.store = store
        self.device = device
        self.devices = devices
        """How many of them one training runs on."""
        self.shard = shard
        self.worker = worker
        self.label = label or device
        self.gpu_class = gpu_class
        self.variables = dict(variables or {})
        self.latest: dict[str, Any] | None = None
        self.stop_grace_seconds = STOP_GRACE_SECONDS
        """How long a job that was asked to stop may take until it is killed."""
        self.last: tuple[str, AttemptRecord] | None = None
        """The stage whose attempt ended last, and that attempt."""
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
        await self._end_child()

    async def run(
        self, spec: JobSpec, stop: Callable[[], str | None], publish: Callable[[JobEnd], Published]
    ) -> Published:
        """Runs the job in the child and publishes its result in a thread; the attempt beats until that is done.

        Raises:
            JobFailed, ChildDied: after the attempt's record was closed.
            HeldElsewhere: another attempt of the stage lives.
        """
        async with self._turn:
            await unless_stopped(self.warm(), stop)
            lease = await self._taken(spec, stop)
            try:
                end = await self._attempt(spec, lease, stop)
                published = await asyncio.to_thread(publish, end)
            except BaseException as error:
                records = await lease.close(end_of(error), str(error))
                self.last = (spec.work_id, records[-1])
                if isinstance(error, JobFailed):
                    error.records = records
                raise
            finally:
                self.latest = None
            await lease.stop_beating()
            self.last = (spec.work_id, end.records[-1])
            await asyncio.to_thread(clear_work, self.store, spec.work_id)
            await asyncio.to_thread(clear_leftovers, self.store)
            return published

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
                    if asked_at is not None and time.monotonic() - asked_at > self._grace_seconds():
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

    def _grace_seconds(self) -> float:
        loads = self.latest is None or self.latest["phase"] == "loading"
        return min(self.stop_grace_seconds, LOADING_GRACE_SECONDS if loads else math.inf)

    def _progress(self, spec: JobSpec, lease: Lease, event: dict[str, Any]) -> None:
        lease.saw(event)
        token = {key: value for key, value in event.items() if key != "event"}
        self.latest = {"stageId": spec.work_id, "fence": lease.record.attempt, **token}


def clear_leftovers(store: Store) -> None:
    """Checkpoints on this machine of stages that went on, and ended, on others."""
    if not store.is_shared:
        return
    for folder in (store.local_root / "work").iterdir():
        try:
            if not store.names(f"work/{folder.name}"):
                shutil.rmtree(folder, ignore_errors=True)
        except Exception as error:
            log.warning("local work folder %s: expected to be looked up, got %s", folder.name[:8], error)


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


def clear_work(store: Store, stage_id: str) -> None:
    """Checkpoints, fence and attempts of a stage that has its end. What stays here by a fault is only rubbish."""
    try:
        store.remove_tree(f"work/{stage_id}")
        shutil.rmtree(store.local_work(stage_id), ignore_errors=True)
    except Exception as error:
        log.warning("work folder of %s: expected to be removed, got %s; `lamdagent gc` removes it", stage_id[:8], error)


def end_of(error: BaseException) -> str:
    """How an attempt ended that brought no result."""
    if isinstance(error, ChildDied):
        return "lost" if error.from_outside else "failed"
    preempted = isinstance(error, asyncio.CancelledError) or (
        isinstance(error, JobFailed) and error.kind == "Preempted"
    )
    return "preempted" if preempted else "failed"
