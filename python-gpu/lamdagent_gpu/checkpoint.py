"""Atomic checkpoints: staged, hashed, fsynced, renamed. Only a complete one of the same job is ever resumed."""

from __future__ import annotations

import json
import logging
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lamdagent_gpu import failpoints, fence
from lamdagent_gpu.files import describe_files, sync_folder, write_durably
from lamdagent_gpu.stage import check_id
from lamdagent_gpu.store import CorruptObject, Store, verify_file

log = logging.getLogger("lamdagent.checkpoint")
KEEP = 2
LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "numpy")
EXTRAS = ("bitsandbytes", "lm_eval")


def library_versions() -> dict[str, str]:
    """What must be the same for a checkpoint to be the same job's."""
    return {name: version(name) for name in LIBRARIES}


def extra_versions() -> dict[str, str]:
    """Of what is installed only where it is wanted, and then in one version only."""
    return {name: found for name in EXTRAS if (found := installed(name)) is not None}


def installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    step: int
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """The checkpoints of one stage, written under one fence: local folders, and copies in a store that is shared.

    A shared copy lies at `work/<stageId>/checkpoints/<step>-<epoch>/`, so that no attempt overwrites another's.
    """

    store: Store
    stage_id: str
    epoch: int

    @property
    def folder(self) -> Path:
        return self.store.local_work(self.stage_id) / "checkpoints"

    @property
    def shared_prefix(self) -> str:
        return f"work/{check_id(self.stage_id)}/checkpoints"

    def commit(self, step: int, write: Callable[[Path], None]) -> Checkpoint:
        """Lets `write` fill a staging folder, then makes it the checkpoint of `step` in one rename.

        Raises StaleFence when a newer attempt has taken over.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        staged = self.folder / f".staged-{uuid.uuid4().hex}"
        staged.mkdir()
        target = self.folder / f"{step:08d}"
        try:
            write(staged)
            failpoints.reach("checkpoint/before-manifest")
            self._seal(staged, step)
            self.check_fence()
            failpoints.reach("checkpoint/before-rename")
            shutil.rmtree(target, ignore_errors=True)
            staged.rename(target)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        sync_folder(self.folder)
        failpoints.reach("checkpoint/committed")
        return Checkpoint(step=step, folder=target)

    def share(self, checkpoint: Checkpoint) -> None:
        """Copies it to the store, manifest last; then the older copies go. Raises StaleFence."""
        name = f"{checkpoint.step:08d}-{self.epoch:06d}"
        self.store.share(f"{self.shared_prefix}/{name}", checkpoint.folder, self.check_fence)
        for old in self._shared_names()[KEEP:]:
            self.store.remove_tree(f"{self.shared_prefix}/{old}")

    def drop_old(self) -> None:
        """Keeps the newest local ones."""
        for folder in self._local()[KEEP:]:
            shutil.rmtree(folder, ignore_errors=True)

    def newest(self) -> Checkpoint | None:
        """The newest complete checkpoint of this very job, wherever it lies.

        Torn and foreign ones are passed over with a warning: older ones, or the beginning, are always safe.
        """
        copies = self._shared_names() if self.store.is_shared else []
        candidates = [(int(name[:8]), name) for name in copies]
        candidates += [(int(folder.name), "") for folder in self._local()]
        for step, copy in sorted(candidates, key=lambda one: (-one[0], one[1] != "")):
            found = self._fetched(step, copy) if copy else self._checked(self.folder / f"{step:08d}")
            if found is not None:
                return found
        return None

    def clear_staging(self) -> None:
        """Removes what earlier, killed attempts left half-written."""
        for leftover in self.folder.glob(".staged-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def check_fence(self) -> None:
        fence.check(self.store, self.stage_id, self.epoch)

    def _local(self) -> list[Path]:
        """Newest first."""
        found = self.folder.glob("[0-9]*") if self.folder.is_dir() else []
        return sorted((path for path in found if path.is_dir() and path.name.isdigit()), reverse=True)

    def _shared_names(self) -> list[str]:
        """Newest first."""
        names = self.store.names(self.shared_prefix) if self.store.is_shared else []
        return sorted((name for name in names if name[:1].isdigit()), reverse=True)

    def _fetched(self, step: int, copy: str) -> Checkpoint | None:
        """Brings a shared copy to this machine; None when it is torn or foreign."""
        target = self.folder / f"{step:08d}"
        staged = self.folder / f".staged-{uuid.uuid4().hex}"
        staged.mkdir(parents=True)
        try:
            self.store.shared(f"{self.shared_prefix}/{copy}", staged)
            shutil.rmtree(target, ignore_errors=True)
            staged.rename(target)
        except (CorruptObject, ValueError, KeyError, TypeError) as error:
            log.warning("shared checkpoint %s of %s refused: %s", copy, self.stage_id[:8], error)
            return None
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        return self._checked(target)

    def _checked(self, folder: Path) -> Checkpoint | None:
        fault = self._fault(folder)
        if fault is None:
            return Checkpoint(step=int(folder.name), folder=folder)
        log.warning("checkpoint %s of %s refused: %s", folder.name, self.stage_id[:8], fault)
        return None

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
