"""What a training asks of the output layer beside the loss: each further figure of a token costs a pass over the vocabulary."""

from __future__ import annotations

from typing import Any

from trl.trainer.utils import add_fused_lm_head


def log_probs_alone(model: Any) -> None:
    """Of the trainers' fused output layer; TRL's own trainers also have it compute entropies and ranks for their logs."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    add_fused_lm_head(base, outputs=("log_probs",))
