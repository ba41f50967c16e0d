"""Atomic checkpoints: staged, hashed, fsynced, renamed. Only a complete one of the same job is ever resumed."""

from __future__ import annotations

import json
import logging
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lamdagent_gpu import failpoints, fence
from lamdagent_gpu.files import describe_files, sync_folder, write_durably
from lamdagent_gpu.store import CorruptObject, verify_file

log = logging.getLogger("lamdagent.checkpoint")
KEEP = 2
LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "numpy")


def library_versions() -> dict[str, str]:
    """What must be the same for a checkpoint to be the same job's."""
    return {name: version(name) for name in LIBRARIES}


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    step: int
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """The checkpoints of one stage, written under one fence."""

    stage_id: str
    work: Path
    epoch: int

    @property
    def folder(self) -> Path:
        return self.work / "checkpoints"

    def commit(self, step: int, write: Callable[[Path], None]) -> None:
        """Lets `write` fill a staging folder, then makes it the checkpoint of `step` in one rename.

        Raises StaleFence when a newer attempt has taken over.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        staged = self.folder / f".staged-{uuid.uuid4().hex}"
        staged.mkdir()
        try:
            write(staged)
            failpoints.reach("checkpoint/before-manifest")
            self._seal(staged, step)
            fence.check(self.work, self.epoch)
            target = self.folder / f"{step:08d}"
            shutil.rmtree(target, ignore_errors=True)
            staged.rename(target)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        sync_folder(self.folder)
        self._drop_old()

    def newest(self) -> Checkpoint | None:
        """The newest complete checkpoint of this very job; torn and foreign ones are passed over with a warning."""
        for folder in sorted(self._complete_names(), reverse=True):
            fault = self._fault(folder)
            if fault is None:
                return Checkpoint(step=int(folder.name), folder=folder)
            log.warning("checkpoint %s of %s refused: %s", folder.name, self.stage_id[:8], fault)
        return None

    def clear_staging(self) -> None:
        """Removes what earlier, killed attempts left half-written."""
        for leftover in self.folder.glob(".staged-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def _complete_names(self) -> list[Path]:
        return [path for path in self.folder.glob("[0-9]*") if path.is_dir()] if self.folder.is_dir() else []

    def _seal(self, staged: Path, step: int) -> None:
        files = [file.model_dump() for file in describe_files(staged)]
        manifest = {
            "stageId": self.stage_id,
            "step": step,
            "fence": self.epoch,
            "libraries": library_versions(),
            "files": files,
        }
        write_durably(staged / "manifest.json", json.dumps(manifest))
        sync_folder(staged)

    def _fault(self, folder: Path) -> str | None:
        try:
            manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf8"))
            if manifest["stageId"] != self.stage_id or manifest["step"] != int(folder.name):
                return f"expected one of stage {self.stage_id} and step {int(folder.name)}, got another's"
            if manifest["libraries"] != library_versions():
                return f"expected libraries {library_versions()}, got {manifest['libraries']}"
            for file in manifest["files"]:
                verify_file(folder, file["path"], file["bytes"], file["sha256"])
        except (OSError, ValueError, KeyError, TypeError, CorruptObject) as error:
            return f"expected a complete checkpoint, got {error}"
        return None

    def _drop_old(self) -> None:
        for folder in sorted(self._complete_names(), reverse=True)[KEEP:]:
            shutil.rmtree(folder, ignore_errors=True)
