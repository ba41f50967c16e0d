"""A model that scores answers, trained on pairs: the chosen answer's score is to be the higher one (Bradley and Terry 1952;
Ouyang et al. 2022, arXiv 2203.02155, eq. 1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from trl import RewardConfig, RewardTrainer

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.train.arguments import trainer_arguments
from lamdagent_gpu.train.data import check_vocabulary, checked, encode_preference
from lamdagent_gpu.train.encoding import Example
from lamdagent_gpu.train.method import TRAINING, TUNING, Parameter, TrainMethod
from lamdagent_gpu.train.rows import encode_rows, kept_of, read_rows
from lamdagent_gpu.train.scores import score_sequences
from lamdagent_gpu.train.settings import settings
from lamdagent_gpu.train.trainer import DurableTrainer

HELD_OUT = Parameter(name="heldOut")
SCORER_TUNING = Parameter(name="tuning", choices=("full", "lora"))
ACCURACY = "heldOutAccuracy"
"""A metric of the result: the share of held-out pairs whose chosen answer scores higher; null without any."""


class DurableRewardTrainer(DurableTrainer, RewardTrainer):
    """TRL's reward trainer on token ids, with our data order and checkpoints, and the accuracy on pairs it never saw."""

    held_out: list[Example]

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset  # the rows are token ids already

    def final_metrics(self) -> dict[str, float | None]:
        return {ACCURACY: self._accuracy(), "heldOutPairs": len(self.held_out)}

    def _accuracy(self) -> float | None:
        if not self.held_out:
            return None
        with self.compute_loss_context_manager():
            chosen, rejected = (
                score_sequences(self.model, [pair[f"{half}_ids"] for pair in self.held_out], self.pad_id)
                for half in ("chosen", "rejected")
            )
        return sum(one > other for one, other in zip(chosen, rejected, strict=True)) / len(self.held_out)

    @property
    def pad_id(self) -> int:
        return int(self.processing_class.pad_token_id)


def scored_pairs(context: JobContext, tokenizer: Any) -> list[Example]:
    """Prompt and answer of both halves as one sequence; pairs with one of more than `maxLength` tokens are dropped."""
    limit = context.parameters["maxLength"]
    rows = read_rows(context)
    encoded = encode_rows(context, rows, lambda row: encode_preference(row, tokenizer))
    pairs: list[Example] = [
        {
            "prompt_ids": one["prompt_ids"],
            "chosen_ids": one["prompt_ids"] + one["chosen_ids"],
            "rejected_ids": one["prompt_ids"] + one["rejected_ids"],
            **kept_of(row),
        }
        for row, one in zip(rows, encoded, strict=True)
    ]
    kept = [one for one in pairs if max(len(one["chosen_ids"]), len(one["rejected_ids"])) <= limit]
    return checked(kept, len(rows), 0, limit)


def held_out_prompts(pairs: Sequence[Example], share: float, seed: int) -> set[tuple[int, ...]]:
    """A share of the prompts, with all of their pairs: no answer is judged whose prompt was trained on."""
    prompts = list(dict.fromkeys(tuple(pair["prompt_ids"]) for pair in pairs))
    order = torch.randperm(len(prompts), generator=torch.Generator().manual_seed(seed)).tolist()
    return {prompts[place] for place in order[: round(share * len(prompts))]}


def make_trainer(
    context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None
) -> DurableRewardTrainer:
    pairs = scored_pairs(context, tokenizer)
    check_vocabulary(pairs, model)
    apart = held_out_prompts(pairs, HELD_OUT.of(context.parameters), context.seed)
    trained = [pair for pair in pairs if tuple(pair["prompt_ids"]) not in apart]
    if not trained:
        raise Rejected("heldOut: expected pairs left to train on, got none. Lower it, or add pairs with other prompts.")
    config = RewardConfig(**settings(context, micro_batch))
    trainer = DurableRewardTrainer(
        **trainer_arguments(
            context, model, tokenizer, resume, examples=[without_prompt(pair) for pair in trained], args=config
        )
    )
    trainer.held_out = [pair for pair in pairs if tuple(pair["prompt_ids"]) in apart]
    return trainer


def without_prompt(pair: Example) -> Example:
    """The halves hold it."""
    return {**pair, "prompt_ids": []}


REWARD_MODEL = TrainMethod(
    kind="rewardModel",
    paper="https://arxiv.org/abs/2203.02155",
    formula="mean of -log sigmoid(r(x, chosen) - r(x, rejected))",
    make=make_trainer,
    parameters=(*(SCORER_TUNING if one is TUNING else one for one in TRAINING), HELD_OUT),
    scores=True,
)
