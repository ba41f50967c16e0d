"""The store on a local folder: an object is a folder that was renamed to its place, manifest included."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lamdagent_gpu.contract.messages import Manifest
from lamdagent_gpu.files import create_exclusively, describe_files, replace_durably, sync_folder, write_durably
from lamdagent_gpu.stage import check_id
from lamdagent_gpu.store.interface import MANIFEST, CorruptObject, checked_key, no_guard, verify_file


class FolderStore:
    """`root/objects/<stageId>/` holds files and `manifest.json`; records lie at `root/<key>`."""

    is_shared = False

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._verified: set[str] = set()
        for name in ("objects", "work", "tmp"):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    @property
    def location(self) -> str:
        return str(self.root)

    @property
    def local_root(self) -> Path:
        return self.root

    def put_if_absent(self, key: str, text: str) -> bool:
        return create_exclusively(self._path(key), text)

    def replace(self, key: str, text: str) -> None:
        replace_durably(self._path(key), text)

    def read(self, key: str) -> str | None:
        try:
            return self._path(key).read_text("utf8")
        except FileNotFoundError:
            return None

    def names(self, prefix: str) -> list[str]:
        folder = self._path(prefix)
        return sorted(path.name for path in folder.iterdir() if path.name[0] != ".") if folder.is_dir() else []

    def age_seconds(self, key: str) -> float | None:
        """Against the time stamp of a file written now: on a network disk both are the file server's."""
        probe = self.root / "tmp" / f"clock-{uuid.uuid4().hex}"
        try:
            written = self._path(key).stat().st_mtime
            probe.touch()
            return max(0.0, probe.stat().st_mtime - written)
        except FileNotFoundError:
            return None
        finally:
            probe.unlink(missing_ok=True)

    def remove_tree(self, prefix: str) -> None:
        """By a rename first, so that no reader meets half of it."""
        aside = self.root / "tmp" / uuid.uuid4().hex
        try:
            self._path(prefix).rename(aside)
        except FileNotFoundError:
            return
        shutil.rmtree(aside, ignore_errors=True)

    def local_work(self, stage_id: str) -> Path:
        return self.root / "work" / check_id(stage_id)

    def begin_job(self) -> None:
        """There is no cache in front of a folder."""

    def new_folder(self) -> Path:
        """On the store's own file system, so that publishing is one rename."""
        folder = self.root / "tmp" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        return folder

    def share(self, prefix: str, folder: Path, guard: Callable[[], None]) -> None:
        raise NotImplementedError("a folder is shared as it is")

    def shared(self, prefix: str, target: Path) -> None:
        raise NotImplementedError("a folder is shared as it is")

    def manifest(self, stage_id: str) -> Manifest | None:
        path = self.root / "objects" / check_id(stage_id) / MANIFEST
        try:
            manifest = Manifest.model_validate_json(path.read_text("utf8"))
        except FileNotFoundError:
            return None
        except ValidationError:
            raise CorruptObject(
                f"object {stage_id}: expected its manifest, got another text. Remove {path.parent}; it is made again."
            ) from None
        if manifest.stageId != stage_id:
            raise CorruptObject(f"object {stage_id}: expected its own manifest, got that of {manifest.stageId}")
        return manifest

    def publish(
        self,
        stage_id: str,
        kind: str,
        folder: Path,
        result: Mapping[str, Any],
        guard: Callable[[], None] = no_guard,
    ) -> Manifest:
        manifest = Manifest(
            schemaVersion=1,
            stageId=check_id(stage_id),
            kind=kind,
            files=describe_files(folder),
            result=dict(result),
        )
        guard()
        return self.adopt(manifest, folder)

    def adopt(self, manifest: Manifest, folder: Path) -> Manifest:
        """Publishes a folder whose files are known to be the manifest's."""
        write_durably(folder / MANIFEST, manifest.model_dump_json())
        for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
            sync_folder(path)
        target = self.root / "objects" / manifest.stageId
        try:
            os.rename(folder, target)
        except OSError:
            existing = self.manifest(manifest.stageId)
            if existing is not None:
                shutil.rmtree(folder, ignore_errors=True)
                return existing
            self.remove_tree(f"objects/{manifest.stageId}")  # a folder without a manifest is no object
            os.rename(folder, target)
        sync_folder(target.parent)
        return manifest

    def open(self, stage_id: str) -> Path:
        """Sizes are checked at every opening, hashes once a process."""
        manifest = self.manifest(stage_id)
        if manifest is None:
            raise CorruptObject(
                f"object {stage_id}: expected a published object, got none. Rebuild it from its recipe."
            )
        folder = self.root / "objects" / stage_id
        if manifest.model_dump_json() not in self._verified:
            for file in manifest.files:
                verify_file(folder, file.path, file.bytes, file.sha256)
            self._verified.add(manifest.model_dump_json())
        for file in manifest.files:
            if (folder / file.path).stat().st_size != file.bytes:
                raise CorruptObject(f"file {stage_id}/{file.path}: expected {file.bytes} bytes, got another size")
        return folder

    def _path(self, key: str) -> Path:
        return self.root / checked_key(key)
