"""Log-probabilities of given continuations, in batches sorted by length; what continuations share is computed once.

Where it can be, contexts and continuations are one pass (`branches.py`). Otherwise a context is run once, left-padded; its
keys and values then serve all of its continuations, right-padded, in groups of similar length. A batch is a function of
the requests of one split alone, so the same stage gives the same rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import Any, TypeVar

import torch

from lamdagent_gpu.context import Diverged
from lamdagent_gpu.evaluate import attention
from lamdagent_gpu.evaluate.batches import end_of_batch, run_batches
from lamdagent_gpu.evaluate.branches import score_branches
from lamdagent_gpu.evaluate.cache import for_rows
from lamdagent_gpu.evaluate.contexts import Begun, run_contexts

Value = TypeVar("Value")
BATCH_TOKENS = 16_384
"""Tokens in a batch, padding included, contexts counted for each continuation, since each needs its keys and values.
Part of what makes rows reproducible: only a lack of memory lowers it, and says so."""
GROUP_TOKENS = 1024
"""Tokens of continuations fed at once, padding included."""
NUMBERS = 1 << 27
"""Logits held at once, or pairs of tokens of which one may see the other (0.5 GB in float32): for more of them,
continuations are fed a stretch at a time after their contexts."""


@dataclass(frozen=True)
class Request:
    """Token ids of a context (at least one) and of what may follow it (at least one token each)."""

    context: list[int]
    continuations: list[list[int]]

    @property
    def tokens(self) -> int:
        """What its rows take in a batch."""
        return len(self.continuations) * (len(self.context) + self.longest)

    @property
    def predictions(self) -> int:
        """How many tokens are predicted, at most: the first of all continuations after one place, each other after its own."""
        return 1 + sum(len(one) - 1 for one in self.continuations)

    @property
    def longest(self) -> int:
        return max(map(len, self.continuations))


def score_shards(
    model: Any, requests: list[Request], *, pad_id: int, done: Collection[int] = (), limit: int | None = None
) -> Iterator[dict[int, list[float]]]:
    """Natural logarithms of P(continuation | context), summed over its tokens: by the request's place, batch by batch.

    Batches whose requests are all `done` are passed over.

    Raises:
        OutOfMemory: one request alone does not fit.
        Diverged: a log-probability is not finite.
    """
    sizes = [request.tokens for request in requests]
    return run_batches(
        in_order(requests), sizes, lambda chosen: score_batch(model, [requests[index] for index in chosen], pad_id),
        limit=limit or BATCH_TOKENS, done=done, unit="tokens",
        one=lambda index: f"log-likelihood: expected one item of {sizes[index]} tokens",
    )  # fmt: skip


def greedy_shards(
    model: Any, requests: list[Request], *, pad_id: int, limit: int | None = None
) -> Iterator[dict[int, list[tuple[float, bool]]]]:
    """As score_shards, and of each continuation whether greedy decoding would have written it."""
    sizes, order = [request.tokens for request in requests], in_order(requests)
    return run_batches(
        order, sizes, lambda chosen: greedy_batch(model, [requests[index] for index in chosen], pad_id),
        limit=limit or BATCH_TOKENS, unit="tokens",
        one=lambda index: f"log-likelihood: expected one item of {sizes[index]} tokens",
    )  # fmt: skip


def in_order(requests: list[Request]) -> list[int]:
    return sorted(range(len(requests)), key=lambda at: (len(requests[at].context), requests[at].longest, at))


def score_batch(model: Any, requests: list[Request], pad_id: int) -> list[list[float]]:
    """One batch: [request][continuation] -> log-probability."""
    return run_batch(model, requests, pad_id)[0]


def greedy_batch(model: Any, requests: list[Request], pad_id: int) -> list[list[tuple[float, bool]]]:
    values, greedy = run_batch(model, requests, pad_id, greedy=True)
    return [list(zip(*both, strict=True)) for both in zip(values, greedy, strict=True)]


@torch.inference_mode()
def run_batch(
    model: Any, requests: list[Request], pad_id: int, *, greedy: bool = False
) -> tuple[list[list[float]], list[list[bool]]]:
    """[request][continuation] -> log-probability, and if `greedy` whether each of its tokens is the most probable."""
    if attention.is_used(model) and numbers_in_one_pass(model, requests) <= NUMBERS:
        contexts, continuations = [one.context for one in requests], [one.continuations for one in requests]
        values, most = score_branches(model, contexts, continuations, pad_id, greedy=greedy)
    else:
        values, most = score_after_contexts(model, requests, pad_id, greedy)
    if not all(map(isfinite, values)):
        raise Diverged("log-likelihood: expected finite log-probabilities, got others: the model's weights are broken")
    return by_request(requests, values), by_request(requests, most)


def numbers_in_one_pass(model: Any, requests: list[Request]) -> int:
    """The most that `score_branches` would hold of logits or of pairs."""
    longest = max(len(one.context) + one.predictions - 1 for one in requests)
    return max(sum(one.predictions for one in requests) * vocabulary_of(model), len(requests) * longest**2)


def vocabulary_of(model: Any) -> int:
    return int(model.config.get_text_config().vocab_size)


def score_after_contexts(
    model: Any, requests: list[Request], pad_id: int, greedy: bool
) -> tuple[list[float], list[bool]]:
    """Of every continuation, request after request; the second list is empty unless `greedy`."""
    device = model.device
    goes_on = any(len(continuation) > 1 for one in requests for continuation in one.continuations)
    begun = run_contexts(model, [one.context for one in requests], pad_id, use_cache=goes_on)
    first = log_softmax(begun.logits)  # [requests, vocabulary]
    owners = [row for row, one in enumerate(requests) for _ in one.continuations]
    flat = [continuation for one in requests for continuation in one.continuations]
    heads = torch.tensor([continuation[0] for continuation in flat], device=device)
    rows = torch.tensor(owners, device=device)
    sums = first[rows, heads].double()
    best = heads == first.argmax(-1)[rows] if greedy else None  # [continuations]
    for group in groups_of(flat):
        rest, agree = rest_of(model, begun, rows[group], [flat[at] for at in group], pad_id, greedy=greedy)
        sums[group] += rest
        if best is not None:
            best[group] &= agree
    return sums.tolist(), [] if best is None else best.tolist()


def groups_of(continuations: list[list[int]]) -> Iterator[list[int]]:
    """Places of continuations of more than one token, of similar length, whatever question they belong to."""
    sizes = [len(one) - 1 for one in continuations]
    order = sorted((at for at, size in enumerate(sizes) if size > 0), key=lambda at: (sizes[at], at))
    start = 0
    while start < len(order):
        end = end_of_batch(order, sizes, start, GROUP_TOKENS)
        yield order[start:end]
        start = end


def by_request(requests: list[Request], flat: list[Value]) -> list[list[Value]]:
    found = iter(flat)
    return [list(islice(found, len(one.continuations))) for one in requests]


def rest_of(
    model: Any, begun: Begun, rows: Any, flat: list[list[int]], pad_id: int, *, greedy: bool
) -> tuple[Any, Any]:
    """[continuations] log-probabilities of all tokens but the first, given the contexts; [continuations] whether each of
    them is the most probable (all True unless `greedy`).

    rows: [continuations], the context each one follows. A continuation of n tokens is fed its first n - 1.
    """
    device = rows.device
    longest = max(map(len, flat)) - 1
    fed = torch.tensor([one[:-1] + [pad_id] * (longest + 1 - len(one)) for one in flat], device=device)
    wanted = torch.tensor([one[1:] + [pad_id] * (longest + 1 - len(one)) for one in flat], device=device)
    real = torch.tensor([[1] * (len(one) - 1) + [0] * (longest + 1 - len(one)) for one in flat], device=device)
    cache = for_rows(begun.cache, rows, longest)
    slots, begins = begun.mask.shape[-1], begun.positions[rows]
    seen = torch.cat([begun.mask[rows], real], dim=-1)
    sums = torch.zeros(len(flat), dtype=torch.float64, device=device)
    agree = torch.ones(len(flat), dtype=torch.bool, device=device)
    width = max(1, NUMBERS // (len(flat) * vocabulary_of(model)))
    for begin in range(0, longest, width):
        stretch = slice(begin, min(begin + width, longest))
        out = model(
            input_ids=fed[:, stretch], attention_mask=seen[:, : slots + stretch.stop],
            position_ids=begins + torch.arange(stretch.start, stretch.stop, device=device),
            past_key_values=cache, use_cache=True,
        )  # fmt: skip
        cache = out.past_key_values
        scores = log_softmax(out.logits).gather(-1, wanted[:, stretch].unsqueeze(-1)).squeeze(-1)
        sums += (scores.double() * real[:, stretch]).sum(-1)
        if greedy:
            agree &= ((out.logits.argmax(-1) == wanted[:, stretch]) | (real[:, stretch] == 0)).all(-1)
    return sums, agree


def log_softmax(logits: Any) -> Any:
    """In float32 whatever the model computes in: bfloat16 would round a log-probability to two digits."""
    return torch.log_softmax(logits.float(), dim=-1)
