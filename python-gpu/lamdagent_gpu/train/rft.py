"""Rejection sampling fine-tuning (Yuan et al. 2023, arXiv 2308.01825, section 3.3): SFT on the model's own answers that
have a reward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.arguments import sft_config, trainer_arguments
from lamdagent_gpu.train.data import IGNORED, check_vocabulary
from lamdagent_gpu.train.encoding import Example
from lamdagent_gpu.train.method import TRAINING, Parameter, TrainMethod
from lamdagent_gpu.train.on_policy import SAMPLING, OnSampledTrainer, answered, trained
from lamdagent_gpu.train.sampled import Answer, nothing_learnt
from lamdagent_gpu.train.sft import DurableSFTTrainer

KEEP = Parameter(name="keep")


class DurableRFTTrainer(OnSampledTrainer, DurableSFTTrainer):
    pass


def kept(answers: list[Answer], most: int) -> list[list[int]]:
    """Different answers with a reward above 0: the best first, of equals the first drawn."""
    ranked = sorted((one for one in answers if one.reward > 0), key=lambda one: -one.reward)
    different = {tuple(one.ids): one.ids for one in ranked}
    return list(different.values())[:most]


def make_trainer(
    context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None
) -> DurableRFTTrainer:
    prompts, sampled, rounds = answered(context, model, tokenizer, resume)
    most = KEEP.of(context.parameters)
    examples: list[Example] = [
        {"input_ids": prompt.ids + ids, "labels": [IGNORED] * len(prompt.ids) + ids, **prompt.kept}
        for prompt, answers in zip(prompts, sampled, strict=True)
        for ids in kept(answers, most)
    ]
    if not examples:
        raise nothing_learnt("a reward above 0", sampled)
    check_vocabulary(examples, model)
    trainer = DurableRFTTrainer(
        **trainer_arguments(
            context, model, tokenizer, trained(resume), examples=examples, args=sft_config(context, micro_batch)
        )
    )
    trainer.take(sampled, rounds)
    return trainer


RFT = TrainMethod(
    kind="rft",
    paper="https://arxiv.org/abs/2308.01825",
    formula="the SFT loss on sampled answers with a reward above 0",
    make=make_trainer,
    parameters=(*TRAINING, *SAMPLING, KEEP),
)
