"""One evaluation job: a model against several benchmark splits."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from math import floor, sqrt
from time import monotonic
from typing import Any

from lamdagent_gpu import failpoints
from lamdagent_gpu.context import JobContext, Preempted, Rejected, ScoredSplit
from lamdagent_gpu.contract.messages import IdentifiedStage, Manifest
from lamdagent_gpu.evaluate.items import FILE
from lamdagent_gpu.evaluate.journal import Journal
from lamdagent_gpu.evaluate.kind import Facts, Kind, Row, Subject
from lamdagent_gpu.evaluate.kinds import kind_of


@dataclass(frozen=True, kw_only=True)
class Split:
    """A benchmark split with its items read and checked."""

    stage_id: str
    kind: Kind
    items: list[Any]
    facts: Facts
    count: int
    """Rows that it will have."""


def run_evaluation(context: JobContext) -> list[ScoredSplit]:
    """Scores every split of the job; the model is loaded once. Goes on where a checkpoint of the job ends.

    Raises:
        Rejected: malformed items, an unknown metric or kind, a prompt longer than the model's context, a program
            that fails, a judge that refuses or misses too many items.
        OutOfMemory: not even one row fits the device.
        Diverged: the model's log-probabilities are not finite.
        Preempted: asked to stop, between shards; a checkpoint holds the rows found so far.
    """
    splits = [load_split(context, one) for one in context.evaluations()]
    total = sum(split.count for split in splits)
    context.progress("loading", 0, total)
    model = context.store.open(context.evaluation.modelStageId)
    subject = Subject(model, context.device, context.stop_if_asked, context.judge_key)
    journal = Journal(context)
    meter = Meter(context, journal, total)
    scored = []
    for split in splits:
        scored.append(score_split(meter, journal, subject, split))
        meter.before += split.count
    return scored


class Meter:
    """Progress over all splits, in items, with the time left; stops the job when it is asked to."""

    def __init__(self, context: JobContext, journal: Journal, total: int) -> None:
        self.before = 0
        self._context = context
        self._journal = journal
        self._total = total
        self._found = journal.count
        self._started = monotonic()

    def __call__(self, done: int) -> None:
        """`done` items of the split at hand."""
        so_far = self.before + done
        here = self._journal.count - self._found
        left = (monotonic() - self._started) / here * (self._total - so_far) if here else None
        self._context.progress("evaluating", so_far, self._total, eta_seconds=left)
        reason = self._context.stop_reason()
        if reason is not None:
            self._journal.save()
            raise Preempted(reason)
        failpoints.reach("evaluate/between-batches")


def load_split(context: JobContext, one: IdentifiedStage) -> Split:
    benchmark = one.stage.inputs["benchmark"][0]
    folder = context.store.open(benchmark)
    manifest = context.store.manifest(benchmark)
    assert manifest is not None
    paths = [file.path for file in manifest.files]
    facts = {**manifest.result, "contentSha256": content_sha256(manifest), "files": paths}
    kind = kind_of(facts)
    items = kind.read(folder, facts)
    facts = {**facts, **kind.found(items)}
    return Split(stage_id=one.stageId, kind=kind, items=items, facts=facts, count=kind.count(items, facts))


def content_sha256(manifest: Manifest) -> str:
    """Of the items' file where there is no other, else of all paths and hashes."""
    if [file.path for file in manifest.files] == [FILE]:
        return manifest.files[0].sha256
    return sha256_of([[file.path, file.sha256] for file in manifest.files])


def score_split(meter: Meter, journal: Journal, subject: Subject, split: Split) -> ScoredSplit:
    found = journal.rows(split.stage_id)
    meter(len(found))
    for shard in split.kind.score(subject, split.items, split.facts, frozenset(found)):
        journal.add(split.stage_id, shard, now=split.kind.paid)
        refuse_too_many_missing(split, found)
        meter(len(found))
    refuse_too_many_missing(split, found)
    rows = [found[place] for place in range(split.count)]
    points = [float(str(row["score"])) for row in rows if row["score"] is not None]
    mean, error = mean_and_error(points)
    evaluator = evaluator_of(split.kind, subject, split.facts)
    return ScoredSplit(
        stage_id=split.stage_id, rows=rows, score=mean, standard_error=error, items=len(points), evaluator=evaluator,
        missing=len(rows) - len(points),
    )  # fmt: skip


def refuse_too_many_missing(split: Split, found: dict[int, Row]) -> None:
    """A score of the items that happened to be rated is another benchmark's. Raises Rejected, with the last reason."""
    missing = [row for row in found.values() if row["score"] is None]
    most = floor(split.facts.get("maxMissing", 0) * split.count + 1e-9)
    if len(missing) > most:
        raise Rejected(
            f"judge {split.facts['judge']['model']}: expected at most {most} of {split.count} items without a judgement "
            f"(maxMissing), got {len(missing)}; the last: {missing[-1]['missing']}"
        )


def evaluator_of(kind: Kind, subject: Subject, facts: Facts) -> dict[str, str | None]:
    """What the score was measured with: hashes of the items, of the chat template, of all else that decides it."""
    template = kind.template(subject, facts)
    return {
        "benchmarkSha256": facts["contentSha256"],
        "templateSha256": None if template is None else sha256_of(template),
        "generationSha256": sha256_of(kind.scoring(subject, facts)),
    }


def sha256_of(value: object) -> str:
    """Of text as it is; of other values of their JSON with sorted keys and no spaces, as RFC 8785 has it for these."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def mean_and_error(points: list[float]) -> tuple[float, float]:
    """Mean, and its standard error: sample standard deviation (n - 1) over sqrt(n); 0 for fewer than two items."""
    count = len(points)
    mean = sum(points) / count
    if count < 2:
        return mean, 0.0
    variance = sum((point - mean) ** 2 for point in points) / (count - 1)
    return mean, sqrt(variance / count)
