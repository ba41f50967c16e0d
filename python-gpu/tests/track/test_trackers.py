"""Every tracker: written, killed in the middle, written again, grown; read back with its own reader, all is there once."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb", "mlflow": "mlflow"}
Run = dict[str, Any]
Read = dict[str, Run]
"""Runs by name, as far as a tracker shows them: parameters, tags, scores, series."""


def run_of(name: str, number: int, **changed: Any) -> Run:
    steps = list(range(1, 41))
    return {
        "schemaVersion": 1,
        "id": f"{number:016x}",
        "name": name,
        "exploration": "search",
        "explorationId": "search-5e7a1d00",
        "status": "finished",
        "startedAt": f"2026-03-02T08:{number:02d}:00.000Z",
        "endedAt": f"2026-03-02T09:{number:02d}:00.000Z",
        "parameters": {"action": "dpo", "learningRate": 1e-5, "steps": 40},
        "tags": {"policy": "tpe", "parents": "base + t0001", "phase": "search"},
        "scores": {"search/tools": 0.25 + number / 64, "cost/gpuSeconds": 12.5},
        "series": [
            {"name": "train/loss", "step": steps, "value": [2 / step for step in steps]},
            {"name": "train/rewardMargin", "step": steps[::2], "value": [step / 8 for step in steps[::2]]},
        ],
        **changed,
    }


def exploration(trials: int, **changed: Any) -> Run:
    series = [{"name": "trials/score", "step": list(range(trials)), "value": [place / 4 for place in range(trials)]}]
    return run_of("exploration", 9, endedAt=None, status="running", scores={}, series=series, **changed)


FIRST = [run_of("t0002", 2), run_of("t0003", 3, status="failed", scores={}, series=[]), exploration(2)]
LATER_TAGS = {"policy": "tpe", "parents": "base + t0001", "phase": "confirm"}
LATER = [
    run_of("t0002", 2, tags=LATER_TAGS, scores={**FIRST[0]["scores"], "confirm/tools": 0.375}),
    FIRST[1],
    exploration(3),
]
NEW_LATER = 3
"""A tag, a score, a point of the exploration."""


def write(
    to: str, where: Path, runs: list[Run], failpoints: Path | None = None
) -> tuple[int, list[int], subprocess.CompletedProcess[str]]:
    """The exit code, and what each run that was answered for has got."""
    done = subprocess.run(
        [sys.executable, "-m", "lamdagent_gpu.track", "--to", to, "--where", str(where)],
        input="".join(json.dumps(run) + "\n" for run in runs),
        capture_output=True,
        text=True,
        timeout=400,
        env={**os.environ, **({} if failpoints is None else {"LAMDAGENT_FAILPOINTS": str(failpoints)})},
    )
    return done.returncode, [json.loads(line)["added"] for line in done.stdout.splitlines()], done


def size_of(run: Run) -> int:
    points = sum(len(series["step"]) for series in run["series"])
    return points + len(run["parameters"]) + len(run["tags"]) + len(run["scores"])


def expected(runs: list[Run]) -> Read:
    return {
        run["name"]: {
            "parameters": {key: str(value) for key, value in run["parameters"].items()},
            "tags": run["tags"],
            "scores": run["scores"],
            "series": {
                one["name"]: list(zip(one["step"], one["value"], strict=True)) for one in run["series"] if one["step"]
            },
        }
        for run in runs
    }


@pytest.mark.parametrize("to", PACKAGES)
def test_what_was_killed_and_told_again_is_there_once(to: str, tmp_path: Path) -> None:
    if find_spec(PACKAGES[to]) is None:
        pytest.skip("an extra: python-gpu/requirements-trackers.txt")
    where, points = tmp_path / "runs", tmp_path / "failpoints"
    points.mkdir()
    code, added, done = write(to, where, FIRST[:1])
    assert (code, added) == (0, [size_of(FIRST[0])]), done.stderr
    (points / "track.write").write_text("kill")
    code, added, _ = write(to, where, FIRST, points)
    assert (code, added) == (-9, [0])  # the first run had nothing new; the second one was cut off
    assert read_back(to, where).get("t0002") == expected(FIRST)["t0002"]
    code, added, done = write(to, where, FIRST)
    assert code == 0, done.stderr
    assert added[0] == 0
    assert read_back(to, where) == expected(FIRST)
    code, added, done = write(to, where, LATER)
    assert (code, sum(added)) == (0, NEW_LATER), done.stderr
    code, added, done = write(to, where, LATER)
    assert (code, added) == (0, [0, 0, 0]), done.stderr
    assert read_back(to, where) == expected(LATER)


def test_a_tracker_that_is_not_installed_is_named(tmp_path: Path) -> None:
    hidden = (
        "import sys; sys.modules['tensorboard'] = None\nfrom lamdagent_gpu.track.__main__ import main\nsys.exit(main())"
    )
    command = [sys.executable, "-c", hidden, "--to", "tensorboard", "--where", str(tmp_path)]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=200)
    assert done.returncode == 2
    assert done.stderr.startswith("tracker tensorboard: expected its Python package, got none")
    assert "requirements-trackers.txt" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_writers_of_one_folder_do_not_meet(tmp_path: Path) -> None:
    from lamdagent_gpu.track.place import Place
    from lamdagent_gpu.track.tracker import TrackerFault

    first = Place(tmp_path)
    kept = first.staged()
    with pytest.raises(TrackerFault, match="expected to be written by nobody else"):
        Place(tmp_path)
    assert kept.is_dir()
    first.close()
    Place(tmp_path).close()


def read_back(to: str, where: Path) -> Read:
    readers: dict[str, Callable[[Path], Read]] = {
        "tensorboard": read_tensorboard, "wandb": read_wandb, "mlflow": read_mlflow,
    }  # fmt: skip
    return readers[to](where)


def read_tensorboard(where: Path) -> Read:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import metadata as hparams
    from tensorboard.util.tensor_util import make_ndarray

    found: Read = {}
    for folder in sorted(path for path in (where / "search-5e7a1d00").iterdir() if any(path.iterdir())):
        events = EventAccumulator(str(folder), size_guidance={"tensors": 0, "scalars": 0})
        events.Reload()
        run: Run = {"parameters": {}, "tags": {}, "scores": {}, "series": {}}
        for tag in events.Tags()["tensors"]:
            values = [(event.step, make_ndarray(event.tensor_proto)) for event in events.Tensors(tag)]
            if tag == hparams.SESSION_START_INFO_TAG:
                content = events.SummaryMetadata(tag).plugin_data.content
                start = hparams.parse_session_start_info_plugin_data(content)
                run["parameters"] = {key: hparam_text(value) for key, value in start.hparams.items()}
            elif tag.startswith("about/"):
                run["tags"][tag.removeprefix("about/")] = values[-1][1].item().decode()
            else:
                into(run, tag.removeprefix("score/"), [(step, float(value)) for step, value in values], "score/" in tag)
        for tag in events.Tags()["scalars"]:
            values = [(event.step, event.value) for event in events.Scalars(tag)]
            into(run, tag.removeprefix("score/"), values, tag.startswith("score/"))
        found[folder.name] = run
    return found


def hparam_text(value: Any) -> str:
    number = value.number_value
    return str(value.string_value or (int(number) if number == int(number) else number))


def into(run: Run, name: str, values: list[tuple[int, float]], is_score: bool) -> None:
    """Floats of 32 bits come back as the nearest of 64."""
    if is_score:
        ((_, run["scores"][name]),) = values
    else:
        run["series"][name] = [(step, pytest.approx(value, rel=1e-6)) for step, value in values]


def read_mlflow(where: Path) -> Read:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{where}/mlflow.db")
    experiment = client.get_experiment_by_name("search-5e7a1d00")
    assert experiment is not None
    found: Read = {}
    for run in client.search_runs([experiment.experiment_id]):
        assert run.info.run_name not in found
        histories = {name: client.get_metric_history(run.info.run_id, name) for name in run.data.metrics}
        points = {name: [(one.step, one.value) for one in history] for name, history in histories.items()}
        own = {name: value for name, value in run.data.tags.items() if not name.startswith(("mlflow.", "lamdagent."))}
        found[run.info.run_name] = {
            "parameters": {key: plain(value) for key, value in run.data.params.items()},
            "tags": own,
            "scores": {name: values[0][1] for name, values in points.items() if not is_series(name)},
            "series": {name: sorted(values) for name, values in points.items() if is_series(name)},
        }
        assert all(len(values) == 1 for name, values in points.items() if not is_series(name))
    return found


def plain(text: str) -> str:
    """`40.0` as `40`: numbers of the contract are floats."""
    return text.removesuffix(".0")


def is_series(name: str) -> bool:
    return name.startswith(("train/", "trials/"))


def read_wandb(where: Path) -> Read:
    """The folders of one id in the order of their times, as `wandb sync` joins them."""
    found: Read = {}
    for folder in sorted((where / "wandb").iterdir()):
        (log,) = folder.glob("*.wandb")
        name = ""
        for record in records_of(log):
            kind = record.WhichOneof("record_type")
            if kind == "run":
                name = record.run.display_name
                run = found.setdefault(name, {"parameters": {}, "tags": {}, "scores": {}, "series": defaultdict(list)})
                for item in record.run.config.update:
                    value = json.loads(item.value_json)
                    if item.key == "about":
                        run["tags"] |= value
                    elif item.key != "_wandb":
                        run["parameters"][item.key] = plain(str(value))
            elif kind == "history":
                row = {
                    item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item
                }
                for key, value in row.items():
                    if is_series(key):
                        found[name]["series"][key].append((record.history.step.num, value))
            elif kind == "summary":
                for item in record.summary.update:
                    key = item.key or "/".join(item.nested_key)
                    if not key.startswith("_") and not is_series(key):
                        found[name]["scores"][key] = json.loads(item.value_json)
    return {name: {**run, "series": dict(run["series"])} for name, run in found.items()}


def records_of(log: Path) -> Iterator[Any]:
    """W&B's own messages in its log: after a header of 7 bytes, LevelDB's log format (blocks of 32 KiB)."""
    from wandb.proto import wandb_internal_pb2

    data, place, held = log.read_bytes(), 7, b""
    while place + 7 <= len(data):
        left = 32768 - place % 32768
        if left < 7:
            place += left
            continue
        length, kind = struct.unpack_from("<HB", data, place + 4)
        held += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield wandb_internal_pb2.Record.FromString(held)
            held = b""
