"""The measured program of `npm run bench:train`: step times of our trainers against bare TRL's, taking turns in one process.

    PYTHONPATH=python-gpu:. python benchmarks/train.py [--device cpu] [--rounds 3] [--steps 8] [--only tiny]

Both sides train the same model on the same rows in the same batches; timed from the end of one step to the end of the next,
after warm-up steps. Ours is made as a job makes it, with its progress reports, kernels' determinism and checkpoint clock.
Prints a line of JSON a measurement.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")

import torch
from transformers import AutoModelForCausalLM, TrainerCallback

from benchmarks import trl_baseline as trl
from benchmarks.synthetic.data import Lengths, rows_of
from benchmarks.synthetic.jobs import TRAINING, Told, Workbench
from benchmarks.synthetic.models import SHAPES, save_model, word_count
from lamdagent_gpu.store import FolderStore
from lamdagent_gpu.train.model import load_model, load_tokenizer
from lamdagent_gpu.train.order import training_order
from lamdagent_gpu.train.registry import METHODS
from lamdagent_gpu.train.reproducible import reproducible

WARM_UP = 2
PAIRS = {"beta": 0.1, "sftWeight": 0}
SAMPLED = {"reward": "regex", "samples": 4, "temperature": 1, "maxNewTokens": 8}
LORA = {"tuning": "lora", "loraRank": 8, "loraAlpha": 16}


@dataclass(frozen=True, kw_only=True)
class Case:
    """`of`: what TRL gets of our training's rows, by the row or the example."""

    kind: str
    data: str
    baseline: trl.Baseline
    parameters: dict[str, Any] = field(default_factory=dict)
    of: str = "row"
    """`row`: as in the dataset; `prompt`: a prompt for each of our groups; `chat`; `sampled`: our examples as text."""


CASES = {
    "sft": Case(kind="sft", data="sft", baseline=trl.sft),
    "sft LoRA": Case(kind="sft", data="sft", baseline=trl.sft, parameters=LORA),
    "dpo": Case(kind="dpo", data="preference", baseline=trl.dpo, parameters=PAIRS),
    "dpo, TRL's default": Case(kind="dpo", data="preference", baseline=trl.dpo_default, parameters=PAIRS),
    "kto": Case(
        kind="kto", data="labelled", baseline=trl.kto,
        parameters={"loss": "kto", "beta": 0.1, "desirableWeight": 1, "undesirableWeight": 1},
    ),
    "orpo": Case(kind="orpo", data="preference", baseline=trl.orpo, parameters={"beta": 0.1}),
    "cpo": Case(
        kind="cpo", data="preference", baseline=trl.cpo, parameters={"loss": "sigmoid", "beta": 0.1, "sftWeight": 1}
    ),
    "distil": Case(
        kind="distil", data="sft", baseline=trl.gkd, of="chat",
        parameters={"divergence": "forwardKl", "temperature": 1, "sftWeight": 0},
    ),
    "rft": Case(kind="rft", data="verifiable", baseline=trl.sft, of="sampled", parameters={**SAMPLED, "keep": 4}),
    "onPolicyDpo": Case(
        kind="onPolicyDpo", data="verifiable", baseline=trl.dpo, of="sampled", parameters={**SAMPLED, **PAIRS}
    ),
    "grpo": Case(
        kind="grpo", data="verifiable", baseline=trl.grpo, of="prompt", parameters={**SAMPLED, "baseline": "group"}
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Size:
    batch: int
    lengths: Lengths
    cases: tuple[str, ...]


SIZES = {
    "tiny": Size(batch=8, lengths=Lengths(median=24, longest=64), cases=tuple(CASES)),
    "medium": Size(batch=4, lengths=Lengths(median=32, longest=64), cases=("sft", "dpo", "dpo, TRL's default", "orpo")),
    "Qwen2.5-0.5B": Size(
        batch=8,
        lengths=Lengths(median=384, longest=1024),
        cases=("sft", "sft LoRA", "dpo", "dpo, TRL's default", "kto"),
    ),
}
"""By the shape of the model; the last one is for GPUs."""


class Clock(TrainerCallback):
    """Seconds by the wall and of the processor, at the end of every step."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.at: list[tuple[float, float]] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()
        self.at.append((time.perf_counter(), time.process_time()))

    def steps(self) -> dict[str, list[float]]:
        counted = list(pairwise(self.at[WARM_UP - 1 :]))
        return {
            "seconds": [after[0] - before[0] for before, after in counted],
            "processorSeconds": [after[1] - before[1] for before, after in counted],
        }


@dataclass(frozen=True, kw_only=True)
class Bench:
    work: Workbench
    steps: int
    rows: int

    def job(self, case: Case, shape: str) -> Any:
        size, words = SIZES[shape], word_count(SHAPES[shape][1]["vocab_size"])
        model = self.work.model(shape, lambda folder: save(folder, shape, self.work.device))
        data = self.work.dataset(case.data, rows_of(case.data, self.rows, size.lengths, words=words))
        sizes = {"steps": self.steps + WARM_UP, "batchSize": size.batch, "maxLength": size.lengths.longest}
        roles = {role: [model] for role in METHODS[case.kind].roles}
        return self.work.job(
            case.kind, {**TRAINING, "learningRate": 1e-6, **sizes, **case.parameters}, **roles, data=[data]
        )

    def ours(self, case: Case, shape: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The times, and the rows for TRL."""
        context = self.work.context(self.job(case, shape), Told())
        try:
            began = time.perf_counter()
            with reproducible(context.seed):
                folder = context.store.open(context.inputs("model")[0])
                tokenizer = load_tokenizer(folder)
                model = load_model(folder, context.device, dtype_of(self.work.device, case))
                batch = context.parameters["batchSize"]
                trainer = METHODS[case.kind].make(context, model, tokenizer, batch, None)
                rows = rows_for(case, context, trainer, tokenizer)
                clock = Clock(self.work.device)
                trainer.add_callback(clock)
                prepared = time.perf_counter() - began
                trainer.train()
            return {**clock.steps(), "prepareSeconds": prepared}, rows
        finally:
            self.work.forget(context)

    def theirs(self, case: Case, shape: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
        job = self.job(case, shape)
        folder = self.work.store.open(job.stage.inputs["model"][0])
        tokenizer = load_tokenizer(folder)
        if case.of == "chat":
            tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }} {% endfor %}"
        torch.manual_seed(1)
        began = time.perf_counter()
        dtype = dtype_of(self.work.device, case)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).to(self.work.device)
        setting = trl.Setting(
            model=model, tokenizer=tokenizer, rows=rows, parameters=job.stage.parameters, device=self.work.device,
            folder=folder,
        )  # fmt: skip
        trainer = case.baseline(setting)
        clock = Clock(self.work.device)
        trainer.add_callback(clock)
        prepared = time.perf_counter() - began
        trainer.train()
        return {**clock.steps(), "prepareSeconds": prepared}


