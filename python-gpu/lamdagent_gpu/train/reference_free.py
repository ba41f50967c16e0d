"""Preference losses without a reference: of the policy's own log-probabilities of both answers, plus an SFT term.

TRL's trainers for them are experimental, keep all logits and tokenize anew; these go through its DPO trainer's data
path and fused output layer. `tests/train/test_losses.py` holds the losses against TRL's own functions.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.data import preference_examples
from lamdagent_gpu.train.method import BETA, Maker
from lamdagent_gpu.train.output_layer import log_probs_alone
from lamdagent_gpu.train.preference import PairTrainer, pair_arguments


@dataclass(frozen=True, kw_only=True)
class PairLogps:
    """Log-probabilities of the chosen and rejected answers, summed over their tokens, and those tokens' numbers: [pairs]."""

    chosen: torch.Tensor
    rejected: torch.Tensor
    chosen_tokens: torch.Tensor
    rejected_tokens: torch.Tensor

    @property
    def means(self) -> tuple[torch.Tensor, torch.Tensor]:
        """A token's, in the mean."""
        return self.chosen / self.chosen_tokens.clamp(min=1), self.rejected / self.rejected_tokens.clamp(min=1)


class ReferenceFreeTrainer(PairTrainer):
    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        log_probs_alone(self.model)

    @property
    @abstractmethod
    def sft_weight(self) -> float:
        """Of the SFT term beside the preference loss."""

    @abstractmethod
    def preference_loss(self, logps: PairLogps) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The loss of each pair, and the rewards of its chosen and rejected answer: [pairs] each."""

    def _compute_loss(self, model: Any, inputs: Any, return_outputs: bool) -> torch.Tensor:
        """Mean preference loss of the pairs + sft_weight x the mean loss of the batch's chosen answer tokens."""
        mask = inputs["completion_mask"]
        labels = inputs["input_ids"].masked_fill(mask == 0, -100)
        routed = {"output_router_logits": True} if self.aux_loss_enabled else {}
        outputs = model(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], labels=labels,
            use_cache=False, fused_lm_head=True, **routed,
        )  # fmt: skip
        sums, counts = outputs.log_probs.sum(dim=1), mask[:, 1:].sum(dim=1)
        (chosen, rejected), (chosen_tokens, rejected_tokens) = sums.chunk(2), counts.chunk(2)
        pairs = PairLogps(
            chosen=chosen, rejected=rejected, chosen_tokens=chosen_tokens, rejected_tokens=rejected_tokens
        )
        losses, chosen_rewards, rejected_rewards = self.preference_loss(pairs)
        loss = losses.mean()
        if self.sft_weight > 0:
            loss = loss + self.sft_weight * self.answer_share(inputs) * -chosen.sum() / chosen_tokens.sum().clamp(min=1)
        if self.aux_loss_enabled:
            loss = loss + self.router_aux_loss_coef * outputs.aux_loss
        self._note(inputs, chosen_rewards.detach(), rejected_rewards.detach())
        return loss

    def _note(self, inputs: Any, chosen: torch.Tensor, rejected: torch.Tensor) -> None:
        """What TRL's log takes up at the end of the step."""
        metrics = self._metrics["train"]
        self.count_tokens(int(inputs["attention_mask"].sum()))
        for name, values in (("accuracies", (chosen > rejected).float()), ("margins", chosen - rejected)):
            mean = float(self.over_ranks(values.float().mean())) / self.context.ranks
            metrics[f"rewards/{name}"].append(mean)


def maker_of(trainer: type[ReferenceFreeTrainer]) -> Maker:
    """Makes such a trainer on the pairs of the stage's data."""

    def make(
        context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None
    ) -> ReferenceFreeTrainer:
        beta = BETA.of(context.parameters)
        examples = preference_examples(context, tokenizer)
        return trainer(**pair_arguments(context, model, tokenizer, micro_batch, resume, examples=examples, beta=beta))

    return make
