"""Benchmarks whose answers a judge rates, as in MT-Bench: the model answers one or two turns, another model rates each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate import judge_client
from lamdagent_gpu.evaluate.generate import generate_all
from lamdagent_gpu.evaluate.generation import end_ids
from lamdagent_gpu.evaluate.generation import scoring_of as generation_of
from lamdagent_gpu.evaluate.items import FILE, check_messages, checked_prompts, prompt_ids, prompt_sha256, read_rows
from lamdagent_gpu.evaluate.judge_client import Judge, Judgement
from lamdagent_gpu.evaluate.kind import Facts, Kind, Row, Subject

BATCH = 64
"""Questions that the model answers before the judge is asked about them."""
PROMPT = "judge.md"
PLACE = re.compile(r"\{(question|answer|reference|conversation)\}")


@dataclass(frozen=True, kw_only=True)
class Question:
    id: str
    messages: list[dict[str, str]]
    follow_up: str | None
    """What the user says after the first answer."""
    reference: str
    """A good answer, for the judge's eyes; may be empty."""
    line: int
    prompt: str
    """The judge's."""


@dataclass(frozen=True)
class Turn:
    """What was asked, the last message being the user's, and the answer."""

    messages: list[dict[str, str]]
    answer: str


def read_questions(folder: Path, facts: Facts) -> list[Question]:
    prompt = (folder / PROMPT).read_text("utf8")
    return read_rows(folder, lambda row, number: parse_question(row, number, prompt), "id and messages")


def parse_question(row: dict[str, Any], number: int, prompt: str) -> Question:
    check_messages(row["messages"], number)
    follow_up, reference = row.get("followUp"), row.get("reference")
    for name, value in (("followUp", follow_up), ("reference", reference)):
        if value is not None and (not isinstance(value, str) or not value):
            raise Rejected(f"{FILE}:{number}: expected {name} as a text, got {value!r}")
    return Question(
        id=row["id"], messages=row["messages"], follow_up=follow_up, reference=reference or "", line=number, prompt=prompt
    )  # fmt: skip


def score_questions(
    subject: Subject, items: list[Question], facts: Facts, done: Collection[int]
) -> Iterator[dict[int, Row]]:
    """Rows by place, one by one, since each costs money. Answers come in batches that follow from the items alone."""
    judge = judge_of(facts, subject.judge_key)
    prompts = checked_prompts(items, subject.tokenizer, subject.context_length)
    order = sorted(range(len(items)), key=lambda at: (len(prompts[at]), at))
    for begin in range(0, len(order), BATCH):
        places = order[begin : begin + BATCH]
        if all(place in done for place in places):
            continue
        answered = conversations(subject, [items[place] for place in places], facts)
        for place, turns in zip(places, answered, strict=True):
            if place not in done:
                judgements = [
                    judge_client.ask(judge, prompt_of(items[place], turn), subject.stop_if_asked) for turn in turns
                ]
                yield {place: row_of(items[place], turns, judgements, judge, prompts[place])}


def judge_of(facts: Facts, key: str | None) -> Judge:
    settings, scale = facts["judge"], facts["scale"]
    return Judge(
        base_url=settings["baseUrl"], model=settings["model"], max_tokens=settings["maxTokens"],
        timeout_seconds=settings["timeoutSeconds"], tries=settings["tries"], low=scale["low"], high=scale["high"], key=key,
    )  # fmt: skip


def conversations(subject: Subject, items: list[Question], facts: Facts) -> list[list[Turn]]:
    """The turns of each item."""
    firsts = answers(subject, [item.messages for item in items], items, facts)
    found = [[Turn(item.messages, first)] for item, first in zip(items, firsts, strict=True)]
    longer = [at for at, item in enumerate(items) if item.follow_up is not None]
    chats = [
        [
            *items[at].messages,
            {"role": "assistant", "content": firsts[at]},
            {"role": "user", "content": str(items[at].follow_up)},
        ]
        for at in longer
    ]
    seconds = answers(subject, chats, [items[at] for at in longer], facts)
    for at, chat, second in zip(longer, chats, seconds, strict=True):
        found[at].append(Turn(chat, second))
    return found


def answers(
    subject: Subject, chats: Sequence[list[dict[str, str]]], items: Sequence[Question], facts: Facts
) -> list[str]:
    """Greedy answers. A chat that fills the model's context is answered by nothing: there is no room."""
    asked = prompt_ids(
        [Question(**{**vars(item), "messages": chat}) for item, chat in zip(items, chats, strict=True)],
        subject.tokenizer,
    )
    fit = [at for at, one in enumerate(asked) if subject.context_length is None or len(one) < subject.context_length]
    found = generate_all(
        subject.model, [asked[at] for at in fit], max_new_tokens=facts["maxNewTokens"], end_ids=end_ids(subject),
        pad_id=subject.pad_id, between=lambda _: None, context_length=subject.context_length,
    )  # fmt: skip
    texts = dict(zip(fit, (subject.tokenizer.decode(one, skip_special_tokens=True) for one in found), strict=True))
    return [texts.get(at, "") for at in range(len(asked))]


def prompt_of(item: Question, turn: Turn) -> str:
    """The judge's prompt, filled in at once: what an answer says is never taken for a place."""
    words = {
        "question": turn.messages[-1]["content"],
        "answer": turn.answer,
        "reference": item.reference,
        "conversation": "\n\n".join(f"{one['role']}: {one['content']}" for one in turn.messages),
    }
    return PLACE.sub(lambda found: words[found.group(1)], item.prompt)


def row_of(
    item: Question, turns: list[Turn], judgements: list[Judgement], judge: Judge, prompt: list[int]
) -> Row:  # fmt: skip
    """score: the mean over the turns of (rating - low) / (high - low); None where one of them has no rating."""
    ratings = [one.rating for one in judgements]
    points = [(one - judge.low) / (judge.high - judge.low) for one in ratings if one is not None]
    reasons = [one.explanation for one in judgements if one.rating is None]
    return {
        "id": item.id,
        "promptSha256": prompt_sha256(prompt),
        "predictions": [turn.answer for turn in turns],
        "ratings": ratings,
        "explanations": [one.explanation for one in judgements],
        "judgeTokens": [sum(one.prompt_tokens for one in judgements), sum(one.completion_tokens for one in judgements)],
        **({"missing": reasons[0]} if reasons else {}),
        "score": None if reasons else sum(points) / len(points),
    }


def scoring_of(subject: Subject, facts: Facts) -> dict[str, Any]:
    """How often and how patiently the judge is asked decides nothing."""
    own = {key: facts["judge"][key] for key in ("baseUrl", "model", "maxTokens")}
    return {**generation_of(subject, facts), "judge": own, "scale": facts["scale"], "maxMissing": facts["maxMissing"]}


JUDGED = Kind(
    read=read_questions,
    score=score_questions,
    scoring=scoring_of,
    template=lambda subject, facts: subject.tokenizer.chat_template or None,
    paid=True,
)
