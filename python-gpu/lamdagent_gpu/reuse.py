"""What one job has computed and another can use: tensors kept on this machine by the content that they were made of.

Nothing here is needed: an entry that is missing, broken or cannot be written costs the work again, and no result. An entry
is one file, written aside and renamed, whose first line is the SHA-256 of the rest; it is checked at every reading, so a torn
or changed one is never believed. The least recently used go first when the budget is full.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
import uuid
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from lamdagent_gpu.stage import stage_id_of
from lamdagent_gpu.store import Store

log = logging.getLogger("lamdagent.reuse")
MOST_BYTES = 10 * 10**9
SHARE_OF_DISK = 0.05
"""The budget is the smaller of the two."""
STALE_SECONDS = 3600.0
"""After which a file that is being written belongs to a process that was killed."""
Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Reuse:
    folder: Path
    budget: int
    """Bytes of all entries."""

    @classmethod
    def of(cls, store: Store) -> Reuse:
        """In the store's folder on this machine: a home that is deleted takes it along."""
        folder = store.local_root / "reuse"
        share = int(shutil.disk_usage(store.local_root).total * SHARE_OF_DISK)
        return cls(folder=folder, budget=min(MOST_BYTES, share))

    def read(self, key: Mapping[str, Any]) -> Tensors | None:
        """The tensors that were written under an equal key, or None."""
        path = self._path(key)
        try:
            digest, _, body = path.read_bytes().partition(b"\n")
            if digest.decode("ascii", "replace") != hashlib.sha256(body).hexdigest():
                raise ValueError("expected its own SHA-256, got other bytes")
            tensors = load(body)
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, SafetensorError) as error:
            log.warning("entry %s: %s; it is made again", path.name, error)
            return None
        return tensors

    def write(self, key: Mapping[str, Any], tensors: Tensors) -> None:
        path = self._path(key)
        staged = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        body = save({name: tensor.contiguous() for name, tensor in tensors.items()})
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with staged.open("wb") as stream:
                stream.write(f"{hashlib.sha256(body).hexdigest()}\n".encode("ascii"))
                stream.write(body)
            staged.replace(path)
            self._evict()
        except OSError as error:
            log.warning("entry %s: expected to be written, got %s; the next job does the work again", path.name, error)
            if staged.exists():
                staged.unlink()

    def _path(self, key: Mapping[str, Any]) -> Path:
        return self.folder / stage_id_of(dict(key))

    def _evict(self) -> None:
        """Removes the longest unused entries until the rest fits, and what killed processes left."""
        found = {path: stat for path in self.folder.iterdir() if (stat := stat_of(path)) is not None}
        total = sum(stat.st_size for stat in found.values())
        for path, stat in sorted(found.items(), key=lambda one: one[1].st_mtime):
            staged = path.name.startswith(".")
            if staged and time.time() - stat.st_mtime < STALE_SECONDS:
                continue
            if staged or total > self.budget:
                path.unlink(missing_ok=True)
                total -= stat.st_size


def stat_of(path: Path) -> os.stat_result | None:
    """None where another worker has removed it meanwhile."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def files_of(store: Store, stage_id: str) -> dict[str, str]:
    """What an object consists of: the SHA-256 of each file by its path, for keys."""
    manifest = store.manifest(stage_id)
    return {} if manifest is None else {file.path: file.sha256 for file in manifest.files}


def digest_of(rows: Iterable[Sequence[int]]) -> str:
    """SHA-256 of lists of integers: equal for equal lists in the same order alone."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(len(row).to_bytes(8, "little"))
        digest.update(array("q", row).tobytes())
    return digest.hexdigest()
