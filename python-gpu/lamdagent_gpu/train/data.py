"""Training rows: reading them, and turning conversations into token ids with the loss on the assistant's words only."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

from lamdagent_gpu.context import JobContext, Rejected

log = logging.getLogger("lamdagent.data")
IGNORED = -100
Row = dict[str, Any]


def read_rows(context: JobContext) -> list[Row]:
    """All rows of the stage's datasets, in the order of its inputs."""
    rows = [row for stage_id in context.inputs("data") for row in read_object(context, stage_id)]
    if not rows:
        raise Rejected("training data: expected at least one row, got none")
    return rows


def read_object(context: JobContext, stage_id: str) -> Iterator[Row]:
    with (context.store.open(stage_id) / "data.jsonl").open(encoding="utf8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield parse_row(line, f"data {stage_id[:8]}, row {number}")


def parse_row(line: str, where: str) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise Rejected(f"{where}: expected JSON, got {error}") from None
    if not isinstance(row, dict):
        raise Rejected(f"{where}: expected an object, got {type(row).__name__}")
    return {**row, "_where": where}


def encode_sft(row: Row, tokenizer: Any) -> tuple[list[int], list[int]]:
    """(input ids, labels) of one row; labels are -100 where there is no loss.

    `messages`: loss on every assistant turn where the chat template marks them, else on the last one.
    `prompt`/`completion`: loss on the completion and its end token. `text`: loss on everything.
    """
    if "messages" in row:
        return encode_messages(row["messages"], tokenizer)
    if "prompt" in row and "completion" in row:
        return encode_completion(row["prompt"], row["completion"], tokenizer)
    if "text" in row:
        ids = tokenizer(with_end(row["text"], tokenizer))["input_ids"]
        return ids, list(ids)
    keys = sorted(key for key in row if key != "_where")
    raise Rejected(f"{row['_where']}: expected messages, prompt and completion, or text, got {keys}")


def encode_messages(messages: Any, tokenizer: Any) -> tuple[list[int], list[int]]:
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise TypeError(f"messages {messages!r}")
    if tokenizer.chat_template and "{% generation" in tokenizer.chat_template.replace("{%-", "{%"):
        encoded = tokenizer.apply_chat_template(
            messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
        )
        ids = list(encoded["input_ids"])
        return ids, [one if keep else IGNORED for one, keep in zip(ids, encoded["assistant_masks"], strict=True)]
    ids = list(tokenizer.apply_chat_template(messages, tokenize=True, return_dict=True)["input_ids"])
    prompt = tokenizer.apply_chat_template(messages[:-1], tokenize=True, return_dict=True, add_generation_prompt=True)[
        "input_ids"
    ]
    start = common_prefix(ids, list(prompt))
    return ids, [IGNORED] * start + ids[start:]


def encode_completion(prompt: Any, completion: Any, tokenizer: Any) -> tuple[list[int], list[int]]:
    if isinstance(prompt, list):
        return encode_messages([*prompt, *completion], tokenizer)
    head = tokenizer(prompt)["input_ids"]
    ids = tokenizer(prompt + with_end(completion, tokenizer))["input_ids"]
    start = common_prefix(ids, head)
    return ids, [IGNORED] * start + ids[start:]


def with_end(text: str, tokenizer: Any) -> str:
    """The text with exactly one end token."""
    return text if text.endswith(tokenizer.eos_token) else text + tokenizer.eos_token


def common_prefix(left: list[int], right: list[int]) -> int:
    return next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))


def encode_all(rows: list[Row], tokenizer: Any, max_length: int) -> list[dict[str, list[int]]]:
    """All rows encoded and cut to `max_length` tokens; rows left without any loss are dropped, both with a warning."""
    encoded = []
    cut = dropped = 0
    for row in rows:
        try:
            ids, labels = encode_sft(row, tokenizer)
        except (TypeError, KeyError, ValueError) as error:
            raise Rejected(f"{row['_where']}: expected a row the chat template can render, got {error}") from None
        cut += len(ids) > max_length
        ids, labels = ids[:max_length], labels[:max_length]
        if all(label == IGNORED for label in labels):
            dropped += 1
            continue
        encoded.append({"input_ids": ids, "labels": labels})
    if cut or dropped:
        log.warning(
            "maxLength %d: cut %d rows, dropped %d without an answer left, of %d", max_length, cut, dropped, len(rows)
        )
    if not encoded:
        raise Rejected(f"training data: expected rows with an answer within {max_length} tokens, got none")
    return encoded
