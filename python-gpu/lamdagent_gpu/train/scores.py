"""Scores of whole sequences by a model with a scalar head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from lamdagent_gpu.evaluate.batches import run_batches

BATCH = 16
"""Sequences at once; fewer where memory is short."""


@torch.no_grad()
def score_sequences(model: Any, sequences: Sequence[list[int]], pad_id: int) -> list[float]:
    """One score each, in their order. Token ids, with what marks the answer's end where there is one."""
    order = sorted(range(len(sequences)), key=lambda place: (len(sequences[place]), place))

    def scored(chosen: list[int]) -> list[float]:
        longest = max(len(sequences[place]) for place in chosen)
        rows = [sequences[place] for place in chosen]
        ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in rows], device=model.device)
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=model.device)
        logits: torch.Tensor = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        return logits.float().squeeze(-1).tolist()

    found: dict[int, float] = {}
    was_training = model.training
    model.eval()
    try:
        for batch in run_batches(
            order, [1] * len(sequences), scored, limit=BATCH,
            one=lambda place: f"scoring: expected one row of {len(sequences[place])} tokens", unit="rows",
        ):  # fmt: skip
            found.update(batch)
    finally:
        model.train(was_training)
    return [found[place] for place in range(len(sequences))]
