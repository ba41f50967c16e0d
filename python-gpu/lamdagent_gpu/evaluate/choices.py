"""Multiple choice: the choice that the model finds most probable after the question, as in lm-eval."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate.contexts import HOW
from lamdagent_gpu.evaluate.items import FILE, check_messages, encode, place_of, prompt_sha256, read_rows, rendered
from lamdagent_gpu.evaluate.kind import Facts, Kind, Row, Subject
from lamdagent_gpu.evaluate.loglikelihood import BATCH_TOKENS, Request, score_shards

CHOICE_METRICS = {"accuracy": False, "accuracyNormalised": True}
"""Whether log-probabilities are divided by the choices' lengths in bytes (UTF-8): lm-eval's `acc` and `acc_bytes`
(`acc_norm`, for ASCII)."""


@dataclass(frozen=True, kw_only=True)
class ChoiceItem:
    id: str
    messages: list[dict[str, str]]
    choices: list[str]
    answer: int
    """The place of the right choice, from 0."""
    line: int


def read_choices(folder: Path, facts: Facts) -> list[ChoiceItem]:
    return read_rows(folder, parse_choices, "id, messages, choices and answer")


def parse_choices(row: dict[str, Any], number: int) -> ChoiceItem:
    item = ChoiceItem(id=row["id"], messages=row["messages"], choices=row["choices"], answer=row["answer"], line=number)
    check_messages(item.messages, number)
    choices = item.choices
    if not isinstance(choices, list) or len(choices) < 2 or not all(isinstance(one, str) and one for one in choices):
        raise Rejected(f"{FILE}:{number}: expected choices as a list of two or more texts, got {choices!r}")
    if len(set(choices)) < len(choices):
        raise Rejected(f"{FILE}:{number}: expected choices that differ, got {choices!r}")
    if type(item.answer) is not int or not 0 <= item.answer < len(choices):
        raise Rejected(
            f"{FILE}:{number}: expected answer as a choice's place, 0 to {len(choices) - 1}, got {item.answer!r}"
        )
    return item


def score_choices(
    subject: Subject, items: list[ChoiceItem], facts: Facts, done: Collection[int]
) -> Iterator[dict[int, Row]]:
    """Rows by place. Each choice is scored by log P(choice | question) = sum of its tokens' log-probabilities; with
    accuracyNormalised divided by its bytes. The first of the greatest is the prediction; 1 if it is the answer."""
    requests = requests_of(items, subject.tokenizer, subject.context_length)
    for shard in score_shards(subject.model, requests, pad_id=subject.pad_id, done=done):
        yield {
            place: row_of(items[place], requests[place], values, CHOICE_METRICS[facts["metric"]])
            for place, values in shard.items()
        }


def row_of(item: ChoiceItem, request: Request, values: list[float], normalised: bool) -> Row:
    sizes = [len(choice.encode("utf8")) if normalised else 1 for choice in item.choices]
    weighed = [value / size for value, size in zip(values, sizes, strict=True)]
    best = weighed.index(max(weighed))
    return {
        "id": item.id,
        "promptSha256": prompt_sha256(request.context),
        "prediction": item.choices[best],
        "logLikelihoods": values,
        "score": float(best == item.answer),
    }


def requests_of(items: list[ChoiceItem], tokenizer: Any, context_length: int | None) -> list[Request]:
    """Of each item the question's tokens, and those by which each choice makes the whole longer.

    White space at the question's end is counted to the choices, since tokenizers join it with the word that follows.
    """
    questions = [rendered(item, tokenizer) for item in items]
    texts = [
        [question.rstrip(), *(question + choice for choice in item.choices)]
        for question, item in zip(questions, items, strict=True)
    ]
    ids = iter(encode(tokenizer, [text for some in texts for text in some]))
    return [
        request_of(item, list(islice(ids, len(some))), context_length) for item, some in zip(items, texts, strict=True)
    ]


def request_of(item: ChoiceItem, ids: list[list[int]], context_length: int | None) -> Request:
    """`ids`: of the question, then of the question with each choice."""
    context, *wholes = ids
    if not context:
        raise Rejected(f"{place_of(item)}: expected a question of at least one token, got none")
    for choice, whole in zip(item.choices, wholes, strict=True):
        if len(whole) <= len(context):
            raise Rejected(f"{place_of(item)}: expected choices of at least one token, got {choice!r}")
        if context_length is not None and len(whole) > context_length:
            raise Rejected(
                f"{place_of(item)}: expected question and choice within the model's {context_length} tokens, got {len(whole)}"
            )
    return Request(context, [whole[len(context) :] for whole in wholes])


def scoring_of(subject: Subject, facts: Facts) -> dict[str, Any]:
    return {
        "metric": facts["metric"],
        "scoring": "loglikelihood",
        "contextLength": subject.context_length,
        "batchTokens": BATCH_TOKENS,
        "contexts": HOW,
    }


MULTIPLE_CHOICE = Kind(
    read=read_choices,
    score=score_choices,
    scoring=scoring_of,
    template=lambda subject, facts: subject.tokenizer.chat_template or None,
)
