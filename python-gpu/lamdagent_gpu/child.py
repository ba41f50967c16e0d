"""The warm child process: imports torch once, runs one job after another, streams events to its supervisor.

    python -m lamdagent_gpu.child EVENTS_FD STORE CACHE [DEVICES DEVICE SHARD]

Jobs and stops come as JSON lines on standard input; events go as JSON lines to the inherited descriptor, so that
prints of libraries cannot corrupt them. It exits when standard input closes: its supervisor is gone. With DEVICES above 1
it starts the other processes that a training on so many devices needs.
"""

from __future__ import annotations

import gc
import json
import math
import os
import queue
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from lamdagent_gpu import failpoints
from lamdagent_gpu.checkpoint import Checkpoint, Checkpoints
from lamdagent_gpu.context import Diverged, JobContext, OutOfMemory, Preempted, Rejected, TooLarge
from lamdagent_gpu.contract.messages import BuildJob, EvaluateJob
from lamdagent_gpu.fence import StaleFence
from lamdagent_gpu.pace import Pace
from lamdagent_gpu.parent import die_with_parent
from lamdagent_gpu.ranks import OtherRanks, Place
from lamdagent_gpu.saver import Saver
from lamdagent_gpu.stage import InvalidJob
from lamdagent_gpu.store import CorruptObject, Store, open_store

TYPED = (Preempted, Diverged, OutOfMemory, TooLarge, Rejected, InvalidJob, StaleFence, CorruptObject)
LOST_RANK_SECONDS = 3.0
"""What fails here because another rank is gone waits so long, in which the watch over that rank says the reason."""


class Mailbox:
    """What the supervisor says, read by a thread of its own, so that a stop is heard in the middle of a job."""

    def __init__(self) -> None:
        self.jobs: queue.Queue[dict[str, Any]] = queue.Queue()
        self.stop_reason: str | None = None
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            message = json.loads(line)
            if "stop" in message:
                self.stop_reason = message["stop"]
            else:
                self.stop_reason = None
                self.jobs.put(message)
        os._exit(0)


def finite(value: Any) -> Any:
    """The same value with null for every number that JSON does not have."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def make_context(
    message: dict[str, Any], store: Store, mailbox: Mailbox, send: Any, place: Place | None = None
) -> JobContext:
    build = message["kind"] == "build"
    job = (BuildJob if build else EvaluateJob).model_validate(message["job"])
    work_id, epoch = message["workId"], message["fence"]
    resume = (
        Checkpoint(**{**message["resume"], "folder": Path(message["resume"]["folder"])}) if message["resume"] else None
    )
    return JobContext(
        job=job,
        store=store,
        device=message["device"],
        output_folder=Path(message["output"]),
        saver=Saver(Checkpoints(store=store, stage_id=work_id, epoch=epoch), resume),
        pace=Pace(store.local_work(work_id), epoch),
        resume=resume,
        report=lambda progress: send({"event": "progress", **progress}),
        stop_reason=lambda: mailbox.stop_reason,
        rank=place.rank if place else 0,
        ranks=place.ranks if place else 1,
        shard=place.shard if place else "never",
        halvings=message.get("halvings", 0),
        judge_key=message.get("judgeKey"),
    )


def run_job(context: JobContext) -> dict[str, Any]:
    """Runs the job; returns what the supervisor needs to publish it."""
    if isinstance(context.job, EvaluateJob):
        from lamdagent_gpu.evaluate import run_evaluation

        splits = run_evaluation(context)
        return {"splits": [write_rows(context.output_folder, split) for split in splits]}
    if context.job.stage.kind == "merge":
        from lamdagent_gpu.merge import run_merge

        result = run_merge(context)
    else:
        from lamdagent_gpu.train import run_training

        result = run_training(context)
    return {"steps": result.steps, "metrics": result.metrics}


def write_rows(folder: Path, split: Any) -> dict[str, Any]:
    target = folder / split.stage_id
    target.mkdir()
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in split.rows)
    (target / "rows.jsonl").write_text(text, "utf8")
    return {
        "stageId": split.stage_id,
        "score": split.score,
        "standardError": split.standard_error,
        "items": split.items,
        "evaluator": split.evaluator,
        **({"missing": split.missing} if split.missing else {}),
    }


def is_training(message: dict[str, Any]) -> bool:
    return bool(message["kind"] == "build" and message["job"]["stage"]["kind"] != "merge")


def handle(message: dict[str, Any], store: Store, mailbox: Mailbox, send: Any, others: OtherRanks | None) -> None:
    store.begin_job()
    context = make_context(message, store, mailbox, send, others.place if others else None)
    try:
        if others is not None and is_training(message):
            others.send(message)
        failpoints.reach("load/begin")
        send({"event": "done", "result": run_job(context)})
    except TYPED as error:
        send({"event": "failed", "type": type(error).__name__, "message": str(error)})
    except Exception as error:
        if type(error).__name__ == "OutOfMemoryError":
            send({"event": "failed", "type": "OutOfMemory", "message": str(error)})
            return
        traceback.print_exc()
        if others is not None:
            time.sleep(LOST_RANK_SECONDS)
        send({"event": "failed", "type": "Error", "message": f"{type(error).__name__}: {error}"})
    finally:
        context.pace.close()


def warm_up() -> None:
    """The slow imports, before the first job asks for them."""
    import torch

    from lamdagent_gpu import evaluate, merge, train  # noqa: F401

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    gc.collect()
    gc.freeze()  # collections during jobs need not walk the imported libraries


def main() -> None:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the supervisor decides
    events = os.fdopen(int(sys.argv[1]), "w", buffering=1)

    def send(event: dict[str, Any]) -> None:
        events.write(json.dumps(finite(event), allow_nan=False) + "\n")

    devices = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    shortage = {"event": "failed", "type": "TooLarge", "message": "a micro-batch did not fit one of the devices"}
    others = None
    if devices > 1:
        device, shard = sys.argv[5:7]
        others = OtherRanks(sys.argv[2:4], devices, device, shard, lambda: send(shortage))
    store = open_store(sys.argv[2], Path(sys.argv[3]))
    mailbox = Mailbox()
    warm_up()
    if others is not None:
        others.place.join()
    send({"event": "ready"})
    while True:
        handle(mailbox.jobs.get(), store, mailbox, send, others)


if __name__ == "__main__":
    main()
