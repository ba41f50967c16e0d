"""The store on a local folder: immutable objects by stage id, manifest last, verified reads."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lamdagent_gpu.contract.messages import Manifest
from lamdagent_gpu.files import describe_files, sha256_of, sync_folder, write_durably
from lamdagent_gpu.stage import check_id


class CorruptObject(RuntimeError):
    """An object whose files are not what its manifest says."""


class FolderStore:
    """`root/objects/<stageId>/` holds files and `manifest.json`; an object exists iff its manifest does."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._verified: set[str] = set()
        for name in ("objects", "work", "tmp"):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    def work_folder(self, stage_id: str) -> Path:
        return self.root / "work" / check_id(stage_id)

    def new_folder(self) -> Path:
        """An empty folder on the store's own file system, so that publishing is one rename."""
        folder = self.root / "tmp" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        return folder

    def manifest(self, stage_id: str) -> Manifest | None:
        path = self.root / "objects" / check_id(stage_id) / "manifest.json"
        try:
            return Manifest.model_validate_json(path.read_text("utf8"))
        except FileNotFoundError:
            return None

    def publish(self, stage_id: str, kind: str, folder: Path, result: Mapping[str, Any]) -> Manifest:
        """Moves `folder` to the object's place, manifest last. If it exists already the existing one is kept."""
        manifest = Manifest(
            schemaVersion=1,
            stageId=check_id(stage_id),
            kind=kind,
            files=describe_files(folder),
            result=dict(result),
        )
        write_durably(folder / "manifest.json", manifest.model_dump_json())
        for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
            sync_folder(path)
        target = self.root / "objects" / stage_id
        try:
            os.rename(folder, target)
        except OSError:
            existing = self.manifest(stage_id)
            if existing is None:
                raise
            shutil.rmtree(folder, ignore_errors=True)
            return existing
        sync_folder(target.parent)
        return manifest

    def open(self, stage_id: str) -> Path:
        """The object's folder, after every file was checked against the manifest (once a process)."""
        manifest = self.manifest(stage_id)
        if manifest is None:
            raise CorruptObject(
                f"object {stage_id}: expected a published object, got none. Rebuild it from its recipe."
            )
        folder = self.root / "objects" / stage_id
        if stage_id not in self._verified:
            for file in manifest.files:
                verify_file(folder, file.path, file.bytes, file.sha256)
            self._verified.add(stage_id)
        return folder


def verify_file(folder: Path, path: str, size: int, sha256: str) -> None:
    """Raises CorruptObject unless the file has this size and hash, inside the folder."""
    target = (folder / path).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise CorruptObject(f"file {path}: expected a path inside the object")
    actual_size = target.stat().st_size if target.is_file() else None
    if actual_size != size:
        raise CorruptObject(f"file {folder.name}/{path}: expected {size} bytes, got {actual_size}")
    actual = sha256_of(target)
    if actual != sha256:
        raise CorruptObject(f"file {folder.name}/{path}: expected SHA-256 {sha256}, got {actual}")
