"""The worker process: a light Temporal client that polls for GPU work and keeps the training child warm.

lamdagent-gpu-worker --address 127.0.0.1:7233 --store ~/.lamdagent/store
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.worker import Worker

from lamdagent_gpu.activities import Activities
from lamdagent_gpu.store import open_store
from lamdagent_gpu.supervisor import Supervisor

DEVICES = ("auto", "cuda", "mps", "cpu")
GRACE = timedelta(seconds=40)
CACHE = Path("~/.cache/lamdagent").expanduser()
log = logging.getLogger("lamdagent.worker")


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lamdagent-gpu-worker", description=__doc__)
    parser.add_argument("--address", help="host:port of the Temporal service (default: TEMPORAL_* or the profile)")
    parser.add_argument("--namespace", help="Temporal namespace (default: TEMPORAL_NAMESPACE or default)")
    parser.add_argument("--store", required=True, help="the store: a folder, or s3://bucket/prefix")
    parser.add_argument(
        "--cache", type=Path, default=CACHE, help="this machine's copy of an S3 store (default: %(default)s)"
    )
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--queue", default="lamdagent-gpu", help="task queue; the control queue has -control behind it")
    return parser.parse_args(argv)


def detect_device(wanted: str) -> str:
    """Asks torch in a process of its own, since this one stays light."""
    if wanted != "auto":
        return wanted
    question = (
        "import torch; print('cuda' if torch.cuda.is_available() else "
        "'mps' if torch.backends.mps.is_available() else 'cpu')"
    )
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    return answer.stdout.strip().splitlines()[-1]


async def connect(options: argparse.Namespace) -> Client:
    """Connects, waiting for as long as the service is away."""
    config = ClientConfig.load_client_connect_config()
    if options.address:
        config["target_host"] = options.address
    if options.namespace:
        config["namespace"] = options.namespace
    told = False
    while True:
        try:
            return await Client.connect(**config)
        except RuntimeError as error:
            if not told:
                log.warning("Temporal at %s does not answer yet (%s); waiting", config.get("target_host"), error)
                told = True
            await asyncio.sleep(1)


async def watch_parent(stop: asyncio.Event) -> None:
    """Ends the worker when the process that started it is gone, so that no orphan stays."""
    parent = os.environ.get("LAMDAGENT_PARENT_PID")
    while parent and os.getppid() == int(parent):
        await asyncio.sleep(1)
    if parent:
        log.warning("the parent process %s is gone; shutting down", parent)
        stop.set()


async def serve(options: argparse.Namespace) -> None:
    device = detect_device(options.device)
    store = open_store(options.store, options.cache)
    supervisor = Supervisor(store=store, device=device, worker=f"{socket.gethostname()}:{os.getpid()}")
    warming = asyncio.create_task(supervisor.warm())
    activities = Activities(store=store, supervisor=supervisor, queue=options.queue)
    client = await connect(options)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    gpu = Worker(
        client,
        task_queue=options.queue,
        activities=[activities.build, activities.evaluate],
        max_concurrent_activities=1,
        graceful_shutdown_timeout=GRACE,
        max_heartbeat_throttle_interval=timedelta(seconds=2),
        default_heartbeat_throttle_interval=timedelta(seconds=2),
    )
    control = Worker(client, task_queue=f"{options.queue}-control", activities=[activities.health])
    await warming
    parent = asyncio.create_task(watch_parent(stop))
    async with gpu, control:
        print(f"ready device={device} queue={options.queue} store={store.location}", flush=True)
        await stop.wait()
        log.warning("stopping: writing a checkpoint and handing work back")
    parent.cancel()
    await supervisor.close()


def die_with_parent() -> None:
    if os.environ.get("LAMDAGENT_PARENT_PID") and sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)
    die_with_parent()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options))


if __name__ == "__main__":
    main()
