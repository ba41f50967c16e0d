"""The store: `open_store` picks the folder or S3 by the location."""

from __future__ import annotations

from pathlib import Path

from lamdagent_gpu.store.folder import FolderStore
from lamdagent_gpu.store.interface import CorruptObject, Store, verify_file

__all__ = ["CorruptObject", "FolderStore", "Store", "open_store", "verify_file"]


def open_store(location: str, cache: Path) -> Store:
    """A folder, or `s3://bucket/prefix` with `cache` as this machine's copy."""
    if not location.startswith("s3://"):
        return FolderStore(Path(location))
    from lamdagent_gpu.store.s3 import S3Store

    return S3Store.at(location, cache)
