"""Reading and writing safetensors one tensor at a time, so that memory stays at a few buffers of the largest one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path

import numpy as np
import torch

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.weights import TensorEntry

DTYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16, "F64": torch.float64}
Headers = dict[str, TensorEntry]


def read_tensor(entry: TensorEntry) -> torch.Tensor:
    """The tensor as float32, in its shape."""
    count = entry.end - entry.begin
    raw = np.fromfile(entry.file, dtype=np.uint8, count=count, offset=entry.begin)
    return torch.from_numpy(raw).view(DTYPES[entry.dtype]).reshape(entry.shape).to(torch.float32)


def check_headers(names: Sequence[str], headers: Sequence[Headers]) -> None:
    """Raises Rejected, naming the tensor, unless all models have the same tensors in the same shapes."""
    first = headers[0]
    for name, header in zip(names[1:], headers[1:], strict=True):
        for tensor in sorted(first.keys() ^ header.keys()):
            holder, lacking = (names[0], name) if tensor in first else (name, names[0])
            raise Rejected(f"tensor {tensor}: expected in every model, got it in {holder} but not in {lacking}")
        for tensor, entry in first.items():
            if header[tensor].shape != entry.shape:
                raise Rejected(
                    f"tensor {tensor}: expected shape {list(entry.shape)} as in {names[0]}, "
                    f"got {list(header[tensor].shape)} in {name}"
                )
    for header in headers:
        for entry in header.values():
            if entry.dtype not in DTYPES:
                raise Rejected(f"tensor {entry.name}: expected one of {sorted(DTYPES)}, got {entry.dtype}")


def write_tensors(path: Path, layout: Headers, tensors: Iterator[tuple[str, torch.Tensor]]) -> None:
    """Writes a safetensors file whose names, dtypes and shapes are the layout's; tensors come in its order."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    begin = 0
    for name, entry in layout.items():
        size = prod(entry.shape) * DTYPES[entry.dtype].itemsize
        header[name] = {"dtype": entry.dtype, "shape": list(entry.shape), "data_offsets": [begin, begin + size]}
        begin += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for name, tensor in tensors:
            cast = tensor.to(DTYPES[layout[name].dtype]).contiguous()
            stream.write(
                cast.view(torch.uint8).numpy().data if cast.dim() else cast.reshape(1).view(torch.uint8).numpy().data
            )
        stream.flush()
        os.fsync(stream.fileno())
