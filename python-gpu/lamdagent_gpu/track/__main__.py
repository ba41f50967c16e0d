"""Adds runs to an experiment tracker: TrackedRun JSON lines in, a JSON line `{id, name, added}` out for each.

    python -m lamdagent_gpu.track --to tensorboard|wandb|mlflow --where FOLDER_OR_URI

Exit code 2: the tracker's package is not installed, or the place cannot be used; the message says which.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from lamdagent_gpu.contract.messages import TrackedRun
from lamdagent_gpu.track.tracker import Tracker, TrackerFault

TRACKERS = {"tensorboard": "TensorBoard", "wandb": "WeightsAndBiases", "mlflow": "MLflow"}
"""The module of each, and the class in it."""
FAILED, UNUSABLE = 1, 2


def open_tracker(name: str, where: str) -> Tracker:
    """Raises TrackerFault where its package is missing."""
    try:
        module = importlib.import_module(f"lamdagent_gpu.track.{name}")
    except ModuleNotFoundError as error:
        raise TrackerFault(
            f"tracker {name}: expected its Python package, got none ({error}). "
            "Run `.venv/bin/python -m pip install -r python-gpu/requirements-trackers.txt`."
        ) from None
    tracker: Tracker = getattr(module, TRACKERS[name])(where)
    return tracker


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m lamdagent_gpu.track")
    parser.add_argument("--to", choices=TRACKERS, required=True)
    parser.add_argument("--where", required=True)
    options = parser.parse_args(argv)
    try:
        tracker = open_tracker(options.to, options.where)
        follow(tracker)
        tracker.close()
    except TrackerFault as fault:
        print(fault, file=sys.stderr)
        return UNUSABLE
    except ValidationError as error:
        print(f"run: expected a TrackedRun, got {error}", file=sys.stderr)
        return UNUSABLE
    except Exception as error:  # a service or a disk may fail in any way
        print(f"tracker {options.to}: expected to write to {options.where}, got {error}", file=sys.stderr)
        return FAILED
    return 0


def follow(tracker: Tracker) -> None:
    for line in sys.stdin:
        run = TrackedRun.model_validate_json(line)
        print(json.dumps({"id": run.id, "name": run.name, "added": tracker.write(run)}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
