"""Attempts: a small file each, refreshed while it runs, so that the next attempt can tell what a killed one lost."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from lamdagent_gpu.contract.messages import Attempt
from lamdagent_gpu.files import replace_json


def now_iso() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, kw_only=True)
class AttemptRecord:
    """One attempt as it rests in `work/<stageId>/attempts/`. `end` is empty while it runs."""

    attempt: int
    worker: str
    device: str
    startedAt: str
    endedAt: str = ""
    end: str = ""
    reason: str = ""
    resumedStep: int = 0
    lastStep: int = 0
    checkpoint: int = 0
    gpuSeconds: float = 0.0

    @property
    def stalled(self) -> bool:
        """It ended on its own account and left no new checkpoint behind."""
        return self.end in ("failed", "lost") and self.checkpoint <= self.resumedStep


def save(work: Path, record: AttemptRecord) -> None:
    replace_json(work / "attempts" / f"{record.attempt:06d}.json", asdict(record))


def load(work: Path) -> list[AttemptRecord]:
    """All attempts of the stage so far, in order."""
    folder = work / "attempts"
    paths = sorted(folder.glob("[0-9]*.json")) if folder.is_dir() else []
    return [AttemptRecord(**json.loads(path.read_text("utf8"))) for path in paths]


def close_lost(work: Path, records: list[AttemptRecord]) -> list[AttemptRecord]:
    """Closes attempts whose process vanished without a word."""
    closed = []
    for record in records:
        if not record.end:
            record = replace(record, end="lost", endedAt=now_iso(), reason="its process vanished")
            save(work, record)
        closed.append(record)
    return closed


def stalled_in_a_row(records: list[AttemptRecord]) -> tuple[int, int]:
    """(failed, lost) attempts at the end of the list that brought no new checkpoint; preemptions don't count."""
    failed = lost = 0
    for record in reversed(records):
        if record.end == "preempted":
            continue
        if not record.stalled:
            break
        failed += record.end == "failed"
        lost += record.end == "lost"
    return failed, lost


def to_wire(records: list[AttemptRecord]) -> list[Attempt]:
    """With what each attempt lost: the steps that the one after it had to do again, and their share of its time."""
    wire = []
    for index, record in enumerate(records):
        following = records[index + 1].resumedStep if index + 1 < len(records) else record.lastStep
        lost = 0 if record.end == "completed" else max(0, record.lastStep - following)
        done = record.lastStep - record.resumedStep
        share = lost / done if done > 0 else float(record.end in ("failed", "lost"))
        wire.append(
            Attempt(
                attempt=record.attempt,
                worker=record.worker,
                device=record.device,
                startedAt=record.startedAt,
                endedAt=record.endedAt,
                end=record.end or "failed",  # type: ignore[arg-type]
                reason=record.reason,
                resumedStep=record.resumedStep,
                lastStep=record.lastStep,
                stepsLost=lost,
                gpuSeconds=round(record.gpuSeconds, 3),
                lostGpuSeconds=round(record.gpuSeconds * min(1.0, share), 3),
            )
        )
    return wire
