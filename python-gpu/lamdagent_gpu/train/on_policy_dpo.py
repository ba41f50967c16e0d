"""DPO on pairs of the model's own answers, as a verifiable reward ranks them (on-policy preferences: Guo et al. 2024,
arXiv 2402.04792, with a rule in the annotator's place and all answers drawn before the first step)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.dpo import LOSS_PARAMETERS, DurableDPOTrainer, loss_of
from lamdagent_gpu.train.encoding import Example
from lamdagent_gpu.train.method import TRAINING, TrainMethod
from lamdagent_gpu.train.on_policy import SAMPLING, OnSampledTrainer, answered, trained
from lamdagent_gpu.train.preference import pair_arguments
from lamdagent_gpu.train.sampled import Answer, nothing_learnt


class DurableOnPolicyDPOTrainer(OnSampledTrainer, DurableDPOTrainer):
    pass


def best_and_worst(answers: list[Answer]) -> tuple[list[int], list[int]] | None:
    """Of equal ones the first drawn; None where all have the same reward."""
    best = max(answers, key=lambda one: one.reward)
    worst = min(answers, key=lambda one: one.reward)
    return None if best.reward == worst.reward else (best.ids, worst.ids)


def make_trainer(
    context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None
) -> DurableOnPolicyDPOTrainer:
    prompts, sampled, rounds = answered(context, model, tokenizer, resume)
    examples: list[Example] = [
        {"prompt_ids": prompt.ids, "chosen_ids": pair[0], "rejected_ids": pair[1], **prompt.kept}
        for prompt, answers in zip(prompts, sampled, strict=True)
        if (pair := best_and_worst(answers)) is not None
    ]
    if not examples:
        raise nothing_learnt("answers of different rewards", sampled)
    trainer = DurableOnPolicyDPOTrainer(
        **pair_arguments(
            context, model, tokenizer, micro_batch, trained(resume), examples=examples, **loss_of(context.parameters)
        )
    )
    trainer.take(sampled, rounds)
    return trainer


ON_POLICY_DPO = TrainMethod(
    kind="onPolicyDpo",
    paper="https://arxiv.org/abs/2402.04792",
    formula="DPO's loss, chosen and rejected: a prompt's sampled answers of highest and lowest reward",
    make=make_trainer,
    parameters=(*TRAINING, *SAMPLING, *LOSS_PARAMETERS),
)
