"""Prompts to answer: read, encoded, and the reward of an answer where a rule can check it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.evaluate.items import ANSWERS, texts_of
from lamdagent_gpu.evaluate.metrics import CHECKS, METRICS
from lamdagent_gpu.train.data import chat_ids
from lamdagent_gpu.train.rows import Row, check_messages, check_text, encode_rows, kept_of, read_rows

log = logging.getLogger("lamdagent.verifiable")
RULES = tuple(METRICS)
"""Metrics of generated answers; each gives a number in [0, 1]."""


@dataclass(frozen=True, kw_only=True)
class Prompt:
    ids: list[int]
    """Tokens up to where the answer begins."""
    reward: Callable[[str], float]
    kept: dict[str, Any]
    """The mark of its row (`rows.kept_of`), for the examples made of it."""


Reward = Callable[[str], float]
"""Of an answer's text."""


def read_prompts(context: JobContext, tokenizer: Any, reward_of: Callable[[Row], Reward]) -> list[Prompt]:
    """The prompts that leave room for an answer within `maxLength`, in the order of the rows.

    Raises:
        Rejected: a row without a prompt, or whose answers a rule cannot use.
    """
    limit = context.parameters["maxLength"]
    found = encode_rows(context, read_rows(context), lambda row: encode_prompt(row, tokenizer, reward_of))
    rows = list(found)
    prompts = [prompt for prompt in rows if 0 < len(prompt.ids) < limit]
    if len(prompts) < len(rows):
        log.warning(
            "maxLength %d: dropped %d of %d prompts, without room for an answer",
            limit,
            len(rows) - len(prompts),
            len(rows),
        )
    if not prompts:
        raise Rejected(f"training data: expected prompts that leave room within {limit} tokens, got none")
    return prompts


def encode_prompt(row: Row, tokenizer: Any, reward_of: Callable[[Row], Reward]) -> Prompt:
    reward = reward_of(row)
    prompt = row["prompt"] if "prompt" in row else missing(row, "prompt")
    if isinstance(prompt, list):
        ids = chat_ids(check_messages(prompt, "prompt"), tokenizer, prompt=True)
    else:
        ids = list(tokenizer(check_text(prompt, "prompt"))["input_ids"])
    return Prompt(ids=ids, reward=reward, kept=kept_of(row))


def rule_of(row: Row, *, rule: str) -> Reward:
    answers, metric = checked_answers(row, rule), METRICS[rule]
    return lambda answer: metric(answer, answers)


def checked_answers(row: Row, reward: str) -> Any:
    """What the reward compares with, as a benchmark item has it."""
    key, answers_of = ANSWERS.get(reward, ("answers", texts_of))
    if key not in row:
        missing(row, key)
    try:
        answers = answers_of(row)
    except ValueError as error:
        raise Rejected(f"{row['_where']}: {error}, got {row[key]!r}") from None
    check = CHECKS.get(reward)
    for answer in answers if check else ():
        fault = check(answer) if check else None
        if fault is not None:
            raise Rejected(f"{row['_where']}: expected {fault[0]} for {reward}, got {answer!r}: {fault[1]}")
    return answers


def missing(row: Row, key: str) -> Any:
    raise Rejected(f"{row['_where']}: expected {key}, got none")
