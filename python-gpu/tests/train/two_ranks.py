"""A process of two that train together, whole and in shards; test_shards.py starts both.

    python two_ranks.py PLACE FOLDER

FOLDER has `store` and `jobs.json`: by case a job, its layouts, and whether products are autocast to bfloat16. What a case learns in a layout goes to `<case>/<layout>/model` of it, and
what rank R holds after the last step to `<case>/<layout>/held-R.json`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
import torch.distributed
from torch.distributed.tensor import DTensor

from lamdagent_gpu import fence
from lamdagent_gpu.checkpoint import Checkpoint, Checkpoints
from lamdagent_gpu.context import JobContext, Preempted
from lamdagent_gpu.contract.messages import BuildJob
from lamdagent_gpu.pace import Pace
from lamdagent_gpu.ranks import Place
from lamdagent_gpu.reuse import Reuse
from lamdagent_gpu.saver import Saver
from lamdagent_gpu.store import FolderStore
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.device import gets
from lamdagent_gpu.train.model import computes_in_bfloat16
from lamdagent_gpu.train.together import of_first_rank
from lamdagent_gpu.train.trainer import DurableTrainer

IN_PIECES = "shards, a sequence at a time"
"""Activations are computed twice, too."""
HALVINGS = 2
LAYOUTS = {
    "whole": ["never"],
    "shards": ["always"],
    IN_PIECES: ["always"],
    "whole, then shards": ["never", "always"],
    "shards, then whole": ["always", "never"],
}
"""How the devices hold the model; with two ways the training is stopped after its second step, and goes on the other way."""


class Run:
    """A case in a layout."""

    def __init__(self, place: Place, store: FolderStore, job: BuildJob, results: Path) -> None:
        self.place = place
        self.store = store
        self.job = job
        self.results = results
        self.steps = self.halvings = 0
        epoch = self.first_epoch() if place.rank == 0 else 0
        self.checkpoints = Checkpoints(store=store, stage_id=job.stageId, epoch=of_first_rank(epoch))

    def first_epoch(self) -> int:
        """Nothing is left of other layouts: neither checkpoints nor what a reference computed."""
        work = self.store.local_work(self.job.stageId)
        for folder in (work / "checkpoints", Reuse.of(self.store).folder):
            shutil.rmtree(folder, ignore_errors=True)
        return fence.claim(self.store, self.job.stageId, "test")

    def begin(self, layout: str) -> None:
        self.halvings = HALVINGS if layout == IN_PIECES else 0
        ways = LAYOUTS[layout]
        resume: Checkpoint | None = None
        for way in ways[:-1]:
            try:
                run_training(self.context(way, resume, stops=True))
            except Preempted:
                resume = of_first_rank(self.checkpoints.newest())
            else:
                raise AssertionError(f"{self.results}: expected to be stopped after its second step")
        run_training(self.context(ways[-1], resume, stops=False))

    def context(self, way: str, resume: Checkpoint | None, *, stops: bool) -> JobContext:
        self.steps = 0
        output = self.results / "model" if self.place.rank == 0 else self.store.new_folder()
        output.mkdir(parents=True, exist_ok=True)
        return JobContext(
            job=self.job, store=self.store, device="cpu", output_folder=output, saver=Saver(self.checkpoints, resume),
            pace=Pace(self.store.local_work(self.job.stageId), self.checkpoints.epoch), resume=resume, report=self.saw,
            stop_reason=lambda: "the test" if stops and self.steps > 0 else None,
            rank=self.place.rank, ranks=self.place.ranks, shard=way, halvings=self.halvings,
        )  # fmt: skip

    def saw(self, progress: dict[str, Any]) -> None:
        self.steps = progress["step"] if progress["phase"] == "training" else 0

    def note(self, trainer: DurableTrainer) -> None:
        """By weight the numbers that this rank holds and those that there are; the same of AdamW's first moments."""
        weights = dict(trainer.model.named_parameters())
        states = trainer.optimizer.state
        held = {
            "matrices": saved_matrices(trainer.model) if self.job.stage.kind == "sft" else [],
            "weights": {name: sizes(weight) for name, weight in weights.items()},
            "moments": {name: sizes(states[one]["exp_avg"]) for name, one in weights.items() if one in states},
        }
        (self.results / f"held-{self.place.rank}.json").write_text(json.dumps(held), "utf8")


def saved_matrices(model: Any) -> list[int]:
    """The bytes that each of the layers' matrices takes between a forward and a backward pass, as that keeps it."""
    shapes = {tuple(one.shape) for name, one in model.named_parameters() if ".layers." in name and one.dim() == 2}
    saved: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        saved.append(tensor)
        return tensor

    ids = torch.arange(5).unsqueeze(0)
    autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=computes_in_bfloat16("cpu"))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), autocast:
        loss = model(input_ids=ids, labels=ids, use_cache=False).loss
    found = [one.untyped_storage().size() for one in saved if {tuple(one.shape), tuple(one.shape)[::-1]} & shapes]
    loss.backward()
    return found


@contextmanager
def computing(*, bfloat16: bool) -> Iterator[None]:
    """What a CUDA device says of itself, said of the CPU."""
    if not bfloat16:
        yield
        return
    modules = [one for name, one in sys.modules.items() if name.startswith("lamdagent_gpu") and hasattr(one, "gets")]
    with ExitStack() as stack:
        for module in modules:
            stack.enter_context(patch.object(module, "gets", lambda _: replace(gets("cpu"), bfloat16=True)))
        yield


def sizes(tensor: Any) -> list[int]:
    own = tensor.to_local() if isinstance(tensor, DTensor) else tensor
    return [own.numel(), tensor.numel()]


def main() -> None:
    place, folder = Place(**json.loads(sys.argv[1])), Path(sys.argv[2])
    jobs = json.loads((folder / "jobs.json").read_text("utf8"))
    place.join()
    run: Run

    def train(trainer: DurableTrainer, *given: Any, **named: Any) -> Any:
        result = super(DurableTrainer, trainer).train(*given, **named)
        run.note(trainer)
        return result

    DurableTrainer.train = train  # type: ignore[method-assign]
    for case, (job, layouts, bfloat16) in jobs.items():
        for layout in layouts:
            results = folder / case / layout
            run = Run(place, FolderStore(folder / "store"), BuildJob.model_validate(job), results)
            with computing(bfloat16=bfloat16):
                run.begin(layout)
    torch.distributed.destroy_process_group()  # else its threads may outlive the interpreter, which ends the process


if __name__ == "__main__":
    main()
