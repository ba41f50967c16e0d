"""What a store promises, wherever it lies: immutable objects by stage id, and small records by key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from lamdagent_gpu.contract.messages import Manifest
from lamdagent_gpu.files import sha256_of

KEY_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
MANIFEST = "manifest.json"


class CorruptObject(RuntimeError):
    """An object whose files are not what its manifest says."""


class Store(Protocol):
    """Keys are relative slash paths of plain names, e.g. `work/<stageId>/fence/000001`; others raise ValueError."""

    @property
    def location(self) -> str:
        """A folder, or `s3://bucket/prefix`: what another process opens it by."""

    @property
    def local_root(self) -> Path:
        """This machine's folder: the store itself, or the cache in front of it."""

    def put_if_absent(self, key: str, text: str) -> bool:
        """Writes the record unless the key exists; says whether it wrote. Of many writers one wins."""

    def replace(self, key: str, text: str) -> None:
        """Replaces a record; readers see the old or the new one whole."""

    def read(self, key: str) -> str | None: ...

    def names(self, prefix: str) -> list[str]:
        """Names right under a folder key, of records and of folders, sorted; empty where nothing is."""

    def age_seconds(self, key: str) -> float | None:
        """Since the record was last written, by the store's own clock (machines' clocks differ); None: no record."""

    def remove_tree(self, prefix: str) -> None:
        """Removes everything under a folder key."""

    def manifest(self, stage_id: str) -> Manifest | None:
        """Of a published object: it exists if and only if its manifest does."""

    def publish(
        self, stage_id: str, kind: str, folder: Path, result: Mapping[str, Any], guard: Callable[[], None] = ...
    ) -> Manifest:
        """Makes the files of `folder` (which is used up) an object, manifest last. The first of two publications is kept.

        `guard` is called when all but the last step is done; what it raises leaves nothing published.
        """

    def open(self, stage_id: str) -> Path:
        """A local folder with the object's files, checked against the manifest. Raises CorruptObject."""

    def begin_job(self) -> None:
        """What earlier jobs opened may be dropped from this machine's cache from now on."""

    def new_folder(self) -> Path:
        """An empty local folder to build an object in."""

    def local_work(self, stage_id: str) -> Path:
        """This machine's folder for the checkpoints of a stage."""

    def share(self, prefix: str, folder: Path, guard: Callable[[], None]) -> None:
        """Makes a local folder with a manifest readable from other machines under `prefix`, manifest last."""

    def shared(self, prefix: str, target: Path) -> None:
        """Fetches what `share` stored into the new folder `target`. Raises CorruptObject unless all of it is as shared."""

    @property
    def is_shared(self) -> bool:
        """Whether `local_work` is out of other machines' reach, so that checkpoints have to be shared."""


def checked_key(key: str) -> str:
    """Raises ValueError for keys that could leave the store."""
    if all(KEY_PART.fullmatch(part) for part in key.split("/")):
        return key
    raise ValueError(f"store key: expected plain names between slashes, got {key!r}")


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


def no_guard() -> None:
    """Nothing stands against publishing."""
