"""Benchmark items: read, checked, and turned into prompts. Every fault names the file and line."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate.metrics import CHECKS

FILE = "items.jsonl"


@dataclass(frozen=True, kw_only=True)
class Item:
    id: str
    messages: list[dict[str, str]]
    answers: list[str]
    line: int

    @property
    def place(self) -> str:
        return f"{FILE}:{self.line} (id {self.id})"


def read_items(folder: Path, metric: str = "exactMatch") -> list[Item]:
    """The items of one benchmark split, in file order, with answers that the metric can use."""
    try:
        text = (folder / FILE).read_bytes().decode("utf8")
    except FileNotFoundError:
        raise Rejected(f"{FILE}: expected the file in the benchmark's folder, got none") from None
    except UnicodeDecodeError as error:
        raise Rejected(f"{FILE}: expected UTF-8, got {error}") from None
    # Not splitlines: JSON texts may hold U+2028 and other characters that it takes for line ends.
    items = [parse_item(line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not items:
        raise Rejected(f"{FILE}: expected at least one item, got none")
    first_lines: dict[str, int] = {}
    for item in items:
        first = first_lines.setdefault(item.id, item.line)
        if first != item.line:
            raise Rejected(f"{FILE}:{item.line}: expected an id of its own, got {item.id!r} as on line {first}")
        check_answers(item, metric)
    return items


def parse_item(line: str, number: int) -> Item:
    """One line of the file; keys beyond id, messages and answers are the user's own."""
    try:
        row = json.loads(line)
        item = Item(id=row["id"], messages=row["messages"], answers=row["answers"], line=number)
        line.encode("utf8")
        json.dumps(row, ensure_ascii=False).encode("utf8")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Rejected(f"{FILE}:{number}: expected id, messages and answers, got {error}") from None
    if not isinstance(item.id, str) or not item.id:
        raise Rejected(f"{FILE}:{number}: expected id as a text, got {item.id!r}")
    if not isinstance(item.answers, list) or not item.answers or not all(isinstance(one, str) for one in item.answers):
        raise Rejected(f"{FILE}:{number}: expected answers as a list of texts, got {item.answers!r}")
    if not isinstance(item.messages, list) or not item.messages or not all(map(is_message, item.messages)):
        raise Rejected(f"{FILE}:{number}: expected messages as a list of {{role, content}}, got {item.messages!r}")
    return item


def is_message(message: object) -> bool:
    return isinstance(message, dict) and all(isinstance(message.get(key), str) for key in ("role", "content"))


def check_answers(item: Item, metric: str) -> None:
    """Raises Rejected for an answer that no prediction could match: a broken pattern, text that is no JSON."""
    check = CHECKS.get(metric)
    for answer in item.answers if check else ():
        fault = check(answer) if check else None
        if fault is not None:
            raise Rejected(f"{FILE}:{item.line}: expected {fault[0]} for {metric}, got {answer!r}: {fault[1]}")


def prompt_ids(item: Item, tokenizer: Any) -> list[int]:
    """Token ids of the chat so far, ready for the assistant's turn; plain text where there is no chat template."""
    if not tokenizer.chat_template:
        return list(tokenizer("\n".join(message["content"] for message in item.messages))["input_ids"])
    try:
        rendered = tokenizer.apply_chat_template(
            item.messages, tokenize=True, return_dict=True, add_generation_prompt=True
        )
    except Exception as error:  # templates raise what they like
        raise Rejected(f"{item.place}: expected messages the chat template can render, got {error}") from None
    return list(rendered["input_ids"])


def checked_prompts(items: list[Item], tokenizer: Any, context_length: int | None) -> list[list[int]]:
    """The items' prompts; each has at least one token and leaves room for an answer of at least one."""
    prompts = [prompt_ids(item, tokenizer) for item in items]
    for item, prompt in zip(items, prompts, strict=True):
        if not prompt:
            raise Rejected(f"{item.place}: expected a prompt of at least one token, got none")
        if context_length is not None and len(prompt) >= context_length:
            raise Rejected(
                f"{item.place}: expected a prompt shorter than the model's {context_length} tokens, got {len(prompt)}"
            )
    return prompts


def prompt_sha256(ids: list[int]) -> str:
    return hashlib.sha256(json.dumps(ids).encode()).hexdigest()
