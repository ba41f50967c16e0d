"""Weights & Biases, offline: finished folders that `wandb sync` uploads when the person wants it. Nothing is sent from here.

Each addition to a run is an offline folder of its own with the run's id, moved to its place when it is whole; the file
`lamdagent.json` in it says what it adds. W&B joins the folders of one id in the order of their times.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
os.environ["WANDB_MODE"] = "offline"

import wandb

from lamdagent_gpu import failpoints
from lamdagent_gpu.contract.messages import TrackedRun
from lamdagent_gpu.files import sync_folder, write_durably
from lamdagent_gpu.track.place import Place
from lamdagent_gpu.track.tracker import Known, News, TrackerFault, news_of

ADDED = "lamdagent.json"


class WeightsAndBiases:
    def __init__(self, where: str) -> None:
        self.place = Place(Path(where))
        self.runs = self.place.folder / "wandb"
        self.runs.mkdir(exist_ok=True)

    def write(self, run: TrackedRun) -> int:
        known = read(sorted(self.runs.glob(f"offline-run-*-{run.id}")))
        news = news_of(run, known)
        if news.count == 0:
            return 0
        staged = self.place.staged()
        folder = log(run, news, staged)
        added = {
            "steps": {name: [step for step, row in news.rows.items() if name in row] for name in names_of(news)},
            "scores": sorted(news.scores),
            "parameters": sorted(news.parameters),
            "tags": dict(news.tags),
        }
        write_durably(folder / ADDED, json.dumps(added))
        os.rename(folder, self.runs / folder.name)
        sync_folder(self.runs)
        return news.count

    def close(self) -> None:
        self.place.close()


def names_of(news: News) -> list[str]:
    return sorted({name for row in news.rows.values() for name in row})


def read(folders: list[Path]) -> Known:
    steps: dict[str, set[int]] = defaultdict(set)
    scores: set[str] = set()
    parameters: set[str] = set()
    tags: dict[str, str] = {}
    for folder in folders:
        added = json.loads((folder / ADDED).read_text("utf8"))
        for name, found in added["steps"].items():
            steps[name] |= set(found)
        scores |= set(added["scores"])
        parameters |= set(added["parameters"])
        tags |= added["tags"]
    series = {name: frozenset(found) for name, found in steps.items()}
    return Known(steps=series, scores=frozenset(scores), parameters=frozenset(parameters), tags=tags)


def log(run: TrackedRun, news: News, staged: Path) -> Path:
    """The finished offline folder of the news."""
    made: Any = wandb.init(
        mode="offline",
        dir=staged,
        id=run.id,
        name=run.name,
        project=run.exploration,
        group=run.explorationId,
        job_type="exploration" if run.name == "exploration" else "trial",
        config={**news.parameters, **({"about": dict(run.tags)} if news.tags else {})},
        settings=wandb.Settings(silent=True, console="off", disable_git=True, save_code=False, x_disable_stats=True),
    )
    for step, row in news.rows.items():
        made.log(dict(row), step=step)
    made.summary.update(dict(news.scores))
    failpoints.reach("track/write")
    made.finish(exit_code=1 if run.status == "failed" else 0)
    found = list((staged / "wandb").glob(f"offline-run-*-{run.id}"))
    if len(found) != 1:
        raise TrackerFault(f"wandb: expected one offline folder of run {run.name}, got {len(found)}")
    return found[0]
