"""The GPU page in its small mode: every row is measured on a CPU, and resumes give the same bits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    out = tmp_path_factory.mktemp("page") / "page.json"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python-gpu"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.gpu", "--out", str(out), "--device", "cpu"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=500, capture_output=True)
    found: dict[str, list[dict[str, object]]] = json.loads(out.read_text("utf8"))["sections"]
    return found


def test_every_section_is_measured_without_an_error(page: dict[str, list[dict[str, object]]]) -> None:
    assert list(page) == ["SFT", "DPO", "Generation", "Merge", "Killed and resumed against uninterrupted"]
    rows = [row for section in page.values() for row in section]
    assert [row for row in rows if "error" in row or "skipped" in row] == []


def test_a_killed_training_ends_with_the_same_bits_on_a_cpu(page: dict[str, list[dict[str, object]]]) -> None:
    for row in page["Killed and resumed against uninterrupted"]:
        assert (row["again"], row["resumed"], row["resumedFrom"]) == ("bit-identical", "bit-identical", 3)
        assert row["largestUpdate"] != 0


def test_a_row_that_fails_is_told_and_the_others_go_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks.gpu.page import Page
    finally:
        sys.path.remove(str(ROOT))
    page = Page(out=tmp_path / "page.json", seconds=60, facts={})
    row = page.section("Some", {"count": ".1f"})
    row("bad", lambda: {}["missing"])
    row("good", lambda: {"count": 2})
    page.seconds = 0
    row("late", lambda: {"count": 3})
    text = capsys.readouterr().out
    assert "| bad | failed: KeyError: 'missing' |" in text
    assert "| good | 2.0 |" in text
    assert "| late | skipped: no time left |" in text
    assert len(json.loads((tmp_path / "page.json").read_text("utf8"))["sections"]["Some"]) == 3
