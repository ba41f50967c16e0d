"""A worker without lm-eval."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import pytest
from conftest import World

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate import harness_task, run_evaluation


def test_a_worker_without_lm_eval_says_what_to_install(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(harness_task, "version", absent)
    facts = {"kind": "lmEval", "task": "arc_easy", "metric": "acc", "items": 1, "total": 3}
    task = world.publish("benchmark", {}, facts, **facts)
    with pytest.raises(
        Rejected, match=r"expected a GPU worker with lm-eval 0.4.13, got none. On it: pip install .*lm-eval.txt"
    ):
        run_evaluation(world.context(world.evaluate_job(world.model, [task])))
