"""Items: every fault is named by its line; what is valid JSON is read as such."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import make_tokenizer

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate.items import checked_prompts, read_items

GOOD: dict[str, Any] = {"id": "a", "messages": [{"role": "user", "content": "q"}], "answers": ["1"]}


def write(folder: Path, *lines: str) -> Path:
    (folder / "items.jsonl").write_text("\n".join(lines) + "\n", "utf8")
    return folder


def test_line_separators_inside_texts_do_not_end_a_line(tmp_path: Path) -> None:
    odd = "one\u2028two\x85three"
    folder = write(
        tmp_path, json.dumps({**GOOD, "answers": [odd]}, ensure_ascii=False), "", json.dumps({**GOOD, "id": "b"})
    )
    items = read_items(folder)
    assert [(item.id, item.line) for item in items] == [("a", 1), ("b", 3)]
    assert items[0].answers == [odd]


@pytest.mark.parametrize(
    ("line", "metric", "message"),
    [
        ("{", "f1", "items.jsonl:2: expected id, messages and answers"),
        ("[]", "f1", "items.jsonl:2: expected id, messages and answers"),
        (json.dumps(GOOD), "f1", "items.jsonl:2: expected an id of its own, got 'a' as on line 1"),
        (json.dumps({**GOOD, "id": 7}), "f1", "items.jsonl:2: expected id as a text, got 7"),
        (json.dumps({**GOOD, "id": "b", "answers": "1"}), "f1", "items.jsonl:2: expected answers as a list of texts"),
        (json.dumps({**GOOD, "id": "b", "answers": []}), "f1", "items.jsonl:2: expected answers as a list of texts"),
        (json.dumps({**GOOD, "id": "b", "messages": []}), "f1", "items.jsonl:2: expected messages as a list"),
        (json.dumps({**GOOD, "id": "b", "messages": [{"role": "user"}]}), "f1", "items.jsonl:2: expected messages"),
        (json.dumps({**GOOD, "id": "b", "answers": ["\ud800"]}), "f1", "items.jsonl:2: expected .*surrogates"),
        (json.dumps({**GOOD, "id": "b", "answers": ["("]}), "regex", "items.jsonl:2: expected a regular expression"),
        (json.dumps({**GOOD, "id": "b", "answers": ["{"]}), "toolCallAst", "items.jsonl:2: expected JSON for tool"),
    ],
)
def test_a_fault_names_its_line(tmp_path: Path, line: str, metric: str, message: str) -> None:
    with pytest.raises(Rejected, match=message):
        read_items(write(tmp_path, json.dumps(GOOD), line), metric)


def test_faults_of_the_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"items.jsonl: expected the file"):
        read_items(tmp_path)
    with pytest.raises(Rejected, match="expected at least one item"):
        read_items(write(tmp_path, "", " "))
    (tmp_path / "items.jsonl").write_bytes(b"\xff")
    with pytest.raises(Rejected, match="expected UTF-8"):
        read_items(tmp_path)


def test_a_prompt_must_leave_room_for_an_answer(tmp_path: Path) -> None:
    items = read_items(write(tmp_path, json.dumps(GOOD)))
    tokenizer = make_tokenizer()
    assert checked_prompts(items, tokenizer, 4) == [tokenizer("<u>q<a>")["input_ids"]]
    with pytest.raises(Rejected, match=r"items.jsonl:1 \(id a\): expected a prompt shorter than .* 3 tokens, got 3"):
        checked_prompts(items, tokenizer, 3)
    tokenizer.chat_template = ""
    with pytest.raises(Rejected, match="expected a prompt of at least one token"):
        checked_prompts(read_items(write(tmp_path, json.dumps(GOOD).replace('"q"', '""'))), tokenizer, None)


def test_messages_the_template_refuses_are_rejected(tmp_path: Path) -> None:
    tokenizer = make_tokenizer()
    tokenizer.chat_template = "{{ raise_exception('no system role') }}"
    with pytest.raises(Rejected, match=r"items.jsonl:1 \(id a\): .*no system role"):
        checked_prompts(read_items(write(tmp_path, json.dumps(GOOD))), tokenizer, None)
