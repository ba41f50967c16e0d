"""Programs as benchmarks: what they get, what they print, and every way in which they fail."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import World

from lamdagent_gpu.context import Preempted, Rejected, ScoredSplit
from lamdagent_gpu.evaluate import run_evaluation

PRINTS = """
import json, os, pathlib, sys
model, split = sys.argv[1:]
print("loading", model)
keys = sorted(os.environ)
weights = (pathlib.Path(model) / "model.safetensors").stat().st_size
extra = pathlib.Path("data/extra.txt").read_text()
items = [{"id": "keys", "score": 1, "prediction": json.dumps(keys)}, {"id": split + extra, "score": weights > 0}]
items[1]["score"] = 0.25
print(json.dumps({"items": items}))
"""


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMDAGENT_ALLOW_COMMANDS", "1")


def run(world: World, program: str, *, stop: Any = lambda _: None, **facts: Any) -> ScoredSplit:
    own: dict[str, Any] = {"command": ["{python}", "score.py", "{model}", "{split}"], "items": 2, **facts}
    benchmark = world.program({"score.py": program, "data/extra.txt": "!"}, **own)
    (split,) = run_evaluation(world.context(world.evaluate_job(world.model, [benchmark]), stop=stop))
    return split


def test_a_program_gets_model_split_and_files_and_no_secret(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for secret in ("AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "HF_TOKEN", "TEMPORAL_ADDRESS"):
        monkeypatch.setenv(secret, "secret")
    split = run(world, PRINTS)
    assert (split.score, split.items) == (0.625, 2)
    assert [row["id"] for row in split.rows] == ["keys", "search!"]
    keys = json.loads(str(split.rows[0]["prediction"]))
    assert "PATH" in keys
    assert not [key for key in keys if key.startswith(("AWS_", "OPENAI_", "HF_TOKEN", "TEMPORAL_"))]


def test_command_and_files_are_what_a_score_was_measured_with(world: World) -> None:
    first, again, other = run(world, PRINTS), run(world, PRINTS), run(world, PRINTS + "#")
    assert first.evaluator == again.evaluator
    assert first.evaluator["benchmarkSha256"] != other.evaluator["benchmarkSha256"]
    assert first.evaluator["generationSha256"] == other.evaluator["generationSha256"]


def printing(*items: object) -> str:
    return f"print({json.dumps(json.dumps({'items': items}))})"


ITEM = {"id": "a", "score": 0.5}


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            "import sys; sys.exit('no such task')",
            r"expected exit status 0, got exit status 1. Its last lines:\nno such task",
        ),
        (
            "print('talk', flush=True); import os; os.abort()",
            r"expected exit status 0, got signal SIGABRT. Its last lines:\ntalk",
        ),
        ("", r"as the last line, got ''"),
        ("print('done')", r'expected \{"items": .*as the last line, got \'done\''),
        ("print('{\"items\": [{}]}')", r"as the last line, got .*KeyError"),
        ('print(\'{"items": [{"id": "a", "score": NaN}]}\')', "NaN is not JSON"),
        (printing(ITEM), "expected 2 items on the search split, as the spec says, got 1"),
        (printing(ITEM, ITEM), "expected ids that differ, got 'a' twice"),
        (printing(ITEM, {"id": "b", "score": 1.5}), r"item 1 \(id b\): expected a score from 0 to 1, got 1.5"),
        (printing(ITEM, {"id": "b", "score": True}), r"item 1 \(id b\): expected a score from 0 to 1, got True"),
        (printing({"id": 7, "score": 1}), "item 0: expected id as a text, got 7"),
        ("import time; time.sleep(60)", r"expected an end within 0.5 s, got none"),
    ],
)
def test_a_program_that_fails_rejects_the_trial_and_says_why(world: World, program: str, message: str) -> None:
    with pytest.raises(Rejected, match=message) as fault:
        run(world, program, timeoutSeconds=0.5 if "sleep" in program else 60)
    assert "score.py" in str(fault.value)


def test_a_program_that_is_not_there_is_named(world: World) -> None:
    with pytest.raises(Rejected, match=r"expected a program that can be started, got .*no-such-program"):
        run(world, "", command=["no-such-program", "{model}"])


def test_no_shell_reads_the_command(world: World, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    program = f"import json, sys\n{printing(ITEM, {'id': 'b', 'score': 1})} if len(sys.argv) == 3 else 1/0"
    assert run(world, program, command=["{python}", "score.py", "{model}", f"; touch {mark}"]).items == 2
    assert not mark.exists()


def test_a_stop_ends_the_program_and_what_it_started(world: World, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    program = f"""
import subprocess, sys, time, pathlib
one = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path({str(mark)!r}).write_text(str(one.pid))
time.sleep(60)
"""
    with pytest.raises(Preempted, match="notice"):
        run(world, program, stop=lambda _: "notice" if mark.exists() and mark.read_text() else None)
    pid = int(mark.read_text())
    deadline = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_worker_that_does_not_allow_programs_runs_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMDAGENT_ALLOW_COMMANDS")
    assert "LAMDAGENT_ALLOW_COMMANDS" not in os.environ
    with pytest.raises(Rejected, match="expected a GPU worker that was started with LAMDAGENT_ALLOW_COMMANDS=1"):
        run(world, PRINTS)
