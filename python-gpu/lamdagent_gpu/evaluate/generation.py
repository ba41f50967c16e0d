"""Benchmarks whose answers are generated, then compared by a metric."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate.cache import ROOM
from lamdagent_gpu.evaluate.contexts import HOW
from lamdagent_gpu.evaluate.generate import BATCH_TOKENS, ROW_TOKENS, generate_shards
from lamdagent_gpu.evaluate.items import Item, checked_prompts, prompt_sha256, read_items
from lamdagent_gpu.evaluate.kind import Facts, Kind, Row, Subject
from lamdagent_gpu.evaluate.metrics import METRICS


def read_generated(folder: Path, facts: Facts) -> list[Item]:
    if facts["metric"] not in METRICS:
        raise Rejected(f"metric: expected one of {sorted(METRICS)}, got {facts['metric']}")
    return read_items(folder, facts["metric"])


def score_generated(
    subject: Subject, items: list[Item], facts: Facts, done: Collection[int]
) -> Iterator[dict[int, Row]]:
    metric = METRICS[facts["metric"]]
    context_length = subject.context_length
    prompts = checked_prompts(items, subject.tokenizer, context_length)
    for shard in generate_shards(
        subject.model, prompts, max_new_tokens=facts["maxNewTokens"], end_ids=end_ids(subject),
        pad_id=subject.pad_id, done=done, context_length=context_length,
    ):  # fmt: skip
        yield {
            place: row_of(
                items[place], prompts[place], subject.tokenizer.decode(answer, skip_special_tokens=True), metric
            )
            for place, answer in shard.items()
        }


def row_of(item: Item, prompt: list[int], prediction: str, metric: Any) -> Row:
    return {
        "id": item.id,
        "promptSha256": prompt_sha256(prompt),
        "prediction": prediction,
        "score": metric(prediction, item.answers),
    }


def scoring_of(subject: Subject, facts: Facts) -> dict[str, Any]:
    return {
        "metric": facts["metric"],
        "decoding": "greedy",
        "maxNewTokens": facts["maxNewTokens"],
        "endIds": sorted(end_ids(subject)),
        "contextLength": subject.context_length,
        "batchTokens": BATCH_TOKENS,
        "rowTokens": ROW_TOKENS,
        "contexts": HOW,
        "room": ROOM,
    }


def end_ids(subject: Subject) -> set[int]:
    """All tokens that end an answer: the generation config's and the tokenizer's."""
    configured = subject.model.generation_config.eos_token_id
    listed = configured if isinstance(configured, list) else [configured]
    return {one for one in [*listed, subject.tokenizer.eos_token_id] if one is not None}


GENERATION = Kind(
    read=read_generated,
    score=score_generated,
    scoring=scoring_of,
    template=lambda subject, facts: subject.tokenizer.chat_template or None,
)
