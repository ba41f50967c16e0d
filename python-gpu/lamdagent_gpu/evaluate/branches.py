"""Log-probabilities of given continuations in one pass: each is a branch that its context's path goes on in.

A continuation of n tokens is fed its first n - 1, and what two of them begin with after the same context is run once.
For models whose attention is ours; the others run contexts first and continuations after them (`loglikelihood.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from lamdagent_gpu.evaluate.contexts import run_head, run_tree
from lamdagent_gpu.evaluate.prefixes import tree_of


def score_branches(
    model: Any,
    contexts: Sequence[list[int]],
    continuations: Sequence[Sequence[list[int]]],
    pad_id: int,
    *,
    greedy: bool,
) -> tuple[list[float], list[bool]]:
    """Of every continuation, context after context: the sum of ln P of its tokens, and whether each of them is the most
    probable one (none, unless `greedy`).

    contexts, continuations: token ids, at least one each; continuations[row] follow contexts[row].
    """
    fed = [[one[:-1] for one in some] for some in continuations]
    head, rests = run_head(model, contexts, pad_id, room=max(sum(map(len, some)) for some in fed))
    tree = tree_of(rests, model.device, fed)
    places: list[int] = []
    """Of each continuation's tokens: where the token before it stands among the flattened rows."""
    for begin, rest, some in zip(tree.begins, rests, fed, strict=True):
        end = begin + len(rest)
        for one in some:
            places += [begin + len(rest) - 1, *range(end, end + len(one))]
            end += len(one)
    before = tree.node_of.flatten()[torch.tensor(places, device=model.device)]
    kept, at = before.unique(return_inverse=True)
    logits = run_tree(model, tree, head, kept, use_cache=False)[0].float()  # [kept, vocabulary]
    flat = [one for some in continuations for one in some]
    tokens = torch.tensor([token for one in flat for token in one], device=model.device)
    values = logits[at, tokens] - logits.logsumexp(-1)[at]
    starts = np.cumsum([0, *map(len, flat[:-1])])
    sums = np.add.reduceat(values.double().cpu().numpy(), starts)
    best = np.logical_and.reduceat((logits.argmax(-1)[at] == tokens).cpu().numpy(), starts) if greedy else np.array([])
    return sums.tolist(), best.tolist()
