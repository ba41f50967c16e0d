"""What trainings on the model's own sampled answers share: rounds of sampling before the first step, kept for resumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.rewards import REWARD, prompts_of, scorer_of
from lamdagent_gpu.train.sampled import SAMPLED_FILE, Sampled, is_sampling, rounds_of, sample_all, write_sampled
from lamdagent_gpu.train.sampling import MAX_NEW_TOKENS, SAMPLES, TEMPERATURE
from lamdagent_gpu.train.trainer import DurableTrainer
from lamdagent_gpu.train.verifiable import Prompt

SAMPLING = (REWARD, SAMPLES, TEMPERATURE, MAX_NEW_TOKENS)


class OnSampledTrainer(DurableTrainer):
    """Mixed in before a durable trainer: its checkpoints hold the answers, and its steps follow the rounds."""

    sampled: Sampled

    def take(self, sampled: Sampled, rounds: int) -> None:
        self.sampled = sampled
        self.offset = rounds

    def write_checkpoint(self, folder: Path) -> None:
        super().write_checkpoint(folder)
        write_sampled(self.sampled, folder / SAMPLED_FILE)


def answered(context: JobContext, model: Any, tokenizer: Any, resume: Path | None) -> tuple[list[Prompt], Sampled, int]:
    """The prompts, the model's answers to them, and the rounds that drawing them took."""
    prompts = prompts_of(context, tokenizer)
    score = scorer_of(context, tokenizer)
    return prompts, sample_all(context, model, tokenizer, prompts, resume, score=score), rounds_of(prompts)


def trained(resume: Path | None) -> Path | None:
    """The checkpoint, unless it is from before the first training step."""
    return None if resume is None or is_sampling(resume) else resume
