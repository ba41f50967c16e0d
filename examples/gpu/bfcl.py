"""Writes the benchmark of ../gpu-qwen3-1.7b.yaml: the 900 different questions in Python of BFCL that are compared by AST.

    .venv/bin/pip install --no-deps -r examples/gpu/requirements.txt
    .venv/bin/python examples/gpu/bfcl.py

Questions of one function stand in one split, so that confirm and test ask for functions that the search never saw.
"""

from __future__ import annotations

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[2] / ".cache" / "qwen3-1.7b" / "bfcl"
CATEGORIES = ("simple_python", "multiple", "parallel", "parallel_multiple")
SHARES = {"search": 0.3, "confirm": 0.3, "test": 0.4}
INSTRUCTION = (
    "Call functions to do what the user asks. Answer with a JSON list of calls and nothing else: "
    '[{"name": …, "arguments": {…}}]\nFunctions: '
)
"""The training rows of the spec have the same one."""
Item = dict[str, Any]


def main() -> None:
    splits: dict[str, list[Item]] = {split: [] for split in SHARES}
    asked: set[str] = set()
    for item in (item for category in CATEGORIES for item in items_of(data_folder(), category)):
        question = " ".join(item["messages"][-1]["content"].lower().split())
        if question not in asked:
            splits[split_of(item["group"])].append(item)
        asked.add(question)
    TARGET.mkdir(parents=True, exist_ok=True)
    for split, items in splits.items():
        lines = (json.dumps(item, ensure_ascii=False) + "\n" for item in items)
        (TARGET / f"{split}.jsonl").write_text("".join(lines), "utf8")
        print(f"{TARGET / split}.jsonl: {len(items)} items")


def items_of(folder: Path, category: str) -> list[Item]:
    questions = rows_of(folder / f"BFCL_v4_{category}.json")
    answers = {
        row["id"]: row["ground_truth"] for row in rows_of(folder / "possible_answer" / f"BFCL_v4_{category}.json")
    }
    return [item_of(question, answers[question["id"]]) for question in questions]


def item_of(question: Item, ground_truth: list[Item]) -> Item:
    functions = question["function"]
    system = {"role": "system", "content": INSTRUCTION + json.dumps(functions, ensure_ascii=False)}
    return {
        "id": question["id"],
        "messages": [system, *question["question"][0]],
        "function": functions,
        "ground_truth": ground_truth,
        "group": min(name for call in ground_truth for name in call),
    }


def split_of(group: str) -> str:
    place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2**64
    for split, share in SHARES.items():
        if place < share:
            return split
        place -= share
    return "test"


def rows_of(file: Path) -> list[Item]:
    return [json.loads(line) for line in file.read_text("utf8").splitlines() if line.strip()]


def data_folder() -> Path:
    """The package itself is not imported, since it wants other packages."""
    spec = find_spec("bfcl_eval")
    if spec is None or spec.origin is None:
        raise SystemExit(
            "bfcl-eval: expected the package in this environment, got none. "
            "Run .venv/bin/pip install --no-deps -r examples/gpu/requirements.txt"
        )
    return Path(spec.origin).parent / "data"


if __name__ == "__main__":
    main()
