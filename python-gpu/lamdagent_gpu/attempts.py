"""Attempts: a small record each, refreshed while it runs, so that the next attempt can tell what a killed one lost."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from typing import Any

from lamdagent_gpu.contract.messages import Attempt
from lamdagent_gpu.pace import Pace
from lamdagent_gpu.stage import check_id
from lamdagent_gpu.store import Store


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
    gpuClass: str | None = None

    @property
    def stalled(self) -> bool:
        """It ended on its own account and left no new checkpoint behind."""
        return self.end in ("failed", "lost") and self.checkpoint <= self.resumedStep


def folder_of(stage_id: str) -> str:
    return f"work/{check_id(stage_id)}/attempts"


def key_of(stage_id: str, attempt: int) -> str:
    return f"{folder_of(stage_id)}/{attempt:06d}.json"


def save(store: Store, stage_id: str, record: AttemptRecord) -> None:
    """Also the sign of life: the record's age tells others whether its worker is still there."""
    store.replace(key_of(stage_id, record.attempt), json.dumps(said(asdict(record)), allow_nan=False))


def said(attempt: dict[str, Any]) -> dict[str, Any]:
    """Without the class where there is none: workers of before there were classes know no such key."""
    return {key: value for key, value in attempt.items() if key != "gpuClass" or value is not None}


def load(store: Store, stage_id: str) -> list[AttemptRecord]:
    """All attempts of the stage so far, in order."""
    texts = [store.read(f"{folder_of(stage_id)}/{name}") for name in store.names(folder_of(stage_id))]
    return [AttemptRecord(**json.loads(text)) for text in texts if text is not None]


def close_lost(store: Store, stage_id: str, records: list[AttemptRecord]) -> list[AttemptRecord]:
    """Closes attempts whose process vanished without a word; on their own machine their last step is known exactly."""
    closed = []
    for record in records:
        if not record.end:
            seen = Pace.last(store.local_work(stage_id), record.attempt)
            if seen is not None and seen.step >= record.lastStep:
                record = replace(record, lastStep=seen.step, gpuSeconds=max(record.gpuSeconds, seen.seconds))
            record = replace(record, end="lost", endedAt=now_iso(), reason="its process vanished")
            save(store, stage_id, record)
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
    """With what each attempt kept (the steps that later ones, or the result, stand on) and lost, and their share of its time.

    Walks back from the last attempt: the steps up to the checkpoint that it went on from were done by the newest
    attempt that had come that far, and so on. A newer one that went on from an older checkpoint did its steps in vain.
    """
    wire: list[Attempt] = []
    needed: int | None = None
    for index in range(len(records) - 1, -1, -1):
        record = records[index]
        if needed is None:
            kept = record.lastStep - record.resumedStep if record.end == "completed" else 0
            needed = record.resumedStep
        elif record.resumedStep < needed and not _came_further(records[:index], record, needed):
            # Its last steps may not have been seen on another machine; its checkpoint shows them.
            record = replace(record, lastStep=max(record.lastStep, needed))
            kept, needed = needed - record.resumedStep, record.resumedStep
        else:
            kept = 0
        wire.append(_wire(record, kept))
    return wire[::-1]


def _came_further(earlier: list[AttemptRecord], record: AttemptRecord, needed: int) -> bool:
    """Whether the needed checkpoint is an earlier attempt's, since this one never got there."""
    return record.lastStep < needed and any(one.resumedStep < needed <= one.lastStep for one in earlier)


def _wire(record: AttemptRecord, kept: int) -> Attempt:
    done = max(0, record.lastStep - record.resumedStep)
    share = (done - kept) / done if done > 0 else float(record.end in ("failed", "lost"))
    return Attempt(
        attempt=record.attempt,
        worker=record.worker,
        device=record.device,
        gpuClass=record.gpuClass,
        startedAt=record.startedAt,
        endedAt=record.endedAt,
        end=record.end or "failed",  # type: ignore[arg-type]
        reason=record.reason,
        resumedStep=record.resumedStep,
        lastStep=record.lastStep,
        stepsKept=kept,
        stepsLost=done - kept,
        gpuSeconds=round(record.gpuSeconds, 3),
        lostGpuSeconds=round(record.gpuSeconds * share, 3),
    )
