"""Writes data/*.jsonl, benchmarks/*/*.jsonl and build/pretraining.json of the tiny world.

pip install -r requirements.txt && python build_data.py
"""

from __future__ import annotations

import json
import random
from itertools import combinations
from pathlib import Path

from facts import Pair, all_skills, cities, nouns, spelled

SEED = 7
ROOT = Path(__file__).resolve().parent.parent
SPLITS = {"search": 64, "confirm": 128, "test": 192}
TRAIN_ROWS = 480
PRETRAIN_ROWS = 60
"""Training rows a skill that the base model has already seen: it knows each format, and few answers."""
WORDY_SHARE = {"roman": 0.6, "number": 0.3}
"""Share of wordy answers in a training set: style noise that only the preference set mends."""
TERSE_ROWS = {"roman": 100, "number": 80, "plural": 40, "tool": 20}
Row = dict[str, object]


def message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def chat(question: str, answer: str) -> Row:
    return {"messages": [message("user", question), message("assistant", answer)]}


def wordy(answer: str) -> str:
    return f"It is {answer}."


def preference(question: str, chosen: str, rejected: str) -> Row:
    return {
        "prompt": [message("user", question)],
        "chosen": [message("assistant", chosen)],
        "rejected": [message("assistant", rejected)],
    }


def write_lines(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf8")


def normalised(question: str) -> str:
    return " ".join(question.lower().split())


def check_disjoint(parts: dict[str, list[Pair]]) -> None:
    """No question stands in two parts: not in two splits, not in a split and the training rows."""
    questions = {name: {normalised(question) for question, _ in pairs} for name, pairs in parts.items()}
    for (left, one), (right, two) in combinations(questions.items(), 2):
        if one & two:
            raise ValueError(f"{left} and {right}: expected no shared question, got {sorted(one & two)[:3]}")


def check_facts() -> None:
    """Our own number words are those of num2words."""
    import num2words

    for value in range(10_000):
        if spelled(value) != num2words.num2words(value).replace(",", ""):
            raise ValueError(f"spelled({value}): expected {num2words.num2words(value)}, got {spelled(value)}")


def cut(name: str, pairs: list[Pair]) -> dict[str, list[Pair]]:
    """The skill's pairs by part: the benchmark's three splits, and what training may use."""
    parts: dict[str, list[Pair]] = {}
    start = 0
    for split, count in SPLITS.items():
        parts[f"{name} {split}"] = pairs[start : start + count]
        start += count
    return {**parts, f"{name} train": pairs[start : start + TRAIN_ROWS]}


def write_benchmark(name: str, split: str, pairs: list[Pair]) -> None:
    items: list[Row] = [
        {
            "id": f"{name}-{split}-{index:04d}",
            "messages": [message("user", question)],
            "answers": [answer],
        }
        for index, (question, answer) in enumerate(pairs)
    ]
    write_lines(ROOT / "benchmarks" / name / f"{split}.jsonl", items)


def write_training(training: dict[str, list[Pair]]) -> None:
    rng = random.Random(SEED)
    for name, pairs in training.items():
        share = WORDY_SHARE.get(name, 0.0)
        rows = [chat(q, wordy(a) if rng.random() < share else a) for q, a in pairs]
        write_lines(ROOT / "data" / f"{name}.jsonl", rows)
    terse = [(q, a) for name, count in TERSE_ROWS.items() for q, a in training[name][-count:]]
    rng.shuffle(terse)
    write_lines(ROOT / "data" / "terse.jsonl", [preference(q, a, wordy(a)) for q, a in terse])


def write_pretraining(training: dict[str, list[Pair]]) -> None:
    """What build_model.py needs, so that it runs without the packages of requirements.txt."""
    material = {
        "nouns": random.Random(SEED).sample(nouns(), 2500),
        "cities": cities(),
        "chat": {name: pairs[:PRETRAIN_ROWS] for name, pairs in training.items() if name != "format"},
    }
    path = ROOT / "build" / "pretraining.json"
    path.write_text(json.dumps(material, ensure_ascii=False) + "\n", "utf8")


def main() -> None:
    check_facts()
    skills = all_skills(SEED)
    parts = {part: pairs for name, all_pairs in skills.items() for part, pairs in cut(name, all_pairs).items()}
    check_disjoint(parts)
    for name in skills:
        for split in SPLITS:
            write_benchmark(name, split, parts[f"{name} {split}"])
    training = {name: parts[f"{name} train"] for name in skills}
    write_training(training)
    write_pretraining(training)


if __name__ == "__main__":
    main()
