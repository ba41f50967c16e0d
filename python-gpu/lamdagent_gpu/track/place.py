"""A folder that one process at a time adds to: what is half made lies aside, and goes with its maker."""

from __future__ import annotations

import fcntl
import shutil
import uuid
from pathlib import Path

from lamdagent_gpu.track.tracker import TrackerFault


class Place:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.aside = folder / ".lamdagent"
        self.aside.mkdir(parents=True, exist_ok=True)
        self.lock = (self.aside / "lock").open("w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TrackerFault(
                f"{folder}: expected to be written by nobody else, got another `lamdagent track`. Wait for its end."
            ) from None
        for left in self.aside.iterdir():
            if left.is_dir():
                shutil.rmtree(left)

    def staged(self) -> Path:
        """An empty folder on the same file system."""
        folder = self.aside / uuid.uuid4().hex
        folder.mkdir()
        return folder

    def close(self) -> None:
        for left in self.aside.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
        self.lock.close()
