"""Greedy generation in batches: sorted by length, key-value cached, rows leave the batch as they end.

Batches are a function of one split's prompts alone (a fixed size, ordered by length, then place in the file), so
the same stage gives the same rows whatever other splits share its job. Across batch sizes predictions agree except
where two tokens' logits differ by rounding only: matrix products may sum in another order for other row counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import torch

from lamdagent_gpu.evaluate.batches import run_batches

BATCH = 64
"""Rows in a batch. Part of what makes rows reproducible: only a lack of memory lowers it, and says so."""


def generate_all(
    model: Any, prompts: list[list[int]], *, max_new_tokens: int, end_ids: set[int], pad_id: int,
    between: Callable[[int], None], batch: int = BATCH, context_length: int | None = None,
) -> list[list[int]]:  # fmt: skip
    """Greedy continuations of the prompts (token ids, at least one each), in their order, without the end token.

    An answer ends at one of `end_ids`, after `max_new_tokens`, or where the prompt and it fill `context_length`.
    `between` is called with the number of prompts done before the first batch and after each one.

    Raises:
        OutOfMemory: one row alone does not fit. Before that, a batch that does not fit is halved and done again.
    """
    answers: dict[int, list[int]] = {}
    between(0)
    for shard in generate_shards(
        model, prompts, max_new_tokens=max_new_tokens, end_ids=end_ids, pad_id=pad_id, batch=batch,
        context_length=context_length,
    ):  # fmt: skip
        answers.update(shard)
        between(len(answers))
    return [answers[index] for index in range(len(prompts))]


def generate_shards(
    model: Any, prompts: list[list[int]], *, max_new_tokens: int, end_ids: set[int], pad_id: int,
    done: Collection[int] = (), batch: int = BATCH, context_length: int | None = None,
    is_over: Callable[[list[int]], bool] = lambda answer: False,
) -> Iterator[dict[int, list[int]]]:  # fmt: skip
    """As generate_all, batch by batch: answers by the prompt's place. Batches that are `done` are passed over.

    `is_over` says of an answer so far, its last token included, whether no more of it is wanted.
    """
    order = sorted(range(len(prompts)), key=lambda index: (len(prompts[index]), index))

    @torch.inference_mode()
    def answered(chosen: list[int]) -> list[list[int]]:
        rows = [prompts[index] for index in chosen]
        room = [max_new_tokens if context_length is None else context_length - len(row) for row in rows]
        most = [min(max_new_tokens, one) for one in room]
        return generate_batch(model, rows, most, end_ids, pad_id, greedy, is_over)

    return run_batches(
        order, [1] * len(prompts), answered, limit=batch, done=done,
        one=lambda index: f"generation: expected one row of {len(prompts[index])} tokens", unit="rows",
    )  # fmt: skip


Choose = Callable[[torch.Tensor, list[int], int], torch.Tensor]
"""(logits of the next token [rows, vocabulary], the rows' places in the batch, tokens so far) -> tokens [rows]."""


def greedy(logits: torch.Tensor, _: list[int], __: int) -> torch.Tensor:
    return logits.argmax(-1)


def generate_batch(
    model: Any, prompts: list[list[int]], room: list[int], end_ids: set[int], pad_id: int, choose: Choose = greedy,
    is_over: Callable[[list[int]], bool] = lambda answer: False,
) -> list[list[int]]:  # fmt: skip
    """One left-padded batch; `room` is the most new tokens of each row.

    ids, mask, positions: [rows, longest] for the prompts, then ids [rows, 1] a step. The cache and all of these
    drop rows that have ended.
    """
    longest = max(map(len, prompts))
    device = model.device
    ids = torch.tensor([[pad_id] * (longest - len(p)) + p for p in prompts], device=device)
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    answers: list[list[int]] = [[] for _ in prompts]
    alive = list(range(len(prompts)))
    cache = None
    while alive:
        out = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = out.past_key_values
        tokens = choose(out.logits[:, -1], alive, len(answers[alive[0]]))
        keep = [place for place, token in enumerate(tokens.tolist()) if takes(answers[alive[place]], token, end_ids)]
        keep = [place for place in keep if len(answers[alive[place]]) < room[alive[place]]]
        keep = [place for place in keep if not is_over(answers[alive[place]])]
        if 0 < len(keep) < len(alive):
            rows = torch.tensor(keep, device=device)
            cache.batch_select_indices(rows)
            tokens, mask, positions = tokens[rows], mask[rows], positions[rows]
        alive = [alive[place] for place in keep]
        ids = tokens.unsqueeze(-1)
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=-1)
        positions = positions[:, -1:] + 1
    return answers


def takes(answer: list[int], token: int, end_ids: set[int]) -> bool:
    """Appends the token unless it ends the answer; whether it was appended."""
    if token in end_ids:
        return False
    answer.append(token)
    return True
