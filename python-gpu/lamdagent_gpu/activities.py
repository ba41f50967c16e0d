"""The GPU worker's Temporal activities: check the job, reuse what is there, run the rest, publish, report."""

from __future__ import annotations

import asyncio
import contextlib
import platform
import shutil
from typing import Any

from pydantic import ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from lamdagent_gpu import attempts, failpoints, fence
from lamdagent_gpu.checkpoint import library_versions
from lamdagent_gpu.contract.messages import BuildJob, BuiltModel, Evaluated, EvaluateJob, Score, Stage, StageFailure
from lamdagent_gpu.stage import InvalidJob, check_id, check_stage_id
from lamdagent_gpu.store import FolderStore
from lamdagent_gpu.supervisor import ChildDied, JobEnd, JobFailed, JobSpec, Supervisor
from lamdagent_gpu.weights import parameter_count, weights_sha256

HEARTBEAT_SECONDS = 1.0
LOST_PER_FAILED = 3
"""Losing a whole worker may be a preemption without notice, so it weighs less than a job that died by itself."""
FAILURE_STATUS = {"Diverged": "diverged", "OutOfMemory": "outOfMemory", "Rejected": "rejected"}
Reply = dict[str, Any]


class Activities:
    def __init__(self, *, store: FolderStore, supervisor: Supervisor, queue: str) -> None:
        self.store = store
        self.supervisor = supervisor
        self.queue = queue
        self.stopping: str | None = None
        """Why all work is to be handed back now (a signal, a notice of preemption)."""

    @activity.defn(name="build")
    async def build(self, message: Reply) -> Reply:
        """Makes a model unless its object is there: BuildJob -> BuildOutcome."""
        job = parsed(BuildJob, message)
        checked(job.stage, job.stageId)
        if job.stage.kind not in ("sft", "dpo", "merge"):
            raise refusal(InvalidJob(f"stage kind: expected sft, dpo or merge, got {job.stage.kind}"))
        existing = self.store.manifest(job.stageId)
        if existing is not None:
            return {**existing.result, "status": "completed", "reused": True}
        spec = JobSpec(kind="build", job=job.model_dump(), work_id=job.stageId)
        outcome = await self._run(spec, job.options.maxStalledAttempts)
        if isinstance(outcome, StageFailure):
            return outcome.model_dump()
        return (await asyncio.to_thread(self._publish_model, job, outcome)).model_dump()

    @activity.defn(name="evaluate")
    async def evaluate(self, message: Reply) -> Reply:
        """Scores a model on the benchmark splits that have no score yet: EvaluateJob -> EvaluateOutcome."""
        job = parsed(EvaluateJob, message)
        for one in job.stages:
            checked(one.stage, one.stageId)
        known = {one.stageId: self.store.manifest(one.stageId) for one in job.stages}
        missing = [one for one in job.stages if known[one.stageId] is None]
        scores = [score_of(found.result, reused=True) for found in known.values() if found is not None]
        if not missing:
            return Evaluated(status="completed", scores=scores, attempts=[]).model_dump()
        rest = job.model_copy(update={"stages": missing})
        spec = JobSpec(kind="evaluate", job=rest.model_dump(), work_id=missing[0].stageId)
        outcome = await self._run(spec, job.options.maxStalledAttempts)
        if isinstance(outcome, StageFailure):
            return outcome.model_dump()
        fresh = await asyncio.to_thread(self._publish_scores, spec, outcome)
        wire = attempts.to_wire(outcome.records)
        return Evaluated(status="completed", scores=[*scores, *fresh], attempts=wire).model_dump()

    @activity.defn(name="health")
    async def health(self, _: Reply) -> Reply:
        """What this worker is and does now; answered beside a running job."""
        return {
            "worker": self.supervisor.worker,
            "device": self.supervisor.device,
            "queue": self.queue,
            "versions": {"python": platform.python_version(), **library_versions()},
            "busy": self.supervisor.latest,
        }

    async def _run(self, spec: JobSpec, max_stalled: int) -> JobEnd | StageFailure:
        work = self.store.work_folder(check_id(spec.work_id))
        before = attempts.close_lost(work, attempts.load(work))
        failed, lost = attempts.stalled_in_a_row(before)
        if failed >= max_stalled or failed + lost >= LOST_PER_FAILED * max_stalled:
            return self._give_up(
                spec, "crashed", f"{failed + lost} attempts without a new checkpoint: {before[-1].reason}"
            )
        pump = asyncio.create_task(self._heartbeats(spec))
        try:
            return await self._supervised(spec)
        except JobFailed as error:
            return self._translate(spec, error)
        except ChildDied as error:
            raise ApplicationError(str(error), type="WorkerProcessDied") from None
        finally:
            pump.cancel()

    async def _supervised(self, spec: JobSpec) -> JobEnd:
        """Runs the job; a cancellation becomes a stop with a checkpoint before it goes on."""
        cancelled = False

        def stop() -> str | None:
            if cancelled:
                return "cancelled"
            return self.stopping or ("the worker is shutting down" if activity.is_worker_shutdown() else None)

        task = asyncio.create_task(self.supervisor.run(spec, stop))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
            with contextlib.suppress(JobFailed, ChildDied):
                end = await task
                shutil.rmtree(end.output, ignore_errors=True)
            raise

    async def _heartbeats(self, spec: JobSpec) -> None:
        """Every heartbeat carries the newest token: an empty one would erase it on the server."""
        waiting = {"stageId": spec.work_id, "fence": 0, "phase": "loading", "step": 0, "steps": 0}
        empty = {"checkpoint": None, "loss": None, "tokensPerSecond": None, "etaSeconds": None}
        while True:
            latest = self.supervisor.latest
            mine = latest if latest is not None and latest["stageId"] == spec.work_id else None
            activity.heartbeat(mine or {**waiting, **empty})
            await asyncio.sleep(HEARTBEAT_SECONDS)

    def _translate(self, spec: JobSpec, error: JobFailed) -> StageFailure:
        if error.kind == "Preempted":
            raise ApplicationError(f"preempted: {error}", type="Preempted")
        if error.kind == "InvalidJob":
            raise refusal(error)
        status = FAILURE_STATUS.get(error.kind)
        if status is None:
            raise ApplicationError(str(error), type=error.kind)
        return self._give_up(spec, status, str(error))

    def _give_up(self, spec: JobSpec, status: str, message: str) -> StageFailure:
        work = self.store.work_folder(spec.work_id)
        wire = attempts.to_wire(attempts.load(work))
        shutil.rmtree(work, ignore_errors=True)
        return StageFailure(status=status, stageId=spec.work_id, message=message, attempts=wire)  # type: ignore[arg-type]

    def _publish_model(self, job: BuildJob, end: JobEnd) -> BuiltModel:
        work = self.store.work_folder(job.stageId)
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
        fence.check(work, end.epoch)
        result = model.model_dump(exclude={"status", "reused"})
        failpoints.reach("publish/before-rename")
        manifest = self.store.publish(job.stageId, job.stage.kind, end.output, result)
        shutil.rmtree(work, ignore_errors=True)
        self.supervisor.last = (job.stageId, end.records[-1])
        return BuiltModel.model_validate({**manifest.result, "status": "completed", "reused": False})

    def _publish_scores(self, spec: JobSpec, end: JobEnd) -> list[Score]:
        work = self.store.work_folder(spec.work_id)
        wire = [attempt.model_dump() for attempt in attempts.to_wire(end.records)]
        fence.check(work, end.epoch)
        scores = []
        for index, split in enumerate(end.result["splits"]):
            # The activity's cost is booked under its first stage, once.
            result = {**split, "attempts": wire if index == 0 else []}
            folder = end.output / split["stageId"]
            manifest = self.store.publish(split["stageId"], "evaluate", folder, result)
            scores.append(score_of(manifest.result, reused=False))
        shutil.rmtree(end.output, ignore_errors=True)
        shutil.rmtree(work, ignore_errors=True)
        self.supervisor.last = (spec.work_id, end.records[-1])
        return scores


def score_of(result: dict[str, Any], *, reused: bool) -> Score:
    return Score.model_validate(
        {**{key: result[key] for key in ("stageId", "score", "standardError", "items")}, "reused": reused}
    )


def parsed(model: Any, message: Reply) -> Any:
    try:
        return model.model_validate(message)
    except ValidationError as error:
        raise refusal(error) from None


def checked(stage: Stage, stage_id: str) -> None:
    try:
        check_stage_id(stage, stage_id)
    except InvalidJob as error:
        raise refusal(error) from None


def refusal(error: Exception) -> ApplicationError:
    """A job that can never work as sent."""
    return ApplicationError(f"job: {error}", type="InvalidJob", non_retryable=True)
