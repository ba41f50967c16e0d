"""The token ids of a training's datasets: encoded once for a tokenizer, then read from what the machine has kept."""

from __future__ import annotations

import hashlib
import json
import logging
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.reuse import Reuse, Tensors, files_of
from lamdagent_gpu.train.rows import Row, chosen_rows, encode_rows, kept_mark

log = logging.getLogger("lamdagent.encoding")
Example = dict[str, Any]
"""Token ids and labels, [tokens] each, by the names that the collator knows."""
Encoded = dict[str, list[int]]
LIBRARIES = ("transformers", "tokenizers", "jinja2")
CLOCK = "strftime_now"
"""A chat template that asks for the date gives other ids tomorrow."""


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How a row becomes lists of integers by name, the same names for every row; one row may give several."""

    name: str
    version: int
    """Raised when the same rows would give other integers."""
    encode: Callable[[Row, Any], list[Encoded]]


def encoded_data(context: JobContext, tokenizer: Any, encoding: Encoding) -> list[Example]:
    """Of all rows that the stage trains on, dataset by dataset in the order of its inputs.

    `KEPT` marks those whose dataset keeps its order.

    Raises:
        Rejected: there is no row, or one that cannot be encoded.
        Preempted: asked to stop.
    """
    examples: list[Example] = []
    identity = identity_of(tokenizer)
    for stage_id in context.inputs("data"):
        mark = {name: kept for name, kept in kept_mark(context, stage_id).items() if kept is not None}
        examples += [{**one, **mark} for one in encoded_dataset(context, stage_id, tokenizer, identity, encoding)]
    if not examples:
        raise Rejected("training data: expected at least one row, got none")
    return examples


def encoded_dataset(
    context: JobContext, stage_id: str, tokenizer: Any, identity: str | None, encoding: Encoding
) -> list[Encoded]:
    context.stop_if_asked()
    context.store.open(stage_id)  # whose bytes the key speaks of
    reuse, key = Reuse.of(context.store), key_of(context, stage_id, identity, encoding)
    kept = None if key is None else reuse.read(key)
    if kept is not None:
        return unpacked(kept)
    rows = chosen_rows(context, stage_id)
    found = [one for many in encode_rows(context, rows, lambda row: encoding.encode(row, tokenizer)) for one in many]
    if key is not None and found:
        reuse.write(key, packed(found))
    return found


def key_of(context: JobContext, stage_id: str, identity: str | None, encoding: Encoding) -> dict[str, Any] | None:
    """What the ids follow from; None where that cannot be said."""
    if identity is None:
        return None
    fraction = context.parameters.get("dataFraction", 1)
    share = {"fraction": str(fraction), "seed": str(context.seed), "dataset": stage_id} if fraction != 1 else {}
    return {
        "of": "encoded rows",
        "encoding": [encoding.name, encoding.version],
        "files": files_of(context.store, stage_id),
        "share": share,
        "tokenizer": identity,
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def identity_of(tokenizer: Any) -> str | None:
    """SHA-256 of all that decides about token ids; None for a tokenizer that does not say, or asks for the date."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    template = json.dumps(tokenizer.chat_template, sort_keys=True)
    if backend is None or CLOCK in template:
        return None
    said = [type(tokenizer).__name__, backend.to_str(), template, tokenizer.eos_token_id, tokenizer.pad_token_id]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def packed(rows: list[Encoded]) -> Tensors:
    """By name: all integers one after another, and how many each row has; int32 [integers] and [rows]."""
    tensors = {}
    for name in rows[0]:
        flat = array("i")
        for row in rows:
            flat.extend(row[name])
        tensors[name] = torch.frombuffer(flat, dtype=torch.int32) if flat else torch.zeros(0, dtype=torch.int32)
        tensors[f"{name}.lengths"] = torch.tensor([len(row[name]) for row in rows], dtype=torch.int32)
    return tensors


def unpacked(tensors: Tensors) -> list[Encoded]:
    names = [name for name in tensors if not name.endswith(".lengths")]
    columns = []
    for name in names:
        flat = tensors[name].tolist()
        ends = tensors[f"{name}.lengths"].cumsum(0).tolist()
        columns.append([flat[start:end] for start, end in zip([0, *ends], ends, strict=False)])
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
