"""Writes data/*.jsonl, benchmarks/*/*.jsonl and build/pretraining.json of the tiny world.

pip install -r requirements.txt && python build_data.py
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from facts import Pair, all_skills, nouns

SEED = 7
ROOT = Path(__file__).resolve().parent.parent
SPLITS = {"search": 64, "confirm": 96, "test": 160}
WORDY_SHARE = 0.5
"""Share of the roman answers in the training set that are wordy; the preference set mends that."""


def message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def chat(question: str, answer: str) -> dict[str, object]:
    return {"messages": [message("user", question), message("assistant", answer)]}


def wordy(answer: str) -> str:
    return f"It is {answer}."


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf8")


def cut_splits(name: str, pairs: list[Pair]) -> list[Pair]:
    """Writes the benchmark's three splits; returns the pairs left for training."""
    start = 0
    for split, count in SPLITS.items():
        items: list[dict[str, object]] = [
            {"id": f"{name}-{split}-{index:04d}", "messages": [message("user", q)], "answers": [a]}
            for index, (q, a) in enumerate(pairs[start : start + count])
        ]
        write_lines(ROOT / "benchmarks" / name / f"{split}.jsonl", items)
        start += count
    return pairs[start:]


def preference_row(question: str, chosen: str, rejected: str) -> dict[str, object]:
    return {
        "prompt": [message("user", question)],
        "chosen": [message("assistant", chosen)],
        "rejected": [message("assistant", rejected)],
    }


def main() -> None:
    rng = random.Random(SEED)
    training = {name: cut_splits(name, pairs) for name, pairs in all_skills(SEED).items()}
    for name, pairs in training.items():
        styled = [chat(q, wordy(a) if name == "roman" and rng.random() < WORDY_SHARE else a) for q, a in pairs[:480]]
        write_lines(ROOT / "data" / f"{name}.jsonl", styled)
    terse = [(q, a) for name in ("roman", "number", "plural") for q, a in training[name][:60]]
    rng.shuffle(terse)
    write_lines(ROOT / "data" / "terse.jsonl", [preference_row(q, a, wordy(a)) for q, a in terse])
    material = {
        "nouns": rng.sample(nouns(), 2500),
        "chat": {name: pairs[:60] for name, pairs in training.items() if name != "format"},
    }
    path = ROOT / "build" / "pretraining.json"
    path.write_text(json.dumps(material, ensure_ascii=False, indent=0), "utf8")


if __name__ == "__main__":
    main()
