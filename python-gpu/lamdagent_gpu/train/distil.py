"""Distillation on given answers (generalised knowledge distillation, Agarwal et al. 2023, arXiv 2306.13649, eqs. 1
and 2 with λ = 0): the student learns the teacher's distribution of every answer token."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy, log_softmax

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.merge.vocabulary import check_vocabularies
from lamdagent_gpu.train.arguments import sft_config, trainer_arguments
from lamdagent_gpu.train.data import IGNORED, check_vocabulary, sft_examples
from lamdagent_gpu.train.method import SFT_WEIGHT, TRAINING, Parameter, TrainMethod
from lamdagent_gpu.train.sft import DurableSFTTrainer
from lamdagent_gpu.train.shards import load_beside

DIVERGENCE = Parameter(name="divergence", choices=("forwardKl", "reverseKl", "jsd"))
JSD_BETA = Parameter(name="jsdBeta")
TEMPERATURE = Parameter(name="temperature")


class DurableDistilTrainer(DurableSFTTrainer):
    """The teacher is an input that never changes, so no checkpoint holds it."""

    teacher: Any
    loss_is_scaled_for_ga = True

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        return batches, self.over_ranks(sum((batch["labels"][:, 1:] != IGNORED).sum() for batch in batches))

    def compute_loss(self, model: Any, inputs: Any, *_: Any, num_items_in_batch: Any = None, **__: Any) -> Any:
        """The sum over the micro-batch's answer tokens, divided by those of the whole batch."""
        values = self.context.parameters
        labels = inputs["labels"][:, 1:]
        scored = labels != IGNORED
        given = {"input_ids": inputs["input_ids"], "attention_mask": inputs["attention_mask"], "use_cache": False}
        outputs = model(**given)
        with torch.no_grad():
            theirs = self.teacher(**given).logits[:, :-1][scored]
        ours = outputs.logits[:, :-1][scored]
        width = min(ours.shape[-1], theirs.shape[-1])  # beyond the shorter one there is padding of the vocabulary
        temperature = TEMPERATURE.of(values)
        loss = divergence(
            DIVERGENCE.of(values),
            log_softmax(theirs[:, :width].float() / temperature, dim=-1),
            log_softmax(ours[:, :width].float() / temperature, dim=-1),
            beta=JSD_BETA.of(values) if DIVERGENCE.of(values) == "jsd" else 0.5,
        ).sum()
        if (weight := SFT_WEIGHT.of(values)) > 0:
            loss = loss + weight * cross_entropy(ours.float(), labels[scored], reduction="sum")
        self.count_tokens(int(inputs["attention_mask"].sum()))
        # DDP takes the mean over the ranks of what is a sum over them.
        return self.context.ranks * loss / (scored.sum() if num_items_in_batch is None else num_items_in_batch)


def divergence(kind: str, teacher: torch.Tensor, student: torch.Tensor, *, beta: float) -> torch.Tensor:
    """Of log-probabilities [tokens, vocabulary]: [tokens]."""
    if kind == "forwardKl":
        return kl(teacher, student)
    if kind == "reverseKl":
        return kl(student, teacher)
    mixture = torch.logaddexp(teacher + math.log(beta), student + math.log(1 - beta))
    return beta * kl(teacher, mixture) + (1 - beta) * kl(student, mixture)


def kl(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return (left.exp() * (left - right)).sum(dim=-1)


def make_trainer(
    context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None
) -> DurableDistilTrainer:
    folders = [context.store.open(context.inputs(role)[0]) for role in DISTIL.roles]
    check_vocabularies(["the student", "the teacher"], folders)
    examples = sft_examples(context, tokenizer)
    check_vocabulary(examples, model)
    trainer = DurableDistilTrainer(
        **trainer_arguments(context, model, tokenizer, resume, examples=examples, args=sft_config(context, micro_batch))
    )
    teacher = load_beside(model, folders[1], context.device)
    check_vocabulary(examples, teacher)
    trainer.teacher = teacher
    return trainer


DISTIL = TrainMethod(
    kind="distil",
    paper="https://arxiv.org/abs/2306.13649",
    formula="mean of D(π_teacher(·|x, y<t), π_student(·|x, y<t)) over the answers' tokens + sftWeight · SFT loss",
    make=make_trainer,
    parameters=(*TRAINING, DIVERGENCE, JSD_BETA, TEMPERATURE, SFT_WEIGHT),
    roles=("model", "teacher"),
)
