"""Seconds of a merge job: it streams through the CPU, on the GPU's machine."""

from __future__ import annotations

import shutil
import time
from typing import Any

from benchmarks.gpu.training import model_id
from benchmarks.synthetic.jobs import Told, Workbench

COLUMNS = {"seconds": ".2f", "gbPerSecond": ".2f"}
SETTINGS: dict[str, dict[str, Any]] = {
    "linear": {"method": "linear", "weights": [1, 1]},
    "ties": {"method": "ties", "weights": [1, 1], "lambda": 1, "density": 0.5},
}


def measure(bench: Workbench, shape: str, method: str) -> dict[str, Any]:
    """Two models, with TIES their base too; read and written bytes over seconds, files in the page cache."""
    from lamdagent_gpu.merge import run_merge

    base, one, two = (model_id(bench, shape, seed=seed) for seed in range(3))
    job = bench.job("merge", SETTINGS[method], models=[one, two], base=[base])
    size = (bench.store.open(one) / "model.safetensors").stat().st_size
    for model in (base, two):  # a worker verifies each object's hash once in its life
        bench.store.open(model)
    context = bench.context(job, Told())
    try:
        began = time.perf_counter()
        run_merge(context)
        seconds = time.perf_counter() - began
    finally:
        bench.forget(context)
        shutil.rmtree(context.output_folder, ignore_errors=True)
    moved = size * (3 if method == "linear" else 4)
    return {"seconds": seconds, "gbPerSecond": moved / seconds / 1e9}
