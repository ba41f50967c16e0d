"""Greedy generation in batches: sorted by length, key-value cached, rows leave the batch as they end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

BATCH = 64
"""Fixed, and rows are ordered by (length, place), so that the same items always share the same batches."""


@torch.inference_mode()
def generate_all(
    model: Any, prompts: list[list[int]], *, max_new_tokens: int, end_ids: set[int], pad_id: int,
    between: Callable[[int], None], batch: int = BATCH,
) -> list[list[int]]:  # fmt: skip
    """Greedy continuations of the prompts, in their order, without the end token.

    `between` is called with the number of prompts done after each batch. On CUDA out of memory the batch halves.
    """
    order = sorted(range(len(prompts)), key=lambda index: (len(prompts[index]), index))
    answers: dict[int, list[int]] = {}
    start = 0
    while start < len(order):
        chosen = order[start : start + batch]
        try:
            found = generate_batch(model, [prompts[i] for i in chosen], max_new_tokens, end_ids, pad_id)
        except torch.OutOfMemoryError:
            if batch == 1:
                raise
            batch //= 2
            continue
        answers.update(zip(chosen, found, strict=True))
        start += len(chosen)
        between(start)
    return [answers[index] for index in range(len(prompts))]


def generate_batch(
    model: Any, prompts: list[list[int]], max_new_tokens: int, end_ids: set[int], pad_id: int
) -> list[list[int]]:
    """One left-padded batch. ids, mask: [rows, longest]; the cache drops rows that have ended."""
    longest = max(map(len, prompts))
    device = model.device
    ids = torch.tensor([[pad_id] * (longest - len(p)) + p for p in prompts], device=device)
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    answers: list[list[int]] = [[] for _ in prompts]
    alive = list(range(len(prompts)))
    cache = None
    for _ in range(max_new_tokens):
        out = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = out.past_key_values
        tokens = out.logits[:, -1].argmax(-1)
        keep = []
        for place, token in enumerate(tokens.tolist()):
            if token not in end_ids:
                answers[alive[place]].append(token)
                keep.append(place)
        if not keep:
            break
        if len(keep) < len(alive):
            rows = torch.tensor(keep, device=device)
            cache.batch_select_indices(rows)
            tokens, mask, positions = tokens[rows], mask[rows], positions[rows]
            alive = [alive[place] for place in keep]
        ids = tokens.unsqueeze(-1)
        mask = torch.cat([mask, mask.new_ones(len(alive), 1)], dim=-1)
        positions = positions[:, -1:] + 1
    return answers
