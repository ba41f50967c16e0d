"""Fences: each attempt claims the next epoch; only the holder of the highest may write checkpoints or publish."""

from __future__ import annotations

import uuid

from lamdagent_gpu.stage import check_id
from lamdagent_gpu.store import Store


class StaleFence(RuntimeError):
    """A newer attempt has taken over: this one is a zombie and must not write."""


def folder_of(stage_id: str) -> str:
    return f"work/{check_id(stage_id)}/fence"


def claimed(store: Store, stage_id: str) -> int:
    """The highest epoch claimed so far; 0 for none."""
    return max((int(name) for name in store.names(folder_of(stage_id)) if name.isdigit()), default=0)


def claim(store: Store, stage_id: str, worker: str) -> int:
    """Claims the next epoch by exclusive creation; of two racers each gets its own."""
    epoch = claimed(store, stage_id) + 1
    mine = f"{worker} {uuid.uuid4().hex}"  # no two claims are equal, so that a retried write knows its own
    while not store.put_if_absent(f"{folder_of(stage_id)}/{epoch:06d}", mine):
        epoch += 1
    return epoch


def check(store: Store, stage_id: str, epoch: int) -> None:
    """Raises StaleFence if a newer attempt has claimed, or the work folder is gone (published by another)."""
    highest = claimed(store, stage_id)
    if highest != epoch:
        raise StaleFence(f"fence of {stage_id}: expected to hold epoch {epoch}, got {highest}")
