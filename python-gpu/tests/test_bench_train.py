"""The program of `npm run bench:train`: both sides of every training run, and the same number of steps is timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_training_is_timed_on_both_sides() -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'python-gpu'}:{ROOT}", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "benchmarks/train.py", "--rounds", "1", "--steps", "2", "--only", "tiny"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=550, check=False)
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"')]
    assert [one for one in told if "error" in one] == [], done.stderr[-3000:]
    names, *runs = told
    assert {(one["case"], one["by"]) for one in runs} == {
        (case, by) for case, _ in names["cases"] for by in ("ours", "trl")
    }
    assert {len(one[clock]) for one in runs for clock in ("seconds", "processorSeconds")} == {2}
    assert len(names["cases"]) == 11
