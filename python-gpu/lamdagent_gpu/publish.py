"""From a finished job to objects in the store, and from objects to what the orchestrator is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio.exceptions import ApplicationError

from lamdagent_gpu import attempts, failpoints, made_with
from lamdagent_gpu.contract.messages import Attempt, BuildJob, BuiltModel, Evaluated, EvaluateJob, Manifest, Score
from lamdagent_gpu.store import Store
from lamdagent_gpu.supervisor import JobEnd
from lamdagent_gpu.weights import parameter_count, weights_sha256


def publish_model(store: Store, job: BuildJob, end: JobEnd) -> BuiltModel:
    """Raises ApplicationError Incomplete unless every step was done, StaleFence when a newer attempt has taken over."""
    expected = job.stage.parameters.get("steps", 0)
    if end.result["steps"] != expected:
        raise ApplicationError(f"steps done: expected {expected}, got {end.result['steps']}", type="Incomplete")
    model = BuiltModel(
        status="completed",
        stageId=job.stageId,
        weightsSha256=weights_sha256(end.output),
        parameterCount=parameter_count(end.output),
        steps=end.result["steps"],
        metrics=end.result["metrics"],
        attempts=attempts.to_wire(end.records),
        reused=False,
    )
    facts = model.model_dump(exclude={"status", "reused"})
    result = {**facts, "attempts": [attempts.said(one) for one in facts["attempts"]], "madeFor": job.requester}
    made_with.record(store, job.stageId, end.records[-1].device)
    failpoints.reach("publish/before-rename")
    manifest = store.publish(job.stageId, job.stage.kind, end.output, result, end.guard)
    failpoints.reach("publish/done")
    return built(manifest, job.requester)


def publish_scores(store: Store, job: EvaluateJob, end: JobEnd) -> dict[str, Manifest]:
    """One object a split, the first split last: it carries the attempts, and names the work folder of a next attempt."""
    wire = [attempts.said(attempt.model_dump()) for attempt in attempts.to_wire(end.records)]
    made = {}
    for index, split in reversed(list(enumerate(end.result["splits"]))):
        result = {**split, "attempts": wire if index == 0 else [], "madeFor": job.requester}
        failpoints.reach("publish/before-rename")
        made[split["stageId"]] = store.publish(
            split["stageId"], "evaluate", end.output / split["stageId"], result, end.guard
        )
    end.output.rmdir()
    failpoints.reach("publish/done")
    return made


def built(manifest: Manifest, requester: str) -> BuiltModel:
    """The object as an outcome; it is reused when somebody else paid for it."""
    facts = {key: value for key, value in manifest.result.items() if key != "madeFor"}
    return BuiltModel.model_validate({**facts, "status": "completed", "reused": is_reused(manifest, requester)})


def evaluated(manifests: Sequence[Manifest | None], requester: str) -> Evaluated:
    """All scores in the order asked for, and the attempts that this requester pays."""
    there = [manifest for manifest in manifests if manifest is not None]
    scores = [score_of(manifest, reused=is_reused(manifest, requester)) for manifest in there]
    paid = [manifest for manifest in there if not is_reused(manifest, requester)]
    wire = [Attempt.model_validate(one) for manifest in paid for one in attempts_of(manifest)]
    return Evaluated(status="completed", scores=scores, attempts=wire)


def is_reused(manifest: Manifest, requester: str) -> bool:
    return manifest.result.get("madeFor") != requester


def attempts_of(manifest: Manifest) -> list[Any]:
    found: list[Any] = manifest.result.get("attempts", [])
    return found


def score_of(manifest: Manifest, *, reused: bool) -> Score:
    facts = {key: manifest.result[key] for key in ("stageId", "score", "standardError", "items")}
    return Score.model_validate(
        {
            **facts,
            "evaluator": manifest.result.get("evaluator"),
            "missing": manifest.result.get("missing"),
            "reused": reused,
        }
    )
