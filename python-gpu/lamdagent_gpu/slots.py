"""When a GPU worker asks for its next job: as soon as its device is free, while the last result is still being published."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from temporalio.worker import (
    CustomSlotSupplier,
    FixedSizeSlotSupplier,
    SlotMarkUsedContext,
    SlotPermit,
    SlotReleaseContext,
    SlotReserveContext,
    WorkerTuner,
)

from lamdagent_gpu.supervisor import MOST_AT_HAND


class DeviceSlots(CustomSlotSupplier):
    """Slots of the jobs of one device. A job that is not yet needed stays on the queue, for whichever worker is free first.

    All counting is done on the event loop: the SDK gives slots back from threads of its own.
    """

    def __init__(self) -> None:
        self._given = 0
        self._publishing = 0
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextlib.contextmanager
    def publishing(self) -> Iterator[None]:
        """Within this a job that was given a slot has no more need of the device."""
        self._publishing += 1
        self._changed.set()
        try:
            yield
        finally:
            self._publishing -= 1

    async def reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit:
        self._loop = asyncio.get_running_loop()
        while self._given > self._publishing or self._given == MOST_AT_HAND:
            self._changed.clear()
            await self._changed.wait()
        self._given += 1
        return SlotPermit()

    def try_reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit | None:
        """Never: for tasks that a workflow task on this worker brings, of which there are none."""
        return None

    def mark_slot_used(self, ctx: SlotMarkUsedContext) -> None:
        """A slot counts from when it is given."""

    def release_slot(self, ctx: SlotReleaseContext) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the worker has ended
                self._loop.call_soon_threadsafe(self._take_back)

    def _take_back(self) -> None:
        self._given -= 1
        self._changed.set()

    def tuner(self) -> WorkerTuner:
        """For a worker that has activities alone."""
        none = FixedSizeSlotSupplier(1)
        return WorkerTuner.create_composite(
            workflow_supplier=none, activity_supplier=self, local_activity_supplier=none, nexus_supplier=none
        )
