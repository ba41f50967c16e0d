"""What a running job knows and may do. Made by the child process for each job; training, merging and evaluation use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lamdagent_gpu import failpoints
from lamdagent_gpu.checkpoint import Checkpoint
from lamdagent_gpu.contract.messages import BuildJob, EvaluateJob, IdentifiedStage
from lamdagent_gpu.pace import Pace
from lamdagent_gpu.saver import Saver
from lamdagent_gpu.store import Store

STEPPED = ("sampling", "training")
"""Phases whose steps are kept by checkpoints, and counted as done or lost."""


class Preempted(RuntimeError):
    """The job was asked to stop and has saved its state."""


class Diverged(RuntimeError):
    """A loss, gradient or weight is not finite any more."""


class OutOfMemory(RuntimeError):
    """The job does not fit the device, even with the smallest micro-batch."""


class TooLarge(RuntimeError):
    """On several devices: a micro-batch does not fit one of them. All have to begin again with a smaller one."""


class Rejected(RuntimeError):
    """The user's data or settings can never work; the message says what was expected and got."""


class Incomplete(RuntimeError):
    """A training returned before its last step: a bug. Its weights must not be published."""


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """Returned by training and merging; the model's files are in the context's output folder."""

    steps: int
    """Optimiser steps; without those of sampling before them."""
    metrics: dict[str, float | None]


@dataclass(frozen=True, kw_only=True)
class ScoredSplit:
    """One model's result on one benchmark split. `rows` hold id, promptSha256, prediction, score, in item order."""

    stage_id: str
    rows: list[dict[str, object]]
    score: float
    standard_error: float
    items: int
    """Those that have a score."""
    evaluator: dict[str, str | None]
    """The contract's Evaluator: hashes of items, template and generation."""
    missing: int = 0
    """Items without one, in `rows` all the same."""


@dataclass(frozen=True, kw_only=True)
class JobContext:
    job: BuildJob | EvaluateJob
    store: Store
    device: str
    output_folder: Path
    saver: Saver
    pace: Pace
    resume: Checkpoint | None
    report: Callable[[dict[str, Any]], None]
    stop_reason: Callable[[], str | None]
    rank: int = 0
    """Which of `ranks` processes this one is; the first alone speaks and writes."""
    ranks: int = 1
    shard: str = "auto"
    """Whether a model lies in shards over the devices: auto, always or never (`train/sharding.py`)."""
    halvings: int = 0
    """How often the whole batch is to be halved before it is tried, since more did not fit."""
    judge_key: str | None = field(default=None, repr=False)
    """A secret that judges are asked with."""

    @property
    def build(self) -> BuildJob:
        if not isinstance(self.job, BuildJob):
            raise TypeError("job: expected a build job, got an evaluation")
        return self.job

    @property
    def evaluation(self) -> EvaluateJob:
        if not isinstance(self.job, EvaluateJob):
            raise TypeError("job: expected an evaluation, got a build job")
        return self.job

    @property
    def seed(self) -> int:
        """The stage's seed, within 32 bits as NumPy wants it."""
        return int(self.build.stage.seed) % 2**32

    @property
    def parameters(self) -> dict[str, Any]:
        return self.build.stage.parameters

    def inputs(self, role: str) -> list[str]:
        return self.build.stage.inputs.get(role, [])

    def evaluations(self) -> list[IdentifiedStage]:
        return self.evaluation.stages

    def progress(
        self,
        phase: str,
        step: int,
        steps: int,
        *,
        loss: float | None = None,
        tokens_per_second: float | None = None,
        eta_seconds: float | None = None,
    ) -> None:
        """Tells the supervisor; cheap enough for every step."""
        if self.rank > 0:
            if phase in STEPPED:
                failpoints.reach("rank/step")
            return
        if phase in STEPPED:
            self.pace.step(step)
            failpoints.reach("train/step")
        self._tell(phase, step, steps, loss, tokens_per_second, eta_seconds)

    def training_begins(self, step: int, steps: int) -> None:
        """From here on there are steps to save: a stop waits for the one at hand, however long it takes."""
        self._tell("training", step, steps)

    def _tell(
        self,
        phase: str,
        step: int,
        steps: int,
        loss: float | None = None,
        tokens_per_second: float | None = None,
        eta_seconds: float | None = None,
    ) -> None:
        self.report(
            {
                "phase": phase,
                "step": step,
                "steps": steps,
                "checkpoint": self.saver.safe_step,
                "loss": loss,
                "tokensPerS": tokens_per_second,
                "etaS": eta_seconds,
            }
        )

    def newest_checkpoint(self) -> Checkpoint | None:
        """To go on from within this attempt, after memory ran out."""
        return self.saver.checkpoints.newest()

    def save_checkpoint(self, step: int, write: Callable[[Path], None]) -> bool:
        """Writes a checkpoint through the atomic layer; whether it was written. Raises StaleFence."""
        return self.rank == 0 and self.saver.save(step, write)

    def stop_if_asked(self) -> None:
        """For work without state worth saving (merging, evaluation)."""
        reason = self.stop_reason()
        if reason is not None:
            raise Preempted(reason)
