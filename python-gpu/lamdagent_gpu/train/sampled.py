"""A model's own answers to all prompts of a training, drawn and scored before its first step.

They are drawn in rounds of prompts; each round is one step of the job, and what is drawn travels with the checkpoints.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

from lamdagent_gpu.context import JobContext, Preempted, Rejected
from lamdagent_gpu.train.rewards import Scorer
from lamdagent_gpu.train.sampling import SAMPLES, sample, sampling_of
from lamdagent_gpu.train.verifiable import Prompt

SAMPLING_FILE = "sampling.jsonl"
"""The answers so far, of a checkpoint from before the first training step."""
SAMPLED_FILE = "sampled.jsonl"
"""All answers, in every later checkpoint."""
ROUND = 8
"""Prompts whose answers are drawn in one round."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    ids: list[int]
    reward: float


Sampled = list[list[Answer]]
"""The answers of each prompt, in the order they were drawn."""


def is_sampling(checkpoint: Path) -> bool:
    """The checkpoint was written before the first training step."""
    return (checkpoint / SAMPLING_FILE).is_file()


def rounds_of(prompts: Sequence[Prompt]) -> int:
    return ceil(len(prompts) / ROUND)


def sample_all(
    context: JobContext, model: Any, tokenizer: Any, prompts: list[Prompt], resume: Path | None, *, score: Scorer
) -> Sampled:
    """Goes on from where the checkpoint stands; saves by time, at the end, and when asked to stop.

    Raises:
        Preempted: asked to stop between two rounds.
    """
    sampled = read_sampled(resume) if resume is not None else []
    rounds = rounds_of(prompts)
    total = rounds + context.parameters["steps"]
    sampling = sampling_of(context.parameters, model=model, tokenizer=tokenizer, seed=context.seed)
    count = SAMPLES.of(context.parameters)
    saved_at = time.monotonic()
    if len(sampled) < len(prompts):
        context.training_begins(len(sampled) // ROUND, total)
    while len(sampled) < len(prompts):
        first = len(sampled)
        asked = [(place, number) for place in range(first, min(first + ROUND, len(prompts))) for number in range(count)]
        answers = sample(
            model,
            [prompts[place].ids for place, _ in asked],
            [f"{place} {number}" for place, number in asked],
            sampling,
        )
        rewards = score([prompts[place] for place, _ in asked], answers)
        scored = [Answer(ids=ids, reward=reward) for ids, reward in zip(answers, rewards, strict=True)]
        sampled += [scored[start : start + count] for start in range(0, len(scored), count)]
        done = ceil(len(sampled) / ROUND)
        context.progress("sampling", done, total)
        reason = context.stop_reason() if done < rounds else None
        due = time.monotonic() - saved_at >= context.build.options.checkpointSeconds
        if reason is not None or due or done == rounds:
            context.save_checkpoint(done, partial(write_sampling, list(sampled)))
            saved_at = time.monotonic()
        if reason is not None:
            context.saver.flush()
            raise Preempted(f"{reason}; saved at step {context.saver.safe_step} of {total}")
    return sampled


def write_sampling(sampled: Sampled, folder: Path) -> None:
    write_sampled(sampled, folder / SAMPLING_FILE)


def write_sampled(sampled: Sampled, file: Path) -> None:
    lines = (json.dumps([asdict(answer) for answer in answers]) + "\n" for answers in sampled)
    file.write_text("".join(lines), "utf8")


def read_sampled(checkpoint: Path) -> Sampled:
    file = checkpoint / (SAMPLING_FILE if is_sampling(checkpoint) else SAMPLED_FILE)
    lines = file.read_text("utf8").splitlines()
    return [[Answer(**answer) for answer in json.loads(line)] for line in lines]


def nothing_learnt(what: str, sampled: Sampled) -> Rejected:
    rewards = [answer.reward for answers in sampled for answer in answers]
    mean = sum(rewards) / len(rewards)
    return Rejected(
        f"sampled answers: expected a prompt with {what}, got none of {len(sampled)} (mean reward {mean:.3f}). "
        "Use easier prompts, more samples, or another temperature."
    )
