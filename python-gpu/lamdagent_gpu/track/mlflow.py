"""MLflow: a run of an experiment that is named by the exploration's id; found again by a tag, since MLflow draws its ids."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # else its use is reported to its makers
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.tracking import MlflowClient

from lamdagent_gpu import failpoints
from lamdagent_gpu.contract.messages import TrackedRun
from lamdagent_gpu.track.tracker import Known, News, news_of, seconds_of

RUN = "lamdagent.run"
"""The tag that holds a run's id."""
MOST_METRICS, MOST_OTHERS = 1000, 100
"""Of one request."""
STATUS = {"finished": "FINISHED", "failed": "FAILED"}


class MLflow:
    def __init__(self, where: str) -> None:
        """`where`: a tracking URI, or a folder that gets an SQLite database."""
        self.folder = None if "://" in where else Path(where).resolve()
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
        self.client = MlflowClient(tracking_uri=where if self.folder is None else f"sqlite:///{self.folder}/mlflow.db")

    def write(self, run: TrackedRun) -> int:
        found = self._run_of(run)
        news = news_of(run, self._known(found, run))
        identity = found.info.run_id
        failpoint = "track/write" if news.count else ""
        at = round(1000 * seconds_of(run.endedAt or run.startedAt))
        self._log(identity, news, at, failpoint)
        status = STATUS.get(run.status)
        if status is not None and found.info.status != status:
            self.client.set_terminated(identity, status=status, end_time=at)
        return news.count

    def close(self) -> None:
        """Every request is written when it returns."""

    def _experiment(self, run: TrackedRun) -> str:
        found = self.client.get_experiment_by_name(run.explorationId)
        if found is not None:
            return str(found.experiment_id)
        place = None if self.folder is None else (self.folder / "artifacts" / run.explorationId).as_uri()
        return str(self.client.create_experiment(run.explorationId, artifact_location=place))

    def _run_of(self, run: TrackedRun) -> Any:
        experiment = self._experiment(run)
        found = self.client.search_runs([experiment], f"tags.`{RUN}` = '{run.id}'", ViewType.ALL)
        if found:
            return found[0]
        start = round(1000 * seconds_of(run.startedAt))
        return self.client.create_run(experiment, start_time=start, tags={RUN: run.id}, run_name=run.name)

    def _known(self, found: Any, run: TrackedRun) -> Known:
        there = found.data.metrics
        histories = {
            one.name: self.client.get_metric_history(found.info.run_id, one.name)
            for one in run.series
            if one.name in there
        }
        return Known(
            steps={name: frozenset(metric.step for metric in history) for name, history in histories.items()},
            scores=frozenset(there),
            parameters=frozenset(found.data.params),
            tags=found.data.tags,
        )

    def _log(self, identity: str, news: News, at: int, failpoint: str) -> None:
        """Parameters and tags first, then scores, then the points in the order of their steps."""
        params = [Param(name, str(value)) for name, value in news.parameters.items()]
        tags = [RunTag(name, value) for name, value in news.tags.items()]
        scores = [Metric(name, value, at, 0) for name, value in news.scores.items()]
        points = [Metric(name, value, at, step) for step, row in news.rows.items() for name, value in row.items()]
        for part in parts(params, MOST_OTHERS):
            self.client.log_batch(identity, params=part)
        for part in parts(tags, MOST_OTHERS):
            self.client.log_batch(identity, tags=part)
        if failpoint:
            failpoints.reach(failpoint)
        for part in parts([*scores, *points], MOST_METRICS):
            self.client.log_batch(identity, metrics=part)


def parts(items: Sequence[Any], most: int) -> list[Sequence[Any]]:
    return [items[start : start + most] for start in range(0, len(items), most)]
