"""Whether models fit together, from their headers and configurations alone: before any weight is read.

Every fault is a `Rejected` that names the tensor, key or token, what was expected and what was got.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.merge.method import spans
from lamdagent_gpu.merge.tensors import COPIED, FLOATS, Headers, TensorReader, element_bytes
from lamdagent_gpu.weights import TensorEntry

EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "embed_in.weight", "word_embeddings.weight")
HEAD = "lm_head.weight"
ARCHITECTURE = ("model_type", "num_attention_heads", "num_key_value_heads", "head_dim")
"""What shapes don't show: two heads of 64 and four of 32 have equal tensors and mean different things."""


def fitting_headers(names: Sequence[str], headers: Sequence[Headers]) -> list[Headers]:
    """The headers, with needless copies of tied embeddings left out, once they hold the same tensors."""
    for name, header in zip(names, headers, strict=True):
        for entry in header.values():
            check_entry(name, entry)
    trimmed = without_tied_heads(headers)
    first = trimmed[0]
    for name, header in zip(names[1:], trimmed[1:], strict=True):
        check_same_tensors(names[0], first, name, header)
    return trimmed


def check_entry(name: str, entry: TensorEntry) -> None:
    if entry.dtype not in FLOATS and entry.dtype not in COPIED:
        raise Rejected(
            f"tensor {entry.name}: expected one of {sorted(FLOATS)}, got {entry.dtype} in {name}. "
            "Dequantise the model first."
        )
    size = prod(entry.shape) * element_bytes(entry.dtype)
    if entry.end - entry.begin != size:
        raise Rejected(
            f"tensor {entry.name}: expected {size} bytes for {entry.dtype} {list(entry.shape)}, "
            f"got {entry.end - entry.begin} in {name}"
        )


def check_same_tensors(first_name: str, first: Headers, name: str, header: Headers) -> None:
    for tensor in sorted(first.keys() ^ header.keys()):
        holder, lacking = (first_name, name) if tensor in first else (name, first_name)
        hint = f" {lacking} ties its embeddings and {holder} does not: untie it first." if tensor.endswith(HEAD) else ""
        raise Rejected(f"tensor {tensor}: expected in every model, got it in {holder} but not in {lacking}.{hint}")
    for tensor, entry in first.items():
        other = header[tensor]
        if other.shape != entry.shape:
            raise Rejected(
                f"tensor {tensor}: expected shape {list(entry.shape)} as in {first_name}, "
                f"got {list(other.shape)} in {name}.{padding_hint(entry, other)}"
            )
        if (entry.dtype in FLOATS) != (other.dtype in FLOATS) or (entry.dtype in COPIED and entry.dtype != other.dtype):
            raise Rejected(
                f"tensor {tensor}: expected {entry.dtype} as in {first_name}, got {other.dtype} in {name}. "
                "Only floating-point types may differ."
            )


def padding_hint(one: TensorEntry, other: TensorEntry) -> str:
    vocabulary = one.name.endswith((*EMBEDDINGS, HEAD))
    if not (vocabulary and one.shape[1:] == other.shape[1:]):
        return ""
    return " One vocabulary is padded or extended: resize the token embeddings to one size first."


def without_tied_heads(headers: Sequence[Headers]) -> list[Headers]:
    """Some tools store a tied output layer, some don't. A stored one that equals the embedding is left out again."""
    present = [HEAD in header for header in headers]
    if all(present) or not any(present):
        return list(headers)
    return [
        {name: entry for name, entry in header.items() if name != HEAD} if has_tied_head(header) else header
        for header in headers
    ]


def has_tied_head(header: Headers) -> bool:
    head = header.get(HEAD)
    embeddings = [entry for name, entry in header.items() if name.endswith(EMBEDDINGS)]
    return head is not None and len(embeddings) == 1 and same_bytes(head, embeddings[0])


def same_bytes(one: TensorEntry, other: TensorEntry) -> bool:
    if (one.dtype, one.shape) != (other.dtype, other.shape):
        return False
    left, right = np.empty(1 << 20, np.uint8), np.empty(1 << 20, np.uint8)
    with TensorReader() as reader:
        for start, count in spans(one.end - one.begin, len(left)):
            reader.read_bytes(one, start, left[:count])
            reader.read_bytes(other, start, right[:count])
            if not np.array_equal(left[:count], right[:count]):
                return False
    return True


def check_configurations(names: Sequence[str], folders: Sequence[Path]) -> None:
    """Models of equal tensors must also compute the same function of them."""
    first = read_json(names[0], folders[0] / "config.json")
    for name, folder in zip(names[1:], folders[1:], strict=True):
        other = read_json(name, folder / "config.json")
        for key in ARCHITECTURE:
            expected, got = first.get(key), other.get(key)
            if expected is not None and got is not None and expected != got:
                raise Rejected(f"config.json {key}: expected {expected} as in {names[0]}, got {got} in {name}")


def read_json(name: str, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf8"))
    except FileNotFoundError:
        raise Rejected(f"{path.name}: expected the file in every model, got none in {name}") from None
    except ValueError as error:
        raise Rejected(f"{path.name}: expected JSON, got a fault in {name}: {error}") from None
    if not isinstance(value, dict):
        raise Rejected(f"{path.name}: expected a JSON object, got {type(value).__name__} in {name}")
    return value
