"""One attempt in progress: it holds the stage's fence, shows that it lives, and books what happened."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lamdagent_gpu import attempts, fence
from lamdagent_gpu.attempts import AttemptRecord, now_iso
from lamdagent_gpu.checkpoint import Checkpoint, Checkpoints
from lamdagent_gpu.context import STEPPED
from lamdagent_gpu.store import Store

log = logging.getLogger("lamdagent.lease")
BEAT_SECONDS = 2.0
"""How often a running attempt refreshes its record."""
STALE_SECONDS = 6.0
"""Three beats missed: its process is gone, frozen, or cut off from the store."""
PATIENCE_SECONDS = 8.0
"""How long a worker waits for another's attempt before it turns to other work."""
REASON_CHARACTERS = 4000


class HeldElsewhere(RuntimeError):
    """Another worker still works on this stage, whatever the server thinks: it is neither repeated nor disturbed."""


class AlreadyPublished(RuntimeError):
    """The stage was made since it was asked for: there is nothing left to do."""


class Stopped(RuntimeError):
    """Asked to stop before the attempt began."""


class Lease:
    """Made by `take`. `close` must be awaited exactly once, whatever happened."""

    def __init__(self, store: Store, stage_id: str, record: AttemptRecord, earlier: list[AttemptRecord]) -> None:
        self.store = store
        self.stage_id = stage_id
        self.record = record
        self.earlier = earlier
        self.resume: Checkpoint | None = None
        self._began = time.monotonic()
        self._told = False
        self._beats: asyncio.Task[None] | None = None

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(store=self.store, stage_id=self.stage_id, epoch=self.record.attempt)

    async def begin(self) -> None:
        """Finds where to go on and starts to beat."""
        self._beats = asyncio.create_task(self._beat())
        checkpoints = self.checkpoints
        await asyncio.to_thread(checkpoints.clear_staging)
        self.resume = await asyncio.to_thread(checkpoints.newest)
        step = self.resume.step if self.resume else 0
        self.record = replace(self.record, resumedStep=step, lastStep=step, checkpoint=step)
        await self._save()

    def saw(self, event: dict[str, Any]) -> None:
        """Takes over a progress event of the child."""
        checkpoint = int(event["checkpoint"] or 0)
        last = event["step"] if event["phase"] in STEPPED else self.record.lastStep
        self.record = replace(self.record, lastStep=last, checkpoint=checkpoint)

    def completed(self) -> list[AttemptRecord]:
        """All attempts as they go into the object's manifest. In the work area this one stays open until that is there."""
        return [*self.earlier, self._ended("completed", "")]

    async def close(self, end: str, reason: str) -> list[AttemptRecord]:
        """Hands the stage back; the next attempt need not wait."""
        await self.stop_beating()
        self.record = self._ended(end, reason)
        await self._save()
        return [*self.earlier, self.record]

    async def stop_beating(self) -> None:
        if self._beats is not None:
            self._beats.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beats

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            self.record = replace(self.record, gpuSeconds=self._elapsed())
            await self._save()

    async def _save(self) -> None:
        """A store out of reach stops the signs of life, not the work."""
        record = self.record
        try:
            if await asyncio.to_thread(self._is_mine):
                await asyncio.to_thread(attempts.save, self.store, self.stage_id, record)
            self._told = False
        except Exception as error:
            if not self._told:
                log.warning("attempt %d of %s: cannot be recorded now: %s", record.attempt, self.stage_id[:8], error)
                self._told = True

    def _is_mine(self) -> bool:
        """A zombie, or one whose stage was published by another, leaves the work area alone."""
        return fence.claimed(self.store, self.stage_id) == self.record.attempt

    def _ended(self, end: str, reason: str) -> AttemptRecord:
        text = reason if len(reason) <= REASON_CHARACTERS else f"…{reason[-REASON_CHARACTERS:]}"
        return replace(self.record, end=end, reason=text, endedAt=now_iso(), gpuSeconds=self._elapsed())

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


async def take(
    store: Store, stage_id: str, *, worker: str, device: str, gpu_class: str | None = None,
    stop: Callable[[], str | None],
) -> Lease:  # fmt: skip
    """Claims the stage once nobody else works on it.

    Raises HeldElsewhere when another attempt still beats after some patience, AlreadyPublished when such an attempt made
    the stage, Stopped when asked to stop first.
    """
    await _wait_for_holder(store, stage_id, stop)
    epoch = await asyncio.to_thread(fence.claim, store, stage_id, worker)
    record = AttemptRecord(attempt=epoch, worker=worker, device=device, gpuClass=gpu_class, startedAt=now_iso())
    records = await asyncio.to_thread(attempts.load, store, stage_id)
    earlier = await asyncio.to_thread(attempts.close_lost, store, stage_id, records)
    await asyncio.to_thread(attempts.save, store, stage_id, record)
    return Lease(store, stage_id, record, earlier)


async def _wait_for_holder(store: Store, stage_id: str, stop: Callable[[], str | None]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (age := await asyncio.to_thread(age_of_holder, store, stage_id)) is not None and age < STALE_SECONDS:
        if (reason := stop()) is not None:
            raise Stopped(f"{reason}; it had not begun")
        if time.monotonic() > deadline:
            raise HeldElsewhere(f"stage {stage_id}: expected to be free, got an attempt that lives ({age:.0f} s ago)")
        await asyncio.sleep(0.5)
    # Only now: an attempt publishes before it ends.
    if await asyncio.to_thread(store.manifest, stage_id) is not None:
        raise AlreadyPublished(f"stage {stage_id}: another attempt has made it")


def age_of_holder(store: Store, stage_id: str) -> float | None:
    """Seconds since the newest attempt's last sign of life; None when it ended or there is none."""
    names = store.names(attempts.folder_of(stage_id))
    if not names:
        return None
    key = f"{attempts.folder_of(stage_id)}/{names[-1]}"
    records = attempts.load(store, stage_id)
    return None if not records or records[-1].end else store.age_seconds(key)
