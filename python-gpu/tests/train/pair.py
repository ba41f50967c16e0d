"""A worker of two devices without its worker: what the tests of several devices share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import World
from safetensors.torch import load_file

from lamdagent_gpu.contract.messages import BuildJob, BuiltModel
from lamdagent_gpu.publish import publish_model
from lamdagent_gpu.supervisor import JobSpec, Supervisor


class Pair:
    """A supervisor of two devices, with failpoints. `options`: of the supervisor."""

    def __init__(self, world: World, points: Path, **options: Any) -> None:
        self.world = world
        self.points = points
        self.supervisor = Supervisor(store=world.store, device="cpu", worker="pair", devices=2, **options)

    async def build(self, job: BuildJob) -> BuiltModel:
        spec = JobSpec(kind="build", job=job.model_dump(), work_id=job.stageId, max_stalled=3)
        return await self.supervisor.run(spec, lambda: None, lambda end: publish_model(self.world.store, job, end))

    def weights(self, job: BuildJob) -> dict[str, torch.Tensor]:
        return load_file(self.world.store.open(job.stageId) / "model.safetensors")

    def forget(self, job: BuildJob) -> None:
        """The published model goes, so that it is made again."""
        self.world.store.remove_tree(f"objects/{job.stageId}")


@asynccontextmanager
async def paired(world: World, points: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> AsyncIterator[Pair]:
    """`points`: the folder that switches failpoints on."""
    points.mkdir()
    monkeypatch.setenv("LAMDAGENT_FAILPOINTS", str(points))
    pair = Pair(world, points, **options)
    yield pair
    await pair.supervisor.close()
