"""The identity of a model's weights, independent of how they are spread over files. Reads safetensors headers itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

CHUNK = 1 << 22


@dataclass(frozen=True, kw_only=True)
class TensorEntry:
    """Where a tensor's raw bytes lie: `file`[begin:end], row-major, little-endian."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    begin: int
    end: int


def tensor_entries(folder: Path) -> dict[str, TensorEntry]:
    """All tensors of the folder's `*.safetensors` files, in name order.

    Raises:
        ValueError: no such file, a torn header, or one name in two files.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ValueError(
            f"model folder: expected *.safetensors files, got none among {sorted(p.name for p in folder.glob('*'))}"
        )
    found: dict[str, TensorEntry] = {}
    for file in files:
        for entry in _read_header(file):
            if entry.name in found:
                raise ValueError(
                    f"tensor {entry.name}: expected in one file, got it in {found[entry.name].file.name} and {file.name}"
                )
            found[entry.name] = entry
    return dict(sorted(found.items()))


def _read_header(file: Path) -> Iterator[TensorEntry]:
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > size - 8:
            raise ValueError(f"file {file.name}: expected a safetensors header of at most {size} bytes, got {length}")
        header = json.loads(stream.read(length))
    start = 8 + length
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        if start + end > size:
            raise ValueError(f"tensor {name} of {file.name}: expected bytes up to {start + end}, got a file of {size}")
        yield TensorEntry(
            name=name,
            dtype=entry["dtype"],
            shape=tuple(entry["shape"]),
            file=file,
            begin=start + begin,
            end=start + end,
        )


def weights_sha256(folder: Path) -> str:
    """SHA-256 over the tensors in name order: for each the line `name dtype [shape]` and its raw bytes."""
    digest = hashlib.sha256()
    for entry in tensor_entries(folder).values():
        digest.update(f"{entry.name} {entry.dtype} {list(entry.shape)}\n".replace(", ", ",").encode())
        with entry.file.open("rb") as stream:
            stream.seek(entry.begin)
            left = entry.end - entry.begin
            while left > 0:
                block = stream.read(min(CHUNK, left))
                digest.update(block)
                left -= len(block)
    return digest.hexdigest()


def parameter_count(folder: Path) -> int:
    return sum(prod(entry.shape) for entry in tensor_entries(folder).values())
