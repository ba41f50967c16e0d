"""Greedy generation in batches: sorted by length, key-value cached, rows leave the batch as they end.

Batches are a function of one split's prompts alone (a fixed number of tokens, ordered by length, then place in the file), so
the same stage gives the same rows whatever other splits share its job. Across batch sizes predictions agree except
where two tokens' logits differ by rounding only: matrix products may sum in another order for other row counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import torch

from lamdagent_gpu.evaluate import attention
from lamdagent_gpu.evaluate.batches import run_batches
from lamdagent_gpu.evaluate.cache import ROOM, keep_rows, show_room
from lamdagent_gpu.evaluate.contexts import run_contexts

BATCH_TOKENS = 65_536
"""Tokens in a batch: prompts, padding, and room for the longest answers. Part of what makes rows reproducible: only a lack
of memory lowers it, and says so."""
ROW_TOKENS = 256
"""What a row counts at least, so that a batch has at most 256 of them: one batch is what a killed evaluation does again."""


def generate_all(
    model: Any, prompts: list[list[int]], *, max_new_tokens: int, end_ids: set[int], pad_id: int,
    between: Callable[[int], None], limit: int | None = None, context_length: int | None = None,
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
        model, prompts, max_new_tokens=max_new_tokens, end_ids=end_ids, pad_id=pad_id, limit=limit,
        context_length=context_length,
    ):  # fmt: skip
        answers.update(shard)
        between(len(answers))
    return [answers[index] for index in range(len(prompts))]


def generate_shards(
    model: Any, prompts: list[list[int]], *, max_new_tokens: int, end_ids: set[int], pad_id: int,
    done: Collection[int] = (), limit: int | None = None, context_length: int | None = None,
    is_over: Callable[[list[int]], bool] = lambda answer: False,
) -> Iterator[dict[int, list[int]]]:  # fmt: skip
    """As generate_all, batch by batch: answers by the prompt's place. Batches that are `done` are passed over.

    `is_over` says of an answer so far, its last token included, whether no more of it is wanted.
    """
    order = sorted(range(len(prompts)), key=lambda index: (len(prompts[index]), index))
    room = [
        max_new_tokens if context_length is None else min(max_new_tokens, context_length - len(one)) for one in prompts
    ]
    sizes = [max(ROW_TOKENS, len(one) + new) for one, new in zip(prompts, room, strict=True)]

    @torch.inference_mode()
    def answered(chosen: list[int]) -> list[list[int]]:
        rows, most = [prompts[index] for index in chosen], [room[index] for index in chosen]
        return generate_batch(model, rows, most, end_ids, pad_id, greedy, is_over)

    return run_batches(
        order, sizes, answered, limit=limit or BATCH_TOKENS, done=done, unit="tokens",
        one=lambda index: f"generation: expected one row of {len(prompts[index])} tokens",
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

    The cache, mask [rows, …, slots] and positions [rows, 1] drop rows that have ended.
    """
    begun = run_contexts(model, prompts, pad_id)
    cache, logits, positions = begun.cache, begun.logits, begun.positions
    seen = begun.mask.shape[-1]
    is_ours = attention.is_used(model)
    mask, visible = torch.cat([begun.mask, begun.mask.new_zeros(len(prompts), max(room) + ROOM)], dim=-1), 1
    if is_ours:
        mask, visible = attention.added(mask[:, None, None].bool(), model.dtype), 0
        if model.device.type == "cpu":
            show_room(cache)
    answers: list[list[int]] = [[] for _ in prompts]
    alive = list(range(len(prompts)))
    while True:
        tokens = choose(logits, alive, len(answers[alive[0]]))
        goes_on = [
            takes(answers[row], token, end_ids) and len(answers[row]) < room[row] and not is_over(answers[row])
            for row, token in zip(alive, tokens.tolist(), strict=True)
        ]
        if not any(goes_on):
            return answers
        if not all(goes_on):
            rows = keep_rows(cache, goes_on, model.device)
            tokens, mask, positions = tokens[rows], mask[rows], positions[rows]
            alive = [alive[place] for place in rows.tolist()]
        mask[..., seen] = visible
        seen += 1
        logits = model(
            input_ids=tokens.unsqueeze(-1), attention_mask=mask if is_ours else mask[:, :seen], position_ids=positions,
            past_key_values=cache, use_cache=True, logits_to_keep=1,
        ).logits[:, -1]  # fmt: skip
        positions = positions + 1


def takes(answer: list[int], token: int, end_ids: set[int]) -> bool:
    """Appends the token unless it ends the answer; whether it was appended."""
    if token in end_ids:
        return False
    answer.append(token)
    return True