def save(folder: Path, shape: str, device: str) -> None:
    save_model(folder, shape, seed=0, dtype=torch.float32 if device == "cpu" else torch.bfloat16, device=device)


def dtype_of(device: str, case: Case) -> torch.dtype:
    """Both sides the same: what our trainings of this tuning have."""
    return torch.bfloat16 if device == "cuda" and "loraRank" in case.parameters else torch.float32


def rows_for(case: Case, context: Any, trainer: Any, tokenizer: Any) -> list[dict[str, Any]]:
    """What our trainer sees, place by place, in the form that TRL takes."""
    if case.of == "sampled":
        return [as_text(trainer.examples[place], tokenizer) for place in trainer.order]
    data = (context.store.open(context.inputs("data")[0]) / "data.jsonl").read_text("utf8").splitlines()
    rows = [json.loads(line) for line in data]
    order: Sequence[int] = trainer.order
    if case.of == "prompt":
        count = case.parameters["samples"]
        order = training_order(rows=len(trainer.examples), places=len(trainer.order) // count, seed=context.seed)
        return [{"prompt": rows[place]["prompt"]} for place in order]
    ordered = [rows[place] for place in order]
    if case.of == "chat":
        return [{"messages": [turn("user", row["prompt"]), turn("assistant", row["completion"])]} for row in ordered]
    return ordered


def turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content.strip()}


def as_text(example: dict[str, Any], tokenizer: Any) -> dict[str, str]:
    """TRL ends answers itself."""

    def text(ids: list[int]) -> str:
        return str(tokenizer.decode([one for one in ids if one != tokenizer.eos_token_id]))

    if "chosen_ids" in example:
        pair = {half: f" {text(example[f'{half}_ids'])}" for half in ("chosen", "rejected")}
        return {"prompt": text(example["prompt_ids"]), **pair}
    start = next(place for place, label in enumerate(example["labels"]) if label != -100)
    return {"prompt": text(example["input_ids"][:start]), "completion": f" {text(example['input_ids'][start:])}"}


def measure(bench: Bench, names: Sequence[tuple[str, str]], rounds: int, say: Callable[[dict[str, Any]], None]) -> None:
    """Each round goes through all cases; ours is first in even ones, TRL's in odd ones."""
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for number in range(rounds):
        for name, shape in names:
            about = {"case": name, "model": shape, "round": number}
            sides = ("ours", "trl") if number % 2 == 0 else ("trl", "ours")
            try:
                for side in sides:
                    found, rows[name, shape] = run(bench, side, CASES[name], shape, rows.get((name, shape), []))
                    say({**about, "by": side, **found})
            except Exception as error:
                traceback.print_exc()
                say({**about, "error": f"{type(error).__name__}: {str(error)[:300]}"})
                names = [one for one in names if one != (name, shape)]
            gc.collect()


def run(bench: Bench, side: str, case: Case, shape: str, rows: list[dict[str, Any]]) -> tuple[dict[str, Any], Any]:
    """The times, and the rows as TRL takes them."""
    with quiet():
        return bench.ours(case, shape) if side == "ours" else (bench.theirs(case, shape, rows), rows)


@contextmanager
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def main() -> None:
    parser = argparse.ArgumentParser(prog="python benchmarks/train.py")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--only", help="a model, or a training of it: tiny, 'medium/dpo'")
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    shapes = ("tiny", "medium") if options.device == "cpu" else ("Qwen2.5-0.5B",)
    names = [(case, shape) for shape in shapes for case in SIZES[shape].cases]
    if options.only is not None:
        names = [(case, shape) for case, shape in names if options.only in (shape, f"{shape}/{case}")]
    folder = Path(tempfile.mkdtemp(prefix="lamdagent-train-"))
    try:
        work = Workbench(store=FolderStore(folder / "store"), device=options.device, checkpoint_seconds=30)
        bench = Bench(work=work, steps=options.steps, rows=96)
        print(json.dumps({"cases": names, "warmUp": WARM_UP}), flush=True)
        measure(bench, names, options.rounds, lambda found: print(json.dumps(found), flush=True))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
