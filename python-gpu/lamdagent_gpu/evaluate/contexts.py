"""Contexts run through a model once, left-padded, ready for what follows them.

What all contexts of a batch begin with (a system prompt, the examples of a few-shot task) is run for one row, its keys
and values then copied to the others; what some of them begin with is run once too, where the model's attention is ours.
The same numbers but for rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from lamdagent_gpu.evaluate import attention
from lamdagent_gpu.evaluate.cache import empty, for_rows, is_roomy, roomy
from lamdagent_gpu.evaluate.prefixes import left_mask, tree_of

HOW = "tree"
"""How contexts are run, for the evaluator's hash: part of what makes rows reproducible to the last digit."""
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


def run_contexts(model: Any, contexts: Sequence[list[int]], pad_id: int, *, use_cache: bool = True) -> Begun:
    """Runs the contexts (token ids, at least one each); a long common beginning for one row alone."""
    common = shared_length(contexts)
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
    """`after`: what all rows stand at."""
    return (of_nodes if attention.is_used(model) else of_rows)(model, tokens, pad_id, after, use_cache)


def of_nodes(model: Any, tokens: Sequence[list[int]], pad_id: int, after: Begun | None, use_cache: bool) -> Begun:
    """Each token that rows share is run once, and no padding."""
    tree = tree_of(tokens, model.device)
    mask, depths = tree.mask, tree.depths
    if after is not None:
        mask, depths = torch.cat([after.mask, mask], dim=-1), depths + after.positions[0]
    cache = empty() if after is None else after.cache
    with tree.in_use():
        out = model(
            input_ids=tree.tokens[None], attention_mask=attention.causal(mask, tree.mask.shape[-1]),
            position_ids=depths[None], past_key_values=cache, use_cache=True, logits_to_keep=tree.ends,
        )  # fmt: skip
    return Begun(
        logits=out.logits[0], mask=mask, positions=depths[tree.ends][:, None] + 1, cache=cache if use_cache else None
    )


def of_rows(model: Any, tokens: Sequence[list[int]], pad_id: int, after: Begun | None, use_cache: bool) -> Begun:
    longest = max(map(len, tokens))
    ids = torch.tensor([[pad_id] * (longest - len(one)) + one for one in tokens], device=model.device)
    mask = left_mask(tokens, model.device)
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


def shared_length(contexts: Sequence[list[int]]) -> int:
    """How many tokens all of them begin with; each keeps at least one of its own."""
    least, most = min(contexts), max(contexts)  # in the order of words: what these two share, all share
    same = next((at for at, (one, two) in enumerate(zip(least, most, strict=False)) if one != two), len(least))
    return min(same, min(map(len, contexts)) - 1)
