"""Step times of the product's own trainings: the whole job runs, as a worker runs it, and tells when each step ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any
from unittest.mock import patch

import torch

from benchmarks.gpu.flops import training_flops
from benchmarks.synthetic.data import Lengths, rows_of
from benchmarks.synthetic.jobs import TRAINING, Workbench
from benchmarks.synthetic.models import SHAPES, configuration, save_model, word_count

WARM_UP = 3
"""First steps that are not counted: kernels are chosen, memory is taken."""
COLUMNS = {
    "prepareSeconds": ".2f", "stepMs": ".1f", "spreadMs": "", "tokensPerSecond": ",.0f", "mfu": ".1%",
    "memoryGb": ".1f", "loss": ".3f",
}  # fmt: skip
LORA = {"tuning": "lora", "loraRank": 16, "loraAlpha": 32}
DPO = {"beta": 0.1, "sftWeight": 0}


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How large everything is: for a GPU, or small for a test on a CPU."""

    longest: int
    median: int
    rows: int
    steps: int
    peak: float | None
    """Operations a second, for the utilisation."""

    @property
    def lengths(self) -> Lengths:
        return Lengths(median=self.median, longest=self.longest)


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    kind: str
    shape: str
    parameters: dict[str, Any] = field(default_factory=dict)
    layout: str = "product"
    """Of rows in memory: the product's choice, or one that is forced (`forced`)."""


def model_id(bench: Workbench, shape: str, *, dtype: torch.dtype = torch.bfloat16, seed: int = 0) -> str:
    name = f"{shape} {dtype} {seed}"
    return bench.model(name, lambda folder: save_model(folder, shape, seed=seed, dtype=dtype, device=bench.device))


def measure(bench: Workbench, case: Case, scale: Scale) -> dict[str, Any]:
    data = "sft" if case.kind == "sft" else "preference"
    words = word_count(SHAPES[case.shape][1]["vocab_size"])
    rows = rows_of(data, scale.rows, scale.lengths, words=words)
    # A rate of learning of its own for each case: another stage, whose checkpoints and work are its own.
    rate = 1e-5 * (1 + len(case.name) / 1e6)
    sizes = {"steps": scale.steps + WARM_UP, "maxLength": scale.longest, "learningRate": rate}
    job = bench.job(
        case.kind, {**TRAINING, **sizes, **case.parameters},
        model=[model_id(bench, case.shape)], data=[bench.dataset(data, rows)],
    )  # fmt: skip
    with forced(case.layout, scale.longest):
        told, result = bench.train(job)
    steps = told.steps()[WARM_UP:]
    tokens = (result.metrics["tokens"] or 0) / (scale.steps + WARM_UP)
    rate_of_tokens = tokens * len(steps) / sum(steps)
    lengths = [3 * len(row["prompt"].split()) for row in rows]
    attended = sum(length**2 for length in lengths) / sum(lengths) / 2
    flops = training_flops(configuration(case.shape), attended=attended, lora=case.parameters.get("tuning") == "lora")
    return {
        "prepareSeconds": told.preparation,
        "stepMs": 1000 * median(steps),
        "spreadMs": f"{1000 * min(steps):.0f} … {1000 * max(steps):.0f}",
        "tokensPerSecond": rate_of_tokens,
        "mfu": flops * rate_of_tokens / scale.peak if scale.peak else None,
        "memoryGb": torch.cuda.max_memory_allocated() / 1e9 if bench.device == "cuda" else None,
        "loss": result.metrics["loss"],
        "steps": steps,
    }


def forced(layout: str, longest: int) -> Any:
    from lamdagent_gpu.train import sft
    from lamdagent_gpu.train.device import gets

    if layout == "product":
        return nullcontext()
    if layout == "padded":
        return patch.object(sft, "gets", lambda device: replace(gets(device), varlen=False))
    return flex(longest)


@contextmanager
def flex(longest: int) -> Iterator[None]:
    """transformers' flex_attention over packed sequences of one width, so that it is compiled once."""
    from lamdagent_gpu.train import sft
    from lamdagent_gpu.train.layout import padded_packs

    def layout(model: Any, pad_id: int, **_: Any) -> Any:
        model.set_attn_implementation("flex_attention")
        collate = padded_packs(pad_id)

        def full(examples: list[dict[str, Any]]) -> dict[str, Any]:
            batch = collate(examples)
            room = longest - batch["input_ids"].shape[1]
            fill = {"input_ids": pad_id, "labels": -100, "position_ids": 0}
            return {name: torch.nn.functional.pad(one, (0, room), value=fill[name]) for name, one in batch.items()}

        return full

    with patch.object(sft, "layout", layout):
        yield
