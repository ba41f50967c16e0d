"""Perplexity as a score: how probable a model finds a text, per byte, so that tokenizers compare."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate.contexts import HOW
from lamdagent_gpu.evaluate.items import FILE, place_of, prompt_sha256, read_rows
from lamdagent_gpu.evaluate.kind import Facts, Kind, Row, Subject
from lamdagent_gpu.evaluate.loglikelihood import BATCH_TOKENS, Request, score_shards


@dataclass(frozen=True, kw_only=True)
class TextItem:
    id: str
    text: str
    line: int


def read_texts(folder: Path, facts: Facts) -> list[TextItem]:
    return read_rows(folder, parse_text, "id and text")


def parse_text(row: dict[str, Any], number: int) -> TextItem:
    item = TextItem(id=row["id"], text=row["text"], line=number)
    if not isinstance(item.text, str) or not item.text:
        raise Rejected(f"{FILE}:{number}: expected text, not empty, got {item.text!r}")
    return item


def score_texts(
    subject: Subject, items: list[TextItem], facts: Facts, done: Collection[int]
) -> Iterator[dict[int, Row]]:
    """Rows by place; a text longer than the context is read in windows, each token predicted once.

    The score of a text of n bytes (UTF-8) and m tokens is P(text)^(1/n) = exp(-NLL / n) = 2^-(bits per byte), with
    NLL = -sum_{i=1..m} ln p(token i | tokens before it in its window): in (0, 1], 1 for a text foreseen with
    certainty. 1 / score is the byte perplexity of lm-eval (`byte_perplexity`) for that text.
    """
    begin = begin_id(subject)
    texts = [list(subject.tokenizer(item.text, add_special_tokens=False)["input_ids"]) for item in items]
    for item, tokens in zip(items, texts, strict=True):
        if not tokens:
            raise Rejected(f"{place_of(item)}: expected a text of at least one token, got none")
    windows = [windows_of(begin, tokens, subject.context_length) for tokens in texts]
    owners = [place for place, some in enumerate(windows) for _ in some]
    starts = [owners.index(place) for place in range(len(items))]
    spans = [range(start, start + len(some)) for start, some in zip(starts, windows, strict=True)]
    scored: dict[int, float] = {}
    known = {window for place in done for window in spans[place]}
    for shard in score_shards(
        subject.model, [window for some in windows for window in some], pad_id=subject.pad_id, done=known
    ):
        scored.update({window: values[0] for window, values in shard.items()})
        whole = {owners[window] for window in shard if all(one in scored for one in spans[owners[window]])}
        yield {
            place: row_of(items[place], texts[place], -sum(scored[window] for window in spans[place]))
            for place in sorted(whole)
        }


def row_of(item: TextItem, tokens: list[int], nll: float) -> Row:
    """`nll` in nats. `promptSha256` names the tokens, as for a prompt."""
    size = len(item.text.encode("utf8"))
    return {
        "id": item.id,
        "promptSha256": prompt_sha256(tokens),
        "nll": nll,
        "tokens": len(tokens),
        "bytes": size,
        "score": exp(-nll / size),
    }


def begin_id(subject: Subject) -> int:
    """What a text begins after: the tokenizer's beginning-of-text token, else its end-of-text token."""
    begin = subject.tokenizer.bos_token_id
    return int(subject.tokenizer.eos_token_id if begin is None else begin)


def windows_of(begin: int, tokens: list[int], context_length: int | None) -> list[Request]:
    """Windows of at most `context_length` tokens in and out; every token is predicted in exactly one of them.

    A window after the first sees the last token of the one before it; the last window reaches as far back as the
    context holds. As lm-eval's rolling log-likelihood with a context of one token.
    """
    length = context_length or len(tokens)
    windows = []
    for start in range(0, len(tokens), length):
        end = min(start + length, len(tokens))
        back = max(0, end - length)  # where the first fed token's successor stands
        context = [begin] if back == 0 else [tokens[back - 1]]
        windows.append(Request([*context, *tokens[back:start]], [tokens[start:end]]))
    return windows


def scoring_of(subject: Subject, facts: Facts) -> dict[str, Any]:
    return {
        "metric": facts["metric"],
        "scoring": "rollingLoglikelihood",
        "beginId": begin_id(subject),
        "contextLength": subject.context_length,
        "batchTokens": BATCH_TOKENS,
        "contexts": HOW,
    }


PERPLEXITY = Kind(read=read_texts, score=score_texts, scoring=scoring_of, template=lambda subject, facts: None)
