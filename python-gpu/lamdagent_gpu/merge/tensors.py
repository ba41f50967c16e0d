"""Reading and writing safetensors in pieces, through buffers of a fixed size."""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import accumulate
from math import prod
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import torch

from lamdagent_gpu.merge.method import Piece, Tensor, columns_of
from lamdagent_gpu.weights import TensorEntry

FLOATS = {"F64": torch.float64, "F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}
"""Merged in float32. Quantised types are not among them: their numbers mean nothing without their scales."""
COPIED = {"I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
"""Bytes an element of types that are not merged but must be equal everywhere (buffers such as position ids)."""
Bytes = npt.NDArray[np.uint8]
Headers = Mapping[str, TensorEntry]


def element_bytes(dtype: str) -> int:
    return FLOATS[dtype].itemsize if dtype in FLOATS else COPIED[dtype]


class TensorReader:
    """Reads parts of tensors. Files stay open until the end; a context manager."""

    def __init__(self) -> None:
        self._files: dict[Path, BinaryIO] = {}
        self._stack = ExitStack()
        self._raw = np.empty(0, np.uint8)

    def __enter__(self) -> TensorReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def read_bytes(self, entry: TensorEntry, start: int, into: Bytes) -> None:
        """Fills `into` [bytes, uint8] from the tensor's byte `start`."""
        file = self._files.get(entry.file)
        if file is None:
            file = self._files[entry.file] = self._stack.enter_context(entry.file.open("rb", buffering=0))
        file.seek(entry.begin + start)
        view = memoryview(into.data)
        while len(view) > 0:
            got = file.readinto(view)  # type: ignore[attr-defined]
            if not got:
                raise OSError(
                    f"file {entry.file.name}: expected {len(view)} more bytes of tensor {entry.name}, got none"
                )
            view = view[got:]

    def read_floats(self, entry: TensorEntry, start: int, into: Tensor) -> None:
        """Fills the flat float32 `into` with the tensor's elements from `start`."""
        dtype = FLOATS[entry.dtype]
        size = into.numel() * dtype.itemsize
        if dtype == torch.float32:
            self.read_bytes(entry, start * 4, into.view(torch.uint8).numpy())
            return
        if len(self._raw) < size:
            self._raw = np.empty(size, np.uint8)
        raw = self._raw[:size]
        self.read_bytes(entry, start * dtype.itemsize, raw)
        into.copy_(torch.from_numpy(raw).view(dtype))


class FileSource:
    """One tensor of every model and the base, read from their files into buffers that are used again and again."""

    def __init__(self, reader: TensorReader, models: Sequence[TensorEntry], base: TensorEntry | None) -> None:
        self.count = prod(models[0].shape)
        self.columns = columns_of(models[0].shape)
        self.entries = [*models, *([base] if base else [])]
        self.has_base = base is not None
        self._reader = reader
        self._buffers: list[Tensor] = []

    def read(self, start: int, count: int) -> Piece:
        if not self._buffers or self._buffers[0].numel() < count:
            self._buffers = [torch.empty(count) for _ in self.entries]
        parts = [buffer[:count] for buffer in self._buffers]
        self.fill(start, parts)
        return piece(start, self.columns, parts, has_base=self.has_base)

    def fill(self, start: int, parts: Sequence[Tensor]) -> None:
        """The elements from `start` into flat float32 tensors: the models', then the base's."""
        for entry, part in zip(self.entries, parts, strict=True):
            self._reader.read_floats(entry, start, part)


class Joined:
    """Several tensors as one long vector, for what a method must know about whole task vectors."""

    def __init__(self, sources: Sequence[FileSource]) -> None:
        self._sources = [source for source in sources if source.count > 0]
        self._ends = list(accumulate(source.count for source in self._sources))
        self.count = self._ends[-1] if self._ends else 0
        self.columns = 1

    def read(self, start: int, count: int) -> Piece:
        first = self._sources[0]
        buffers = [torch.empty(count) for _ in first.entries]
        place, done = bisect_right(self._ends, start), 0
        while done < count:
            source, end = self._sources[place], self._ends[place]
            length = min(count - done, end - (start + done))
            source.fill(start + done - (end - source.count), [one[done : done + length] for one in buffers])
            place, done = place + 1, done + length
        return piece(start, self.columns, buffers, has_base=first.has_base)


def piece(start: int, columns: int, parts: list[Tensor], *, has_base: bool) -> Piece:
    models, base = (parts[:-1], parts[-1]) if has_base else (parts, None)
    return Piece(start=start, columns=columns, models=models, base=base)


class TensorWriter:
    """Writes one safetensors file: the header first, then the tensors' bytes in the layout's order; synced at the end.

    The order is by falling element size, then name, so that every tensor is aligned for readers that map the file.
    """

    def __init__(self, path: Path, headers: Headers) -> None:
        self.names = sorted(headers, key=lambda name: (-element_bytes(headers[name].dtype), name))
        table: dict[str, object] = {"__metadata__": {"format": "pt"}}
        end = 0
        for name in self.names:
            entry = headers[name]
            begin, end = end, end + prod(entry.shape) * element_bytes(entry.dtype)
            table[name] = {"dtype": entry.dtype, "shape": list(entry.shape), "data_offsets": [begin, end]}
        text = json.dumps(table, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        self._left = end
        self._stream = path.open("wb", buffering=0)
        self._write(memoryview(len(text).to_bytes(8, "little") + text))

    def __enter__(self) -> TensorWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stream:
            if error is None:
                assert self._left == 0, f"safetensors: expected all tensors, {self._left} bytes are missing"
                os.fsync(self._stream.fileno())

    def append(self, part: Tensor) -> None:
        """The next elements, already of the dtype to write; flat and contiguous."""
        view = memoryview(part.view(torch.uint8).numpy().data)
        self._left -= len(view)
        self._write(view)

    def _write(self, view: memoryview) -> None:
        while len(view) > 0:
            view = view[self._stream.write(view) :]
