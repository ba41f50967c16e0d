"""What a tracker promises: whatever was killed, and however often it is told, it has everything once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from lamdagent_gpu.contract.messages import TrackedRun


class TrackerFault(RuntimeError):
    """What the person has to change; the message says what was expected and got."""


class Tracker(Protocol):
    def write(self, run: TrackedRun) -> int:
        """Adds what is new of the run; how many points, scores, parameters and tags that were."""

    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a tracker has of a run already."""

    steps: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """By the name of the series."""
    scores: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class News:
    """What is to be added."""

    rows: Mapping[int, Mapping[str, float]]
    """The series' values by step, in rising order."""
    scores: Mapping[str, float]
    parameters: Mapping[str, str | float]
    tags: Mapping[str, str]

    @property
    def count(self) -> int:
        points = sum(len(row) for row in self.rows.values())
        return points + len(self.scores) + len(self.parameters) + len(self.tags)


def news_of(run: TrackedRun, known: Known) -> News:
    rows: dict[int, dict[str, float]] = {}
    for series in run.series:
        there = known.steps.get(series.name, frozenset())
        for step, value in zip(series.step, series.value, strict=True):
            if int(step) not in there:
                rows.setdefault(int(step), {})[series.name] = value
    return News(
        rows=dict(sorted(rows.items())),
        scores={name: value for name, value in run.scores.items() if name not in known.scores},
        parameters={name: value for name, value in run.parameters.items() if name not in known.parameters},
        tags={name: value for name, value in run.tags.items() if known.tags.get(name) != value},
    )


def seconds_of(iso: str) -> float:
    """Since 1970, of an ISO 8601 time."""
    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()
