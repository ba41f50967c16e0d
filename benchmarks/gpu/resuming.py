"""Is a training that was killed and resumed the same to the bit here as one that ran through?

Killed as by SIGKILL: an error leaves the training in the middle of a step; all that the next attempt knows is the newest
checkpoint on the disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from benchmarks.gpu.training import Scale, model_id
from benchmarks.synthetic.data import rows_of
from benchmarks.synthetic.jobs import TRAINING, Told, Workbench
from benchmarks.synthetic.models import SHAPES, word_count

STEPS, KILLED_AT = 6, 4
COLUMNS = {
    "again": "", "resumed": "", "resumedFrom": "", "largestDifference": ".2e", "largestUpdate": ".2e", "stepMs": ".1f",
}  # fmt: skip


class Killed(BaseException):
    """Passes through everything, as nothing stops SIGKILL."""


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    kind: str
    shape: str
    parameters: dict[str, Any]


def measure(bench: Workbench, case: Case, scale: Scale) -> dict[str, Any]:
    data = "sft" if case.kind == "sft" else "preference"
    words = word_count(SHAPES[case.shape][1]["vocab_size"])
    rows = rows_of(data, scale.rows, scale.lengths, words=words)
    parameters = {**TRAINING, "learningRate": 1e-4, "steps": STEPS, "maxLength": scale.longest, **case.parameters}
    model = model_id(bench, case.shape, dtype=torch.float32)
    job = bench.job(case.kind, parameters, model=[model], data=[bench.dataset(data, rows)])
    # A checkpoint after each step; the one that is killed resumes from the newest.
    durable = Workbench(store=bench.store, device=bench.device, checkpoint_seconds=0)
    killed_job = durable.job(case.kind, parameters, model=[model], data=[bench.dataset(data, rows)])
    told, first = weights_of(bench, job)
    _, again = weights_of(bench, job)
    resumed_from, resumed = killed_and_resumed(durable, killed_job)
    before = load_file(bench.store.open(model) / "model.safetensors")
    return {
        "again": verdict(first, again),
        "resumed": verdict(first, resumed),
        "resumedFrom": resumed_from,
        "largestDifference": largest_difference(first, resumed),
        "largestUpdate": largest_difference(first, before),
        "stepMs": 1000 * sorted(told.steps())[STEPS // 2],
    }


def weights_of(bench: Workbench, job: Any, report: Any = None) -> tuple[Told, dict[str, torch.Tensor]]:
    from lamdagent_gpu.train import run_training

    told = Told()
    context = bench.context(job, report or told)
    try:
        run_training(context)
        return told, load_file(context.output_folder / "model.safetensors")
    finally:
        bench.forget(context)


def killed_and_resumed(bench: Workbench, job: Any) -> tuple[int, dict[str, torch.Tensor]]:
    from lamdagent_gpu.train import run_training

    def kill(progress: dict[str, Any]) -> None:
        if progress["phase"] == "training" and progress["step"] >= KILLED_AT:
            raise Killed

    first = bench.context(job, kill)
    try:
        run_training(first)
        raise RuntimeError(f"killed at step {KILLED_AT}: expected the training to end there, got one that went on")
    except Killed:
        first.pace.close()
        discard(first.output_folder)
    second = bench.context(job, Told())
    if second.resume is None:
        raise RuntimeError("resume: expected a checkpoint, got none")
    try:
        run_training(second)
        return second.resume.step, load_file(second.output_folder / "model.safetensors")
    finally:
        bench.forget(second)


def discard(folder: Path) -> None:
    for file in folder.glob("*.safetensors"):
        file.unlink()


def verdict(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> str:
    different = [name for name, weight in left.items() if not torch.equal(weight, right[name])]
    return "bit-identical" if not different else f"{len(different)} of {len(left)} tensors differ"


def largest_difference(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> float:
    return max(float((weight.float() - right[name].float()).abs().max()) for name, weight in left.items())
