"""Benchmark items: read, checked, and turned into prompts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamdagent_gpu.context import Rejected


@dataclass(frozen=True, kw_only=True)
class Item:
    id: str
    messages: list[dict[str, str]]
    answers: list[str]


def read_items(folder: Path) -> list[Item]:
    """The items of one benchmark split, in file order."""
    lines = (folder / "items.jsonl").read_text("utf8").splitlines()
    items = [parse_item(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    if not items:
        raise Rejected("items.jsonl: expected at least one item, got none")
    return items


def parse_item(line: str, number: int) -> Item:
    try:
        row = json.loads(line)
        item = Item(id=row["id"], messages=row["messages"], answers=row["answers"])
    except (ValueError, KeyError, TypeError) as error:
        raise Rejected(f"items.jsonl:{number}: expected id, messages and answers, got {error}") from None
    if not item.answers or not all(isinstance(answer, str) for answer in item.answers):
        raise Rejected(f"items.jsonl:{number}: expected answers as a list of texts, got {item.answers!r}")
    return item


def prompt_ids(item: Item, tokenizer: Any) -> list[int]:
    """Token ids of the chat so far, ready for the assistant's turn; plain text where there is no chat template."""
    if not tokenizer.chat_template:
        return list(tokenizer("\n".join(message["content"] for message in item.messages))["input_ids"])
    rendered = tokenizer.apply_chat_template(item.messages, tokenize=True, return_dict=True, add_generation_prompt=True)
    return list(rendered["input_ids"])


def prompt_sha256(ids: list[int]) -> str:
    return hashlib.sha256(json.dumps(ids).encode()).hexdigest()
