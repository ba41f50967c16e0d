"""The store on S3: content-addressed files, manifest last and once; a local folder store as the verified cache."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lamdagent_gpu import failpoints
from lamdagent_gpu.contract.messages import Manifest, ObjectFile
from lamdagent_gpu.files import describe_files
from lamdagent_gpu.stage import check_id
from lamdagent_gpu.store.bucket import Bucket, connect
from lamdagent_gpu.store.eviction import default_budget, evict, touch
from lamdagent_gpu.store.folder import FolderStore
from lamdagent_gpu.store.interface import MANIFEST, CorruptObject, checked_key, no_guard, verify_file

log = logging.getLogger("lamdagent.store")


class S3Store:
    """`objects/<stageId>/files/<sha256>` and `objects/<stageId>/manifest.json`; records are S3 objects at their keys.

    Files are named by their hash, so that two publishers (a zombie and its successor, say) never overwrite each other.
    """

    is_shared = True

    def __init__(self, bucket: Bucket, cache: Path, cache_budget: int | None = None) -> None:
        """`cache_budget`: bytes of local copies (default: half of the disk)."""
        self.bucket = bucket
        self.cache = FolderStore(cache)
        self._budget = cache_budget or default_budget(cache)
        self._in_use: set[str] = set()

    @classmethod
    def at(cls, location: str, cache: Path) -> S3Store:
        """`s3://bucket/prefix`, by the standard AWS settings."""
        name, _, prefix = location.removeprefix("s3://").partition("/")
        prefix = prefix.strip("/")
        if not name or (prefix and checked_key(prefix) != prefix):
            raise ValueError(f"store: expected s3://bucket/prefix, got {location}")
        return cls(Bucket(name, prefix, connect()), cache)

    @property
    def location(self) -> str:
        return f"s3://{self.bucket.name}/{self.bucket.prefix}".rstrip("/")

    @property
    def local_root(self) -> Path:
        return self.cache.root

    def put_if_absent(self, key: str, text: str) -> bool:
        return self.bucket.put(checked_key(key), text, if_absent=True)

    def replace(self, key: str, text: str) -> None:
        self.bucket.put(checked_key(key), text)

    def read(self, key: str) -> str | None:
        return self.bucket.get(checked_key(key))

    def names(self, prefix: str) -> list[str]:
        return self.bucket.names(checked_key(prefix))

    def age_seconds(self, key: str) -> float | None:
        return self.bucket.age_seconds(checked_key(key))

    def remove_tree(self, prefix: str) -> None:
        """Manifests first: an object without its manifest is none."""
        key = f"{checked_key(prefix)}/{MANIFEST}"
        if self.bucket.get(key) is not None:
            self.bucket.client.delete_object(Bucket=self.bucket.name, Key=self.bucket.prefix + key)
        self.bucket.delete_all(prefix)

    def local_work(self, stage_id: str) -> Path:
        return self.cache.local_work(stage_id)

    def begin_job(self) -> None:
        self._in_use.clear()

    def new_folder(self) -> Path:
        return self.cache.new_folder()

    def manifest(self, stage_id: str) -> Manifest | None:
        text = self.bucket.get(f"objects/{check_id(stage_id)}/{MANIFEST}")
        if text is None:
            return None
        try:
            manifest = Manifest.model_validate_json(text)
        except ValidationError:
            raise CorruptObject(f"object {stage_id}: expected its manifest, got another text. Remove it.") from None
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
        files = describe_files(folder)
        manifest = Manifest(schemaVersion=1, stageId=check_id(stage_id), kind=kind, files=files, result=dict(result))
        prefix = f"objects/{stage_id}"
        self._upload(prefix, folder, files)
        guard()
        if not self.bucket.put(f"{prefix}/{MANIFEST}", manifest.model_dump_json(), if_absent=True):
            shutil.rmtree(folder, ignore_errors=True)
            existing = self.manifest(stage_id)
            if existing is None:
                raise CorruptObject(f"object {stage_id}: expected its manifest, which was there a moment ago, got none")
            return existing
        if not self._is_cached(manifest):  # else this machine's other processes have fetched it, and may be reading it
            self.cache.remove_tree(prefix)
        self.cache.adopt(manifest, folder)
        return manifest

    def open(self, stage_id: str) -> Path:
        manifest = self.manifest(stage_id)
        if manifest is None:
            raise CorruptObject(
                f"object {stage_id}: expected a published object, got none. Rebuild it from its recipe."
            )
        self._in_use.add(stage_id)
        if not self._is_cached(manifest):
            self.cache.remove_tree(f"objects/{stage_id}")
            evict(self.cache.root / "objects", self._budget - sum(file.bytes for file in manifest.files), self._in_use)
            folder = self.cache.new_folder()
            self._download(f"objects/{stage_id}", folder, manifest.files)
            self.cache.adopt(manifest, folder)
        folder = self.cache.open(stage_id)
        touch(folder)
        return folder

    def _is_cached(self, manifest: Manifest) -> bool:
        """A copy counts only when it is of the very object that is published now, and whole."""
        try:
            same = self.cache.manifest(manifest.stageId) == manifest
            return same and bool(self.cache.open(manifest.stageId))
        except (CorruptObject, OSError) as error:
            log.warning("cached object %s refused: %s; fetching it again", manifest.stageId[:8], error)
            return False

    def share(self, prefix: str, folder: Path, guard: Callable[[], None]) -> None:
        text = (folder / MANIFEST).read_text("utf8")
        files = [ObjectFile.model_validate(file) for file in json.loads(text)["files"]]
        self._upload(checked_key(prefix), folder, files)
        failpoints.reach("upload/before-manifest")
        guard()
        self.bucket.put(f"{prefix}/{MANIFEST}", text)

    def shared(self, prefix: str, target: Path) -> None:
        text = self.bucket.get(f"{checked_key(prefix)}/{MANIFEST}")
        if text is None:
            raise CorruptObject(f"{prefix}: expected a manifest, got none")
        files = [ObjectFile.model_validate(file) for file in json.loads(text)["files"]]
        self._download(prefix, target, files)
        (target / MANIFEST).write_text(text, "utf8")

    def _upload(self, prefix: str, folder: Path, files: list[ObjectFile]) -> None:
        for file in files:
            self.bucket.upload(f"{prefix}/files/{file.sha256}", folder / file.path, file.bytes)

    def _download(self, prefix: str, folder: Path, files: list[ObjectFile]) -> None:
        for file in files:
            target = folder / file.path
            if not target.resolve().is_relative_to(folder.resolve()):
                raise CorruptObject(f"file {file.path}: expected a path inside the object")
            self.bucket.download(f"{prefix}/files/{file.sha256}", target, file.bytes, file.sha256)
            verify_file(folder, file.path, file.bytes, file.sha256)
