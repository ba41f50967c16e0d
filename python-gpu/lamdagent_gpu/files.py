"""Durable files: what is written here is on the disk before its name appears."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

from lamdagent_gpu.contract.messages import ObjectFile

CHUNK = 1 << 20


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def sync_file(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def describe_files(folder: Path) -> list[ObjectFile]:
    """Every file below `folder`, in path order, synced to the disk and hashed."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in found:
        sync_file(path)
    return [
        ObjectFile(path=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, sha256=sha256_of(path))
        for path in found
    ]


def write_durably(path: Path, text: str) -> None:
    path.write_text(text, "utf8")
    sync_file(path)


def replace_durably(path: Path, text: str) -> None:
    """Replaces a small file atomically (readers see the old or the new one, never a part)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    write_durably(staged, text)
    staged.replace(path)


def create_exclusively(path: Path, text: str) -> bool:
    """Writes the file unless it exists; says whether it wrote. The name appears with the whole content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    write_durably(staged, text)
    try:
        os.link(staged, path)
    except FileExistsError:
        return False
    finally:
        staged.unlink()
    sync_folder(path.parent)
    return True
