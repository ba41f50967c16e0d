"""Finished rows of an evaluation in its work area, so that a killed one goes on at the shard where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from time import monotonic

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.evaluate.kind import Row


class Journal:
    """Rows by stage and item place. A checkpoint holds all of them, a file a stage; its step is their number, and those
    of stages that an earlier attempt was asked for and this one is not, so that steps never fall.

    A stage id names weights, items and settings, and a checkpoint's manifest names the hash of each file and the
    library versions, so what is read back is what this very evaluation had found. JSON gives doubles back to the bit.
    """

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._rows: dict[str, dict[int, Row]] = {}
        self._saved_at = monotonic()
        for one in context.evaluations():
            self._rows[one.stageId] = read(context.resume.folder / name_of(one.stageId)) if context.resume else {}
        self._saved = self.count
        self._others = context.resume.step - self.count if context.resume else 0

    @property
    def count(self) -> int:
        return sum(map(len, self._rows.values()))

    def rows(self, stage_id: str) -> dict[int, Row]:
        return self._rows[stage_id]

    def add(self, stage_id: str, shard: dict[int, Row], *, now: bool = False) -> None:
        """Takes rows over; saves `now`, or when the job's interval since the last checkpoint is over. Raises StaleFence."""
        self._rows[stage_id].update(shard)
        if now or monotonic() - self._saved_at >= self._context.evaluation.options.checkpointSeconds:
            self.save()

    def save(self) -> None:
        """Writes a checkpoint unless there is nothing new. Raises StaleFence."""
        if self.count == self._saved:
            return
        if self._context.save_checkpoint(self._others + self.count, self._write):
            self._saved = self.count
        self._saved_at = monotonic()

    def _write(self, folder: Path) -> None:
        for stage_id, rows in self._rows.items():
            lines = [json.dumps({"place": place, "row": rows[place]}) + "\n" for place in sorted(rows)]
            (folder / name_of(stage_id)).write_text("".join(lines), "utf8")


def name_of(stage_id: str) -> str:
    return f"{stage_id}.jsonl"


def read(file: Path) -> dict[int, Row]:
    """Empty for a stage that the checkpoint doesn't know."""
    if not file.exists():
        return {}
    found = [json.loads(line) for line in file.read_text("utf8").splitlines()]
    return {one["place"]: one["row"] for one in found}
