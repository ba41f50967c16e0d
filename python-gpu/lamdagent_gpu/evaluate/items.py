"""Benchmark items: read, checked, and turned into prompts. Every fault names the file and line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate.bfcl import expected_calls
from lamdagent_gpu.evaluate.metrics import CHECKS

FILE = "items.jsonl"


class Identified(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def line(self) -> int: ...


class Asked(Identified, Protocol):
    @property
    def messages(self) -> list[dict[str, str]]: ...


ItemT = TypeVar("ItemT", bound=Identified)


@dataclass(frozen=True, kw_only=True)
class Item:
    """An item whose answer is generated."""

    id: str
    messages: list[dict[str, str]]
    answers: Any
    """What the metric compares with: a list of texts, or what ANSWERS says."""
    line: int


def place_of(item: Identified) -> str:
    return f"{FILE}:{item.line} (id {item.id})"


def read_items(folder: Path, metric: str = "exactMatch") -> list[Item]:
    """The items of a split whose answers are generated, in file order, with answers that the metric can use."""
    key, answers_of = ANSWERS.get(metric, ("answers", texts_of))

    def parse(row: dict[str, Any], number: int) -> Item:
        messages, found = row["messages"], row[key]
        try:
            answers = answers_of(row)
        except ValueError as error:
            raise Rejected(f"{FILE}:{number}: {error}, got {found!r}") from None
        item = Item(id=row["id"], messages=messages, answers=answers, line=number)
        check_messages(messages, number)
        check_answers(item, metric)
        return item

    return read_rows(folder, parse, f"id, messages and {key}")


def read_rows(folder: Path, parse: Callable[[dict[str, Any], int], ItemT], keys: str) -> list[ItemT]:
    """The items of a benchmark split in file order, each with an id of its own; `keys` names what each must have."""
    try:
        text = (folder / FILE).read_bytes().decode("utf8")
    except FileNotFoundError:
        raise Rejected(f"{FILE}: expected the file in the benchmark's folder, got none") from None
    except UnicodeDecodeError as error:
        raise Rejected(f"{FILE}: expected UTF-8, got {error}") from None
    items: list[ItemT] = []
    first_lines: dict[str, int] = {}
    # Not splitlines: JSON texts may hold U+2028 and other characters that it takes for line ends.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        item = parse_row(line, number, parse, keys)
        first = first_lines.setdefault(item.id, number)
        if first != number:
            raise Rejected(f"{FILE}:{number}: expected an id of its own, got {item.id!r} as on line {first}")
        items.append(item)
    if not items:
        raise Rejected(f"{FILE}: expected at least one item, got none")
    return items


def parse_row(line: str, number: int, parse: Callable[[dict[str, Any], int], ItemT], keys: str) -> ItemT:
    """One line of the file; keys beyond those needed are the user's own."""
    try:
        row = json.loads(line)
        line.encode("utf8")
        json.dumps(row, ensure_ascii=False).encode("utf8")
        if not isinstance(row["id"], str) or not row["id"]:
            raise Rejected(f"{FILE}:{number}: expected id as a text, got {row['id']!r}")
        return parse(row, number)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Rejected(f"{FILE}:{number}: expected {keys}, got {error}") from None


def check_messages(messages: object, number: int) -> None:
    if not isinstance(messages, list) or not messages or not all(map(is_message, messages)):
        raise Rejected(f"{FILE}:{number}: expected messages as a list of {{role, content}}, got {messages!r}")


def texts_of(row: dict[str, Any]) -> list[str]:
    answers = row["answers"]
    if not isinstance(answers, list) or not answers or not all(isinstance(one, str) for one in answers):
        raise ValueError("expected answers as a list of texts")
    return answers


ANSWERS: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {"bfclAst": ("ground_truth", expected_calls)}
"""Where a metric finds what is right, if not in `answers`: the key, and what reads it from the row."""


def is_message(message: object) -> bool:
    return isinstance(message, dict) and all(isinstance(message.get(key), str) for key in ("role", "content"))


def check_answers(item: Item, metric: str) -> None:
    """Raises Rejected for an answer that no prediction could match: a broken pattern, text that is no JSON."""
    check = CHECKS.get(metric)
    for answer in item.answers if check else ():
        fault = check(answer) if check else None
        if fault is not None:
            raise Rejected(f"{FILE}:{item.line}: expected {fault[0]} for {metric}, got {answer!r}: {fault[1]}")


def rendered(item: Asked, tokenizer: Any) -> str:
    """The chat so far, up to where the assistant's answer begins; plain text where there is no chat template."""
    if not tokenizer.chat_template:
        return "\n".join(message["content"] for message in item.messages)
    try:
        return str(tokenizer.apply_chat_template(item.messages, tokenize=False, add_generation_prompt=True))
    except Exception as error:  # templates raise what they like
        raise Rejected(f"{place_of(item)}: expected messages the chat template can render, got {error}") from None


def encode(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text, all in one call: a tokenizer is slow to call and quick to run. A template writes its special
    tokens itself."""
    if not texts:
        return []
    found: list[list[int]] = tokenizer(list(texts), add_special_tokens=not tokenizer.chat_template)["input_ids"]
    return found


def prompt_ids(items: Sequence[Asked], tokenizer: Any) -> list[list[int]]:
    """Token ids of each chat, ready for the assistant's turn."""
    return encode(tokenizer, [rendered(item, tokenizer) for item in items])


def checked_prompts(items: Sequence[Asked], tokenizer: Any, context_length: int | None) -> list[list[int]]:
    """The items' prompts; each has at least one token and leaves room for an answer of at least one."""
    prompts = prompt_ids(items, tokenizer)
    for item, prompt in zip(items, prompts, strict=True):
        if not prompt:
            raise Rejected(f"{place_of(item)}: expected a prompt of at least one token, got none")
        if context_length is not None and len(prompt) >= context_length:
            raise Rejected(
                f"{place_of(item)}: expected a prompt shorter than the model's {context_length} tokens, got {len(prompt)}"
            )
    return prompts


def prompt_sha256(ids: list[int]) -> str:
    return hashlib.sha256(json.dumps(ids).encode()).hexdigest()
