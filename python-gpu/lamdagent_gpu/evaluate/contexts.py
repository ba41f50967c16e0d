"""Contexts run through a model once, left-padded, ready for what follows them.

What all contexts of a batch begin with (a system prompt, the examples of a few-shot task) can be run for one row, its
keys and values then copied to the others: the same numbers but for rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from lamdagent_gpu.evaluate.cache import for_rows, is_roomy, roomy

SHARED = 32
"""Tokens; a shorter common beginning saves less than a pass of its own costs."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """Where the model stands after the contexts."""

    logits: torch.Tensor
    """Of the next token [rows, vocabulary]."""
    mask: torch.Tensor
    """[rows, slots]: 1 where the cache holds a token of the row."""
    positions: torch.Tensor
    """Of the next token [rows, 1]."""
    cache: Any
    """Keys and values; None unless they were asked for."""


def run_contexts(
    model: Any, contexts: Sequence[list[int]], pad_id: int, *, share: bool = False, use_cache: bool = True
) -> Begun:
    """Runs the contexts (token ids, at least one each). With `share` a long common beginning is run once."""
    common = shared_length(contexts) if share else 0
    if common >= SHARED and len(contexts) > 1:
        head = one_pass(model, [contexts[0][:common]], pad_id, use_cache=True)
        if is_roomy(head.cache):  # windows and states count slots: padding between a row's tokens would shift them
            rows = torch.zeros(len(contexts), dtype=torch.long, device=model.device)
            room = max(map(len, contexts)) - common
            ready = Begun(
                logits=head.logits, mask=head.mask[rows], positions=head.positions,
                cache=for_rows(head.cache, rows, room),
            )  # fmt: skip
            return one_pass(model, [one[common:] for one in contexts], pad_id, after=ready, use_cache=use_cache)
    return one_pass(model, contexts, pad_id, use_cache=use_cache)


def one_pass(
    model: Any, tokens: Sequence[list[int]], pad_id: int, *, after: Begun | None = None, use_cache: bool
) -> Begun:
    ids, mask = left_padded(tokens, pad_id, model.device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    if after is not None:
        mask, positions = torch.cat([after.mask, mask], dim=-1), positions + after.positions
    out = model(
        input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=after and after.cache,
        use_cache=use_cache or after is not None, logits_to_keep=1,
    )  # fmt: skip
    return Begun(
        logits=out.logits[:, -1], mask=mask, positions=positions[:, -1:] + 1,
        cache=roomy(out.past_key_values) if use_cache else None,
    )  # fmt: skip


def left_padded(tokens: Sequence[list[int]], pad_id: int, device: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask, [rows, longest] each."""
    longest = max(map(len, tokens))
    ids = [[pad_id] * (longest - len(one)) + one for one in tokens]
    mask = [[0] * (longest - len(one)) + [1] * len(one) for one in tokens]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def shared_length(contexts: Sequence[list[int]]) -> int:
    """How many tokens all of them begin with; each keeps at least one of its own."""
    least, most = min(contexts), max(contexts)  # in the order of words: what these two share, all share
    same = next((at for at, (one, two) in enumerate(zip(least, most, strict=False)) if one != two), len(least))
    return min(same, min(map(len, contexts)) - 1)
