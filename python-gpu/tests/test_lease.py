"""Leases: nobody restarts what still lives, nobody waits for the dead, and a zombie leaves no trace."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from lamdagent_gpu import attempts, fence, lease
from lamdagent_gpu.lease import AlreadyPublished, HeldElsewhere, Lease, Stopped
from lamdagent_gpu.leftovers import clear_work
from lamdagent_gpu.store import FolderStore

ID = "ab" * 32


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"BEAT_SECONDS": 0.1, "STALE_SECONDS": 1.5, "PATIENCE_SECONDS": 3.0}.items():
        monkeypatch.setattr(lease, name, seconds)


async def take(store: FolderStore, worker: str) -> Lease:
    taken = await lease.take(store, ID, worker=worker, device="cpu", stop=lambda: None)
    await taken.begin()
    return taken


async def test_an_attempt_that_beats_is_neither_repeated_nor_disturbed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    alive = await take(store, "alive")
    with pytest.raises(HeldElsewhere, match="expected to be free, got an attempt that lives"):
        await take(store, "impatient")
    fence.check(store, ID, alive.record.attempt)
    await alive.close("preempted", "notice")


async def test_who_hands_back_is_followed_at_once(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    first = await take(store, "first")
    waiting = asyncio.create_task(take(store, "second"))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await first.close("preempted", "notice")
    second = await asyncio.wait_for(waiting, 5)
    assert [one.end for one in second.earlier] == ["preempted"]
    await second.close("preempted", "notice")


async def test_who_waited_for_one_that_published_has_nothing_to_do(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    first = await take(store, "first")
    waiting = asyncio.create_task(take(store, "second"))
    await asyncio.sleep(0.3)
    store.publish(ID, "sft", store.new_folder(), {})
    await asyncio.sleep(0.3)
    assert not waiting.done()  # the first one still writes its records
    await first.stop_beating()
    clear_work(store, ID)
    with pytest.raises(AlreadyPublished, match="another attempt has made it"):
        await asyncio.wait_for(waiting, 5)
    assert store.names(f"work/{ID}") == []


async def test_who_vanished_is_followed_when_its_beats_are_missed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    vanished = await take(store, "vanished")
    vanished.saw({"phase": "training", "step": 7, "checkpoint": 5})
    await asyncio.sleep(0.3)
    await vanished.stop_beating()
    began = time.monotonic()
    second = await take(store, "second")
    assert time.monotonic() - began < lease.PATIENCE_SECONDS
    (lost,) = second.earlier
    assert (lost.end, lost.lastStep, lost.checkpoint) == ("lost", 7, 5)
    assert lost.gpuSeconds > 0
    await second.close("preempted", "notice")


async def test_a_zombie_leaves_the_records_alone(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    zombie = await take(store, "zombie")
    await zombie.stop_beating()
    await asyncio.sleep(lease.STALE_SECONDS + 0.1)
    second = await take(store, "second")
    await zombie.close("failed", "woken up")
    assert [one.end for one in attempts.load(store, ID)] == ["lost", ""]
    with pytest.raises(fence.StaleFence):
        zombie.checkpoints.commit(9, lambda folder: None)
    await second.close("preempted", "notice")


async def test_a_zombie_of_a_published_stage_makes_no_work_folder(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    zombie = await take(store, "zombie")
    store.remove_tree(f"work/{ID}")
    await asyncio.sleep(0.3)
    await zombie.close("failed", "woken up")
    assert not store.local_work(ID).exists()


async def test_who_waits_hears_a_wish_to_stop(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    alive = await take(store, "alive")
    with pytest.raises(Stopped, match="notice; it had not begun"):
        await lease.take(store, ID, worker="second", device="cpu", stop=lambda: "notice")
    await alive.close("preempted", "notice")


async def test_a_store_out_of_reach_stops_the_signs_of_life_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = FolderStore(tmp_path)
    taken = await take(store, "cut off")

    def away(*_: object) -> None:
        raise OSError("network is unreachable")

    with monkeypatch.context() as patch:
        patch.setattr(FolderStore, "replace", away)
        await asyncio.sleep(0.5)
    await asyncio.sleep(0.3)
    assert sum("cannot be recorded now: network is unreachable" in one.message for one in caplog.records) == 1
    assert lease.age_of_holder(store, ID) is not None
    await taken.close("completed", "")
    assert attempts.load(store, ID)[0].end == "completed"


async def test_the_class_of_a_worker_is_on_record_and_unsaid_where_there_is_none(tmp_path: Path) -> None:
    """Workers of before there were classes read these records, and know no such key."""
    for gpu_class in (None, "large"):
        store = FolderStore(tmp_path / str(gpu_class))
        taken = await lease.take(store, ID, worker="w", device="cpu", gpu_class=gpu_class, stop=lambda: None)
        records = await taken.close("failed", "planted")
        written = json.loads(store.read(attempts.key_of(ID, 1)) or "")
        assert written.get("gpuClass", "unsaid") == (gpu_class or "unsaid")
        assert [one.gpuClass for one in attempts.load(store, ID)] == [gpu_class]
        [wire] = attempts.to_wire(records)
        assert wire.gpuClass == gpu_class
        assert ("gpuClass" in attempts.said(wire.model_dump())) is (gpu_class is not None)
