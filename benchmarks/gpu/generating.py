"""Tokens a second of the worker's own generation, as evaluations and samplings do it."""

from __future__ import annotations

import time
from typing import Any

import torch

from benchmarks.gpu.flops import forward_flops, wait
from benchmarks.gpu.training import Scale, model_id
from benchmarks.synthetic.jobs import Workbench
from benchmarks.synthetic.models import configuration

COLUMNS = {"seconds": ".2f", "newTokensPerSecond": ",.0f", "msAToken": ".1f", "mfu": ".1%", "memoryGb": ".1f"}


def measure(bench: Workbench, shape: str, scale: Scale, *, prompts: int, new: int) -> dict[str, Any]:
    """Prompts of the median length, answers that never end by themselves."""
    from lamdagent_gpu.evaluate.generate import BATCH_TOKENS, ROW_TOKENS, generate_all
    from lamdagent_gpu.train.model import load_model

    model = load_model(bench.store.open(model_id(bench, shape)), bench.device).eval()
    length = scale.median
    batch = BATCH_TOKENS // max(ROW_TOKENS, length + new)
    made = [[(7 * row + 3 * place) % 500 + 2 for place in range(length)] for row in range(prompts)]

    def run(count: int, tokens: int) -> None:
        generate_all(
            model, made[:count], max_new_tokens=tokens, end_ids=set(), pad_id=0, between=lambda done: None,
            context_length=4096,
        )  # fmt: skip
        wait(bench.device)

    run(min(prompts, batch), 4)
    began = time.perf_counter()
    run(prompts, new)
    seconds = time.perf_counter() - began
    flops = forward_flops(configuration(shape), attended=length + new / 2) * prompts * (length + new)
    return {
        "seconds": seconds,
        "newTokensPerSecond": prompts * new / seconds,
        "msAToken": 1000 * seconds / new / -(-prompts // batch),
        "mfu": flops / seconds / scale.peak if scale.peak else None,
        "memoryGb": torch.cuda.max_memory_allocated() / 1e9 if bench.device == "cuda" else None,
    }
