"""The GPU worker's Temporal activities: check the job, reuse what is there, run the rest, publish, report."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import platform
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from lamdagent_gpu import attempts
from lamdagent_gpu.checkpoint import extra_versions, library_versions
from lamdagent_gpu.childprocess import ChildDied
from lamdagent_gpu.contract.messages import BuildJob, EvaluateJob, Stage, StageFailure, SuggestJob, SuggestRequest
from lamdagent_gpu.lease import AlreadyPublished, HeldElsewhere
from lamdagent_gpu.leftovers import clear_work
from lamdagent_gpu.publish import built, evaluated, publish_model, publish_scores
from lamdagent_gpu.stage import InvalidJob, check_id, check_stage_id
from lamdagent_gpu.store import Store
from lamdagent_gpu.suggest import InvalidRequest, suggest
from lamdagent_gpu.supervisor import JobEnd, JobFailed, JobSpec, Supervisor

HEARTBEAT_SECONDS = 1.0
NOT_BUILT = ("model", "dataset", "benchmark", "rewardFunction", "evaluate")
HELD_RETRY = timedelta(seconds=5)
GOES_ON = "The next attempt goes on from the newest complete checkpoint."
"""What a person who reads of a failed attempt wants to know."""
FAILURE_STATUS = {
    "Diverged": "diverged",
    "OutOfMemory": "outOfMemory",
    "Rejected": "rejected",
    "Crashed": "crashed",
}
Reply = dict[str, Any]
Published = TypeVar("Published")


class Activities:
    def __init__(self, *, store: Store, supervisor: Supervisor, queue: str) -> None:
        self.store = store
        self.supervisor = supervisor
        self.queue = queue
        self.stopping: str | None = None
        """Why all work is to be handed back now (a notice of preemption), beside the worker's own shutdown."""

    @activity.defn(name="build")
    async def build(self, message: Reply) -> Reply:
        """Makes a model unless its object is there: BuildJob -> BuildOutcome."""
        job = parsed(BuildJob, message)
        checked(job.stage, job.stageId)
        if job.stage.kind in NOT_BUILT:
            raise refusal(InvalidJob(f"stage kind: expected one that builds a model, got {job.stage.kind}"))
        existing = await asyncio.to_thread(self.store.manifest, job.stageId)
        if existing is not None:
            return built(existing, job.requester).model_dump()
        spec = JobSpec(
            kind="build", job=job.model_dump(), work_id=job.stageId, max_stalled=job.options.maxStalledAttempts
        )
        try:
            outcome = await self._run(spec, lambda end: publish_model(self.store, job, end))
        except AlreadyPublished:
            return await self.build(message)
        return outcome.model_dump()

    @activity.defn(name="evaluate")
    async def evaluate(self, message: Reply) -> Reply:
        """Scores a model on the benchmark splits that have no score yet: EvaluateJob -> EvaluateOutcome."""
        job = parsed(EvaluateJob, message)
        for one in job.stages:
            checked(one.stage, one.stageId)
        ids = [one.stageId for one in job.stages]
        known = await asyncio.to_thread(lambda: {one: self.store.manifest(one) for one in ids})
        missing = [one for one in job.stages if known[one.stageId] is None]
        if missing:
            rest = job.model_copy(update={"stages": missing})
            spec = JobSpec(
                kind="evaluate",
                job=rest.model_dump(),
                work_id=missing[0].stageId,
                max_stalled=job.options.maxStalledAttempts,
            )
            try:
                fresh = await self._run(spec, lambda end: publish_scores(self.store, rest, end))
            except AlreadyPublished:
                return await self.evaluate(message)
            if isinstance(fresh, StageFailure):
                return fresh.model_dump()
            known.update(fresh)
        return evaluated([known[one] for one in ids], job.requester).model_dump()

    @activity.defn(name="health")
    async def health(self, _: Reply) -> Reply:
        """What this worker is and does now; answered beside a running job."""
        return {
            "worker": self.supervisor.worker,
            "device": self.supervisor.label,
            "devices": self.supervisor.devices,
            "gpuClass": self.supervisor.gpu_class,
            "queue": self.queue,
            "versions": {"python": platform.python_version(), **library_versions(), **extra_versions()},
            "busy": self.supervisor.latest,
        }

    @activity.defn(name="suggest")
    async def suggest(self, message: Reply) -> Reply:
        """Proposes points of a search space; answered beside a running job: SuggestJob -> Slate."""
        job = parsed(SuggestJob, message)
        try:
            slate = await asyncio.to_thread(lambda: suggest(self._requested(job)))
        except InvalidRequest as error:
            raise refusal(error) from None
        return slate.model_dump()

    def _requested(self, job: SuggestJob) -> SuggestRequest:
        """The request that the decision put into the store."""
        text = self.store.read(job.requestKey)
        if text is None:
            raise ApplicationError(f"{job.requestKey}: expected a request, got none", type="RecordMissing")
        found = hashlib.sha256(text.encode("utf8")).hexdigest()
        if found != job.requestSha256:
            raise refusal(InvalidJob(f"{job.requestKey}: expected the hash {job.requestSha256[:8]}, got {found[:8]}"))
        try:
            return SuggestRequest.model_validate_json(text)
        except ValidationError as error:
            raise refusal(error) from None

    async def _run(self, spec: JobSpec, publish: Callable[[JobEnd], Published]) -> Published | StageFailure:
        pump = asyncio.create_task(self._heartbeats(check_id(spec.work_id)))
        try:
            return await self._supervised(spec, publish)
        except JobFailed as error:
            return await asyncio.to_thread(self._translate, spec, error)
        except ChildDied as error:
            raise ApplicationError(str(error), type="WorkerProcessDied") from None
        except HeldElsewhere as held:
            raise ApplicationError(
                f"{held}. It is asked again until that one ends.", type="HeldElsewhere", next_retry_delay=HELD_RETRY
            ) from None
        finally:
            pump.cancel()

    async def _supervised(self, spec: JobSpec, publish: Callable[[JobEnd], Published]) -> Published:
        """Runs the job; a cancellation becomes a stop with a checkpoint before it goes on."""
        cancelled = False

        def stop() -> str | None:
            if cancelled:
                return "cancelled, or out of the server's sight"
            return self.stopping or ("the worker is shutting down" if activity.is_worker_shutdown() else None)

        task = asyncio.create_task(self.supervisor.run(spec, stop, publish))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
            with contextlib.suppress(JobFailed, ChildDied, HeldElsewhere, AlreadyPublished):
                await task
            raise

    async def _heartbeats(self, work_id: str) -> None:
        """Every heartbeat carries the newest token: an empty one would erase it on the server."""
        waiting = {"stageId": work_id, "fence": 0, "phase": "waiting", "step": 0, "steps": 0}
        empty = {"checkpoint": None, "loss": None, "tokensPerS": None, "etaS": None}
        while True:
            activity.heartbeat(self.supervisor.tokens.get(work_id) or {**waiting, **empty})
            await asyncio.sleep(HEARTBEAT_SECONDS)

    def _translate(self, spec: JobSpec, error: JobFailed) -> StageFailure:
        if error.kind == "Preempted":
            raise ApplicationError(f"preempted: {error}. {GOES_ON}", type="Preempted")
        if error.kind == "InvalidJob":
            raise refusal(error)
        status = FAILURE_STATUS.get(error.kind)
        if status is None:
            raise ApplicationError(str(error), type=error.kind)
        wire = attempts.to_wire(error.records)
        clear_work(self.store, spec.work_id)
        return StageFailure(status=status, stageId=spec.work_id, message=str(error), attempts=wire)  # type: ignore[arg-type]


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
