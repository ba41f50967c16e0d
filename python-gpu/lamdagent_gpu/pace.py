"""How far a job got, to the step: written by the child at every step, read when its process vanished."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The last step done, and the seconds since the attempt began."""

    step: int
    seconds: float


class Pace:
    """One line in a local file, overwritten without waiting for the disk: it outlives processes, not machines."""

    def __init__(self, work: Path, attempt: int) -> None:
        path = file_of(work, attempt)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)
        self._began = time.monotonic()

    def step(self, step: int) -> None:
        os.pwrite(self._file, f"{step:12d} {time.monotonic() - self._began:12.3f}\n".encode(), 0)

    def close(self) -> None:
        os.close(self._file)

    @staticmethod
    def last(work: Path, attempt: int) -> Seen | None:
        """None where nothing was written, or on another machine."""
        try:
            step, seconds = file_of(work, attempt).read_text("utf8").split()
        except (FileNotFoundError, ValueError):
            return None
        return Seen(step=int(step), seconds=float(seconds))


def file_of(work: Path, attempt: int) -> Path:
    return work / "pace" / f"{attempt:06d}"
