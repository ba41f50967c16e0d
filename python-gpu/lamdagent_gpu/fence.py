"""Fences: each attempt claims the next epoch; only the holder of the highest may write checkpoints or publish."""

from __future__ import annotations

from pathlib import Path

from lamdagent_gpu.files import create_exclusively


class StaleFence(RuntimeError):
    """A newer attempt has taken over: this one is a zombie and must not write."""


def claimed(work: Path) -> int:
    """The highest epoch claimed so far; 0 for none."""
    folder = work / "fence"
    return max((int(path.name) for path in folder.glob("[0-9]*")), default=0) if folder.is_dir() else 0


def claim(work: Path, worker: str) -> int:
    """Claims the next epoch by exclusive creation; of two racers each gets its own."""
    epoch = claimed(work) + 1
    while not create_exclusively(work / "fence" / f"{epoch:06d}", worker):
        epoch += 1
    return epoch


def check(work: Path, epoch: int) -> None:
    """Raises StaleFence if a newer attempt has claimed, or the work folder is gone (published by another)."""
    highest = claimed(work)
    if highest != epoch:
        raise StaleFence(f"fence of {work.name}: expected to hold epoch {epoch}, got {highest}")
