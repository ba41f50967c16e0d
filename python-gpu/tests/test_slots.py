"""Slots of a worker's one device: the next job is asked for when the device is free, not before and not much later."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from temporalio.worker import SlotPermit, SlotReleaseContext

from lamdagent_gpu.slots import DeviceSlots

ANY: Any = None


async def given(slots: DeviceSlots) -> SlotPermit | None:
    """A slot, or None where none is to be had now."""
    asked = asyncio.create_task(slots.reserve_slot(ANY))
    await asyncio.sleep(0.01)
    if asked.done():
        return asked.result()
    asked.cancel()
    return None


def take_back(slots: DeviceSlots, permit: SlotPermit) -> None:
    """As the SDK does it, from a thread of its own."""
    thread = threading.Thread(target=slots.release_slot, args=[SlotReleaseContext(None, permit)])
    thread.start()
    thread.join()


async def test_one_job_has_the_device_and_the_next_one_stays_on_the_queue() -> None:
    slots = DeviceSlots()
    first = await given(slots)
    assert first is not None
    assert await given(slots) is None
    take_back(slots, first)
    assert await given(slots) is not None
    assert slots.try_reserve_slot(ANY) is None


async def test_the_next_job_is_asked_for_when_the_last_one_is_published() -> None:
    slots = DeviceSlots()
    first = await given(slots)
    assert first is not None
    waiting = asyncio.create_task(slots.reserve_slot(ANY))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    with slots.publishing():
        second = await asyncio.wait_for(waiting, 1)
        assert await given(slots) is None
    assert await given(slots) is None
    take_back(slots, first)
    assert await given(slots) is None
    take_back(slots, second)
    assert await given(slots) is not None


async def test_two_results_on_their_way_are_enough() -> None:
    slots = DeviceSlots()
    first = await given(slots)
    assert first is not None
    with slots.publishing():
        assert await given(slots) is not None
        with slots.publishing():
            assert await given(slots) is None
        take_back(slots, first)


async def test_all_who_wait_are_asked_again_and_one_is_served() -> None:
    slots = DeviceSlots()
    first = await given(slots)
    assert first is not None
    waiting = [asyncio.create_task(slots.reserve_slot(ANY)) for _ in range(5)]
    await asyncio.sleep(0.01)
    take_back(slots, first)
    await asyncio.sleep(0.01)
    assert sum(one.done() for one in waiting) == 1
    for one in waiting:
        one.cancel()
