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
import re
import signal
import socket
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.worker import Worker

from lamdagent_gpu.activities import Activities
from lamdagent_gpu.device import DEVICES, Device, NoDevice, detect
from lamdagent_gpu.slots import DeviceSlots
from lamdagent_gpu.spot import CHOICES, DEFAULT_ADDRESS, Metadata, Notice, Watch
from lamdagent_gpu.stopping import LONGEST_SECONDS, Stopped, Stopping
from lamdagent_gpu.store import open_store
from lamdagent_gpu.supervisor import Supervisor
from lamdagent_gpu.telemetry import begin_logging, runtime_of

CACHE = Path("~/.cache/lamdagent").expanduser()
MOST_DEVICES = 64
SHARD = ("auto", "always", "never")
NOTICE_SECONDS = 30.0
SHORTEST_NOTICE_SECONDS = 2.0
ANY_CLASS = "any"
CLASS_NAME = re.compile(r"(?!(control|any)$)[a-z0-9][a-z0-9-]{0,31}")
"""The same rule as in domain/gpuClass.ts and activities/spec/workers.ts."""
USAGE = 2
"""Exit code: started again it would fail again."""
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
    parser.add_argument(
        "--per-stage",
        type=number_of_devices,
        default=1,
        metavar="DEVICES",
        help="how many of this machine's devices one training runs on (default: %(default)s)",
    )
    parser.add_argument(
        "--shard",
        choices=SHARD,
        default="auto",
        help="with several devices: each holds a part of the model; auto: where it does not fit one (default: %(default)s)",
    )
    parser.add_argument("--queue", default="lamdagent-gpu", help="task queue; the control queue has -control behind it")
    parser.add_argument(
        "--gpu-class",
        type=gpu_class,
        metavar="NAME",
        help="class of this machine, as specs name it: the queues have -NAME behind them, and -any-control is polled too",
    )
    parser.add_argument(
        "--notice",
        type=notice_seconds,
        default=NOTICE_SECONDS,
        metavar="SECONDS",
        help="time from SIGTERM, or from a preemption notice that names no time, to the end (default: %(default)s)",
    )
    parser.add_argument("--spot", choices=CHOICES, default="off", help="whose preemption notices to watch for")
    parser.add_argument(
        "--metadata-address",
        type=metadata_at,
        default=os.environ.get("LAMDAGENT_METADATA_ADDRESS") or DEFAULT_ADDRESS,
        metavar="HOST[:PORT]",
        help="where --spot asks (default: LAMDAGENT_METADATA_ADDRESS or %(default)s)",
    )
    options = parser.parse_args(argv)
    if options.shard == "always" and options.per_stage == 1:
        parser.error("argument --shard: expected --per-stage of 2 or more with always, got 1")
    return options


def gpu_class(text: str) -> str:
    if CLASS_NAME.fullmatch(text):
        return text
    rule = "at most 32 lower-case letters, digits, dashes, other than control, any"
    raise argparse.ArgumentTypeError(f"expected {rule}, got {text}")


def notice_seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if SHORTEST_NOTICE_SECONDS <= float(text) <= LONGEST_SECONDS:
            return float(text)
    rule = f"a number of seconds from {SHORTEST_NOTICE_SECONDS:g} to {LONGEST_SECONDS:g}"
    raise argparse.ArgumentTypeError(f"expected {rule}, got {text}")


def number_of_devices(text: str) -> int:
    with contextlib.suppress(ValueError):
        if 1 <= int(text) <= MOST_DEVICES:
            return int(text)
    raise argparse.ArgumentTypeError(f"expected a whole number of devices from 1 to {MOST_DEVICES}, got {text}")


def metadata_at(address: str) -> Metadata:
    try:
        return Metadata(address)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


async def connect(options: argparse.Namespace, identity: str) -> Client:
    """Connects, waiting for as long as the service is away. The identity is what the service shows of a poller."""
    config = ClientConfig.load_client_connect_config()
    if options.address:
        config["target_host"] = options.address
    if options.namespace:
        config["namespace"] = options.namespace
    told, runtime = False, runtime_of(os.environ)
    while True:
        try:
            return await Client.connect(**config, identity=identity, runtime=runtime)
        except RuntimeError as error:
            if not told:
                log.warning("Temporal at %s does not answer yet (%s); waiting", config.get("target_host"), error)
                told = True
            await asyncio.sleep(1)


async def watch_parent(stopping: Stopping, notice: float) -> None:
    """Ends the worker when the process that started it is gone, so that no orphan stays."""
    parent = os.environ.get("LAMDAGENT_PARENT_PID")
    while parent and os.getppid() == int(parent):
        await asyncio.sleep(1)
    if parent:
        stopping.ask(f"the parent process {parent} is gone", notice)


