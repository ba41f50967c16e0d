"""The worker's activities without Temporal, for programs that measure: JSON lines in, JSON lines out.

    python -m lamdagent_gpu.direct --store FOLDER

A line asks `{"activity": "build", "input": {…}}`; the line that answers holds `result`, or `failure` with the type and
the message that Temporal would get. One job at a time, in the order they came; it ends with its input. What runs is the
worker's own code: supervisor, warm child, leases and published objects.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from lamdagent_gpu.activities import Activities
from lamdagent_gpu.store import open_store
from lamdagent_gpu.supervisor import Supervisor

NAMES = ("build", "evaluate", "health")


async def answer(activities: Activities, line: str) -> dict[str, Any]:
    """What the activity returned, or how it failed."""
    message = json.loads(line)
    name = message["activity"]
    if name not in NAMES:
        return {
            "failure": {"type": "InvalidJob", "message": f"activity: expected one of {', '.join(NAMES)}, got {name}"}
        }
    try:
        return {"result": await ActivityEnvironment().run(getattr(activities, name), message["input"])}
    except ApplicationError as error:
        return {"failure": {"type": error.type, "message": error.message}}


async def serve(store_location: str, cache: Path) -> None:
    store = open_store(store_location, cache)
    supervisor = Supervisor(store=store, device="cpu", worker=f"{socket.gethostname()}:{os.getpid()}")
    activities = Activities(store=store, supervisor=supervisor, queue="direct")
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await answer(activities, line), allow_nan=False), flush=True)
    await supervisor.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lamdagent_gpu.direct")
    parser.add_argument("--store", required=True)
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/lamdagent").expanduser())
    options = parser.parse_args()
    asyncio.run(serve(options.store, options.cache))


if __name__ == "__main__":
    main()
