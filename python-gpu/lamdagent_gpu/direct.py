"""The worker's code without Temporal, for programs and tests: JSON lines in, JSON lines out.

    python -m lamdagent_gpu.direct [--store FOLDER]

A line asks `{"name": "build", "input": {…}}`; the line that answers holds `result`, or `failure` with the type and the
message that Temporal would get. One job at a time, in the order they came; it ends with its input. `build`, `evaluate`
and `health` are the worker's own activities, with supervisor, warm child, leases and published objects; they need a
store. `suggest` is the sampler: SuggestRequest -> Slate.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from lamdagent_gpu.activities import Activities
from lamdagent_gpu.contract.messages import SuggestRequest
from lamdagent_gpu.store import open_store
from lamdagent_gpu.suggest import InvalidRequest, suggest
from lamdagent_gpu.supervisor import Supervisor

Answer = Callable[[Any], Awaitable[Any]]


async def answer(answers: dict[str, Answer], line: str) -> dict[str, Any]:
    """What was asked for, or how it failed."""
    try:
        message = json.loads(line)
        name = message["name"]
        if name not in answers:
            return failure("InvalidJob", f"name: expected one of {', '.join(answers)}, got {name}")
        return {"result": await answers[name](message["input"])}
    except ApplicationError as error:
        return failure(error.type, error.message)
    except (ValidationError, InvalidRequest, ValueError, KeyError, TypeError) as error:
        return failure("InvalidJob", str(error))


def failure(of: str | None, message: str) -> dict[str, Any]:
    return {"failure": {"type": of, "message": message}}


async def suggestions(request: Any) -> Any:
    return suggest(SuggestRequest.model_validate(request)).model_dump()


def activity(run: Callable[[Any], Awaitable[Any]]) -> Answer:
    """With what an activity finds round itself."""

    async def answered(job: Any) -> Any:
        return await ActivityEnvironment().run(run, job)

    return answered


async def serve(store_location: str | None, cache: Path) -> None:
    answers: dict[str, Answer] = {"suggest": suggestions}
    if store_location is None:
        await loop(answers)
        return
    store = open_store(store_location, cache)
    supervisor = Supervisor(store=store, device="cpu", worker=f"{socket.gethostname()}:{os.getpid()}")
    activities = Activities(store=store, supervisor=supervisor, queue="direct")
    for one in (activities.build, activities.evaluate, activities.health):
        answers[one.__name__] = activity(one)
    await loop(answers)
    await supervisor.close()


async def loop(answers: dict[str, Answer]) -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await answer(answers, line), allow_nan=False), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lamdagent_gpu.direct")
    parser.add_argument("--store")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/lamdagent").expanduser())
    options = parser.parse_args()
    asyncio.run(serve(options.store, options.cache))


if __name__ == "__main__":
    main()
