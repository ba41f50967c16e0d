"""The worker's jobs without its supervisor: a store in a folder, contexts, and what a training told while it ran."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from lamdagent_gpu import fence
from lamdagent_gpu.checkpoint import Checkpoints
from lamdagent_gpu.context import JobContext, TrainResult
from lamdagent_gpu.contract.messages import BuildJob
from lamdagent_gpu.pace import Pace
from lamdagent_gpu.saver import Saver
from lamdagent_gpu.stage import stage_id_of
from lamdagent_gpu.store import FolderStore

Report = Callable[[dict[str, Any]], None]
TRAINING = {"learningRate": 1e-5, "warmupSteps": 0, "scheduler": "constant", "weightDecay": 0, "tuning": "full"}


@dataclass(frozen=True, kw_only=True)
class Told:
    """When a training said what, in seconds since it began."""

    events: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)

    def __call__(self, progress: dict[str, Any]) -> None:
        self.events.append((time.perf_counter() - self.began, progress))

    def steps(self) -> list[float]:
        """Seconds of each step: from the one before it, the first from the training's beginning."""
        at: dict[int, float] = {}
        for when, progress in self.events:
            if progress["phase"] == "training":
                at.setdefault(progress["step"], when)
        return [after - before for before, after in pairwise(at.values())]

    @property
    def preparation(self) -> float:
        """Seconds before the first step: loading, encoding, the reference's log-probabilities."""
        return next(when for when, progress in self.events if progress["phase"] == "training")


@dataclass(frozen=True, kw_only=True)
class Workbench:
    store: FolderStore
    device: str
    checkpoint_seconds: float = 1e9

    def model(self, name: str, save: Callable[[Path], None]) -> str:
        """The id of the model of this name; made by `save` unless it is there."""
        stage_id = stage_id_of({"model": name})
        if self.store.manifest(stage_id) is None:
            folder = self.store.new_folder()
            save(folder)
            self.store.publish(stage_id, "model", folder, {})
        return stage_id

    def dataset(self, shape: str, rows: list[dict[str, Any]]) -> str:
        text = "".join(json.dumps(row) + "\n" for row in rows)
        stage_id = stage_id_of({"dataset": text})
        if self.store.manifest(stage_id) is None:
            folder = self.store.new_folder()
            (folder / "data.jsonl").write_text(text, "utf8")
            self.store.publish(stage_id, "dataset", folder, {"shape": shape})
        return stage_id

    def job(self, kind: str, parameters: dict[str, Any], **inputs: list[str]) -> BuildJob:
        stage = {"kind": kind, "recipeVersion": 1, "inputs": inputs, "parameters": parameters, "seed": "1"}
        options = {"checkpointSeconds": float(self.checkpoint_seconds), "maxStalledAttempts": 3}
        told = {"schemaVersion": 1, "options": options, "requester": "benchmark", "label": kind}
        return BuildJob.model_validate({**told, "stageId": stage_id_of(stage), "stage": stage})

    def context(self, job: BuildJob, report: Report) -> JobContext:
        """As the child process makes it, with the next fence claimed and the newest checkpoint to go on from."""
        epoch = fence.claim(self.store, job.stageId, "benchmark")
        checkpoints = Checkpoints(store=self.store, stage_id=job.stageId, epoch=epoch)
        resume = checkpoints.newest()
        return JobContext(
            job=job,
            store=self.store,
            device=self.device,
            output_folder=self.store.new_folder(),
            saver=Saver(checkpoints, resume),
            pace=Pace(self.store.local_work(job.stageId), epoch),
            resume=resume,
            report=report,
            stop_reason=lambda: None,
        )

    def train(self, job: BuildJob) -> tuple[Told, TrainResult]:
        """Leaves nothing on the disk."""
        from lamdagent_gpu.train import run_training

        told = Told()
        context = self.context(job, told)
        try:
            return told, run_training(context)
        finally:
            self.forget(context)

    def forget(self, context: JobContext) -> None:
        context.pace.close()
        shutil.rmtree(context.output_folder, ignore_errors=True)
        shutil.rmtree(self.store.local_work(context.build.stageId), ignore_errors=True)
