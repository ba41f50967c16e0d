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
from lamdagent_gpu.evaluate.cache import empty, for_rows, is_roomy, passing, roomy
from lamdagent_gpu.evaluate.prefixes import Tree, left_mask, tree_of

HOW = "tree with continuations"
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
    head, rests = run_head(model, contexts, pad_id)
    return one_pass(model, rests, pad_id, head, use_cache)


def run_head(
    model: Any, contexts: Sequence[list[int]], pad_id: int, room: int = 0
) -> tuple[Begun | None, Sequence[list[int]]]:
    """A long common beginning, run for one row and made ready for all of them, and what is left of each context; no
    beginning and the contexts as they are where it wouldn't pay. `room`: how many tokens follow a context at most."""
    common = shared_length(contexts)
    if common >= SHARED and len(contexts) > 1:
        head = one_pass(model, [contexts[0][:common]], pad_id, None, use_cache=True)
        if is_roomy(head.cache):  # windows and states count slots: padding between a row's tokens would shift them
            rows = torch.zeros(len(contexts), dtype=torch.long, device=model.device)
            cache = for_rows(head.cache, rows, max(map(len, contexts)) - common + room)
            ready = Begun(logits=head.logits, mask=head.mask[rows], positions=head.positions, cache=cache)
            return ready, [one[common:] for one in contexts]
    return None, contexts


def one_pass(model: Any, tokens: Sequence[list[int]], pad_id: int, after: Begun | None, use_cache: bool) -> Begun:
    """`after`: what all rows stand at."""
    if not attention.is_used(model):
        return of_rows(model, tokens, pad_id, after, use_cache)
    tree = tree_of(tokens, model.device)
    logits, cache = run_tree(model, tree, after, tree.ends, use_cache)
    mask, positions = tree.mask, tree.depths[tree.ends][:, None] + 1
    if after is not None:
        mask, positions = torch.cat([after.mask, mask], dim=-1), positions + after.positions
    return Begun(logits=logits, mask=mask, positions=positions, cache=cache)


def run_tree(
    model: Any, tree: Tree, after: Begun | None, keep: torch.Tensor, use_cache: bool
) -> tuple[torch.Tensor, Any]:
    """Each token that rows share is run once, and no padding. The logits after the nodes `keep` [kept, vocabulary], and
    the cache if it is wanted."""
    depths = tree.depths
    cache = empty() if use_cache else passing()
    if after is not None:
        depths, cache = depths + after.positions[0], after.cache
    mask = attention.added(tree.sees(None if after is None else after.mask), model.dtype)
    with tree.in_use():
        out = model(
            input_ids=tree.tokens[None], attention_mask=mask, position_ids=depths[None], past_key_values=cache,
            use_cache=True, logits_to_keep=keep,
        )  # fmt: skip
    return out.logits[0], cache if use_cache else None


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
