"""Keeps this machine's copies of an S3 store's objects within a budget: the longest unused ones go first."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection
from pathlib import Path

log = logging.getLogger("lamdagent.store")
SHARE_OF_DISK = 0.5
"""Of the cache's disk, where no budget is given."""


def default_budget(folder: Path) -> int:
    """Bytes."""
    return int(shutil.disk_usage(folder).total * SHARE_OF_DISK)


def evict(objects: Path, budget: int, in_use: Collection[str]) -> list[str]:
    """Removes copies until the rest takes at most `budget` bytes; returns their ids.

    A copy was last used when its folder was last touched (`touch`). What the job at hand has opened stays, whatever it
    takes.
    """
    sizes = {folder: size_of(folder) for folder in objects.iterdir() if folder.is_dir()}
    total = sum(sizes.values())
    gone = []
    for folder in sorted(sizes, key=lambda one: one.stat().st_mtime):
        if total <= budget:
            break
        if folder.name in in_use:
            continue
        aside = folder.with_name(f".{folder.name}")
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
        total -= sizes[folder]
        gone.append(folder.name)
    if gone:
        log.info("cache: %d copies removed to keep within %d bytes", len(gone), budget)
    return gone


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def touch(folder: Path) -> None:
    """Marks the copy as used now."""
    folder.touch()
