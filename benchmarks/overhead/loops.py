"""The trials of an exploration again, under another loop: the same jobs by the same code of the GPU worker.

    python benchmarks/overhead/loops.py --loop bare|ray|optuna --store FOLDER --jobs trials.json

`trials.json`: a list of trials, each a list of `{"name": "build" | "evaluate", "input": {…}}`, in order. Prints one line of
JSON: `{"ends": [seconds, …]}`, when each trial ended. The first trial loads all that later ones find loaded.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from temporalio.testing import ActivityEnvironment

from lamdagent_gpu.activities import Activities
from lamdagent_gpu.store import open_store
from lamdagent_gpu.supervisor import Supervisor

Job = dict[str, Any]
Trial = list[Job]


class Runner:
    """The GPU worker's activities with their warm child process, without Temporal."""

    def __init__(self, store: str) -> None:
        self.loop = asyncio.new_event_loop()
        opened = open_store(store, Path(store))
        worker = f"{socket.gethostname()}:{os.getpid()}"
        supervisor = Supervisor(store=opened, device="cpu", worker=worker)
        self.activities = Activities(store=opened, supervisor=supervisor, queue="loops")
        self.supervisor = supervisor

    def run(self, trial: Trial) -> float:
        """Does a trial's jobs; the mean score. Raises RuntimeError where one of them is not completed."""
        scores: list[float] = []
        for job in trial:
            outcome = self.loop.run_until_complete(self._answer(job))
            if outcome["status"] != "completed":
                raise RuntimeError(f"{job['name']}: expected completed, got {outcome['status']}: {outcome['message']}")
            scores += [score["score"] for score in outcome.get("scores", [])]
        return sum(scores) / len(scores)

    async def _answer(self, job: Job) -> Any:
        activity = {"build": self.activities.build, "evaluate": self.activities.evaluate}[job["name"]]
        return await ActivityEnvironment().run(activity, job["input"])

    def close(self) -> None:
        self.loop.run_until_complete(self.supervisor.close())


def bare(store: str, trials: list[Trial]) -> list[float]:
    """One loop in one process."""
    runner = Runner(store)
    ends = []
    for trial in trials:
        runner.run(trial)
        ends.append(time.time())
    runner.close()
    return ends


def optuna(store: str, trials: list[Trial]) -> list[float]:
    """Optuna with a plain objective: it proposes by TPE as always, and the objective does the next trial's jobs."""
    import optuna as peer

    runner = Runner(store)
    ends: list[float] = []

    def objective(trial: Any) -> float:
        trial.suggest_float("learning rate", 1e-5, 1e-3, log=True)
        score = runner.run(trials[trial.number])
        ends.append(time.time())
        return score

    peer.logging.set_verbosity(peer.logging.WARNING)
    peer.create_study(direction="maximize").optimize(objective, n_trials=len(trials))
    runner.close()
    return ends


def ray(store: str, trials: list[Trial]) -> list[float]:
    """Ray Tune, a trial at a time, its actor reused, so that it is as warm as the others."""
    import ray as peer
    from ray import tune

    with tempfile.TemporaryDirectory() as folder:
        peer.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        config = {"place": tune.grid_search(list(range(len(trials)))), "store": store, "trials": trials}
        tuner = tune.Tuner(
            tune.with_resources(trainable(tune), {"cpu": 1}),
            param_space=config,
            tune_config=tune.TuneConfig(max_concurrent_trials=1, reuse_actors=True, metric="score", mode="max"),
            run_config=tune.RunConfig(storage_path=folder, verbose=0, stop={"training_iteration": 1}),
        )
        results = tuner.fit()
        failed = [str(result.error) for result in results if result.error is not None]
        if failed:
            raise RuntimeError(f"ray: expected all trials to be completed, got {failed[0]}")
        peer.shutdown()
        return sorted(result.metrics["ended"] for result in results)


def trainable(tune: Any) -> Any:
    """A class, since only those can be reused; the runner stays with the actor."""

    class Pipeline(tune.Trainable):  # type: ignore[misc,name-defined]
        def setup(self, config: dict[str, Any]) -> None:
            self.runner = Runner(config["store"])

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            self.config = new_config
            return True

        def step(self) -> dict[str, float]:
            score = self.runner.run(self.config["trials"][self.config["place"]])
            return {"score": score, "ended": time.time()}

        def save_checkpoint(self, checkpoint_dir: str) -> None:
            """The store has all that is to be kept."""

        def cleanup(self) -> None:
            self.runner.close()

    return Pipeline


LOOPS: dict[str, Callable[[str, list[Trial]], list[float]]] = {"bare": bare, "optuna": optuna, "ray": ray}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loop", choices=sorted(LOOPS), required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--jobs", type=Path, required=True)
    options = parser.parse_args()
    trials = json.loads(options.jobs.read_text("utf8"))
    print(json.dumps({"ends": LOOPS[options.loop](options.store, trials)}), flush=True)


if __name__ == "__main__":
    main()
