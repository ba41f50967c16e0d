"""Rows of training data: reading them, and saying which one is not what it should be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from jinja2 import TemplateError

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.train.subset import subset

Row = dict[str, Any]
Encoded = TypeVar("Encoded")
SHOWN = 80
KEPT = "_kept"
"""Key of a row, and of the example made of it: the dataset in whose order it is trained on (`order.py`)."""
POLL_ROWS = 256


def read_rows(context: JobContext) -> list[Row]:
    """The rows of the stage's datasets, in the order of its inputs; `_where` names each one for messages.

    With `dataFraction` the share of each dataset that `subset` chooses. `KEPT` marks rows whose dataset keeps its order.
    """
    rows = [row for stage_id in context.inputs("data") for row in chosen_rows(context, stage_id)]
    if not rows:
        raise Rejected("training data: expected at least one row, got none")
    return rows


def chosen_rows(context: JobContext, stage_id: str) -> list[Row]:
    mark = kept_mark(context, stage_id)
    rows = [{**row, **mark} for row in read_object(context, stage_id)]
    fraction = context.parameters.get("dataFraction", 1)
    if not rows or fraction == 1:
        return rows
    return [rows[place] for place in subset(rows=len(rows), fraction=fraction, seed=context.seed, dataset=stage_id)]


def kept_mark(context: JobContext, stage_id: str) -> dict[str, str | None]:
    """What rows of a dataset carry: its id where its manifest says `order: kept`, else None, whatever a row says itself."""
    manifest = context.store.manifest(stage_id)
    is_kept = manifest is not None and manifest.result.get("order") == "kept"
    return {KEPT: stage_id if is_kept else None}


def read_object(context: JobContext, stage_id: str) -> Iterator[Row]:
    with (context.store.open(stage_id) / "data.jsonl").open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield parse_row(line, f"data {stage_id[:8]}, row {number}")


def parse_row(line: bytes, where: str) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise Rejected(f"{where}: expected JSON, got {error}") from None
    if not isinstance(row, dict):
        raise Rejected(f"{where}: expected an object, got {type(row).__name__}")
    return {**row, "_where": where}


def encode_rows(context: JobContext, rows: list[Row], encode: Callable[[Row], Encoded]) -> Iterator[Encoded]:
    """Encodes row by row; what cannot be encoded is the user's to mend, and named. Ends early when asked to stop."""
    for number, row in enumerate(rows):
        if number % POLL_ROWS == 0:
            context.stop_if_asked()
        try:
            yield encode(row)
        except (TypeError, KeyError, ValueError, TemplateError) as error:
            raise Rejected(f"{row['_where']}: expected a row the chat template can render, got {error}") from None


def kept_of(row: Row) -> dict[str, Any]:
    """What an example takes over of its row's mark: nothing where the dataset is shuffled."""
    return {} if row.get(KEPT) is None else {KEPT: row[KEPT]}


def check_messages(value: Any, name: str) -> list[dict[str, Any]]:
    """The value, if it is a list of {role, content}; content may only be missing beside tool_calls."""
    if not isinstance(value, list) or not value:
        raise TypeError(f"{name} {shown(value)} instead of a list of messages")
    for message in value:
        known = isinstance(message, dict) and isinstance(message.get("role"), str)
        if not known or not (isinstance(message.get("content"), str) or message.get("tool_calls")):
            raise TypeError(f"{name} with {shown(message)} instead of a message with role and content")
    return value


def check_text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} {shown(value)} instead of a text")
    return value


def keys_of(row: Row) -> list[str]:
    return sorted(key for key in row if key not in ("_where", KEPT))


def shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
