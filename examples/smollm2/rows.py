"""The forms in which the product reads questions: items of a benchmark, rows for SFT, pairs for DPO."""

from __future__ import annotations

from typing import Any

from question import Pair, Question

Row = dict[str, Any]


def items_of(name: str, instruction: str | None, questions: list[Question], *, grouped: bool = False) -> list[Row]:
    """`grouped`: items of one group depend on each other, and intervals are over groups."""
    return [
        {
            "id": f"{name}-{place}",
            "messages": asked(instruction, question.text),
            "answers": [question.answer],
            **({"group": question.group} if grouped else {}),
        }
        for place, question in enumerate(questions)
    ]


def sft_rows(instruction: str | None, questions: list[Question]) -> list[Row]:
    return [
        {"prompt": asked(instruction, question.text), "completion": answered(question.answer)} for question in questions
    ]


def pairs_of(instruction: str, pairs: list[Pair]) -> list[Row]:
    return [
        {
            "prompt": asked(instruction, pair.text),
            "chosen": answered(pair.right),
            "rejected": answered(pair.wrong),
        }
        for pair in pairs
    ]


def asked(instruction: str | None, text: str) -> list[dict[str, str]]:
    """Without an instruction the chat template puts in the model's usual one."""
    system = [] if instruction is None else [{"role": "system", "content": instruction}]
    return [*system, {"role": "user", "content": text}]


def answered(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]