def listen(stopping: Stopping, options: argparse.Namespace) -> None:
    """From here on SIGTERM, Ctrl-C and a preemption notice ask the worker to stop, at any stage of its life."""
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.ask, f"{name.name} received", options.notice)

    def hear(notice: Notice) -> None:
        stopping.ask(notice.reason, notice.deadline - time.monotonic())

    if options.spot != "off":
        Watch(options.spot, options.metadata_address, hear, undated_seconds=options.notice).start()


async def serve(options: argparse.Namespace) -> None:
    """Works until asked to stop, hands back what it holds, and ends the process with code 0."""
    stopping = Stopping()
    listen(stopping, options)
    parent = asyncio.create_task(watch_parent(stopping, options.notice))
    fate = "nothing had begun"
    try:
        device = await stopping.unless_asked(asyncio.to_thread(detect, options.device))
        tell_device(device, options.per_stage)
        fate = await live(options, stopping, device)
    except Stopped:
        pass
    except NoDevice as error:
        log.error("%s", error)
        leave(USAGE)
    parent.cancel()
    log.warning("%s; %s", stopping.reason, fate)
    leave()


def tell_device(device: Device, per_stage: int) -> None:
    log.info("device %s (%s)", device, device.reason)
    if device.kind == "cuda" and device.visible > per_stage:
        log.warning(
            "%d devices are visible, this worker uses %d of them. `lamdagent gpu-worker --count %d` uses all",
            device.visible, per_stage, device.visible // per_stage,
        )  # fmt: skip


async def live(options: argparse.Namespace, stopping: Stopping, device: Device) -> str:
    """Sets up, works, and says what became of the work at hand."""
    store = open_store(options.store, options.cache)
    worker = f"{socket.gethostname()}:{os.getpid()}"
    slots = DeviceSlots()
    supervisor = Supervisor(
        store=store, device=device.kind, worker=worker, devices=options.per_stage, shard=options.shard,
        label=str(device), gpu_class=options.gpu_class, variables=device.variables(os.environ, options.per_stage),
        publishing=slots.publishing,
    )  # fmt: skip
    queue = options.queue if options.gpu_class is None else f"{options.queue}-{options.gpu_class}"
    activities = Activities(store=store, supervisor=supervisor, queue=queue)

    def pass_on() -> None:
        """The job hears of it at once, not only when the queues are closed."""
        if activities.stopping is None:
            supervisor.ended.clear()
        activities.stopping = stopping.reason
        supervisor.stop_grace_seconds = stopping.job_seconds

    stopping.on_change = pass_on
    warming = asyncio.create_task(supervisor.warm())
    try:
        client = await stopping.unless_asked(connect(options, f"{worker} ({device})"))
        await stopping.unless_asked(warming)
        control_queues = [f"{queue}-control"]
        if options.gpu_class is not None:
            control_queues.append(f"{options.queue}-{ANY_CLASS}-control")
        polling = pollers(client, activities, slots, control_queues)
        await work(polling, stopping, f"ready device={device} queue={queue} store={store.location}")
    except Stopped:
        warming.cancel()
    await supervisor.close()
    return supervisor.handed_back()


def pollers(client: Client, activities: Activities, slots: DeviceSlots, control_queues: Sequence[str]) -> list[Worker]:
    """Of work for the device, whenever that is free, and of small questions that are answered beside it."""
    gpu = Worker(
        client,
        task_queue=activities.queue,
        activities=[activities.build, activities.evaluate],
        tuner=slots.tuner(),
        graceful_shutdown_timeout=timedelta(seconds=LONGEST_SECONDS),
        max_heartbeat_throttle_interval=timedelta(seconds=2),
        default_heartbeat_throttle_interval=timedelta(seconds=2),
    )
    questions = [activities.health, activities.suggest]
    return [gpu, *(Worker(client, task_queue=queue, activities=questions) for queue in control_queues)]


async def work(polling: Sequence[Worker], stopping: Stopping, ready: str) -> None:
    """Polls all queues until asked to stop; returns when all activities have ended and the server knows."""
    async with contextlib.AsyncExitStack() as stack:
        for worker in polling:
            await stack.enter_async_context(worker)
        print(ready, flush=True)
        await stopping.wait()
        log.warning("%s: stopping within %.0f s", stopping.reason, stopping.deadline - time.monotonic())
        await asyncio.gather(*(worker.shutdown() for worker in polling))


def leave(code: int = 0) -> None:
    """Ends the process. A thread that still reads or hashes for a job that was handed back must not hold it up."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


def die_with_parent() -> None:
    if os.environ.get("LAMDAGENT_PARENT_PID") and sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(argv)
    begin_logging(os.environ)
    die_with_parent()
    with contextlib.suppress(KeyboardInterrupt):  # before `listen`
        asyncio.run(serve(options))


if __name__ == "__main__":
    main()
