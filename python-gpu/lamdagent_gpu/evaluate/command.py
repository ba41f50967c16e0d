"""Benchmarks that a program of the user's scores: it gets the model's folder and prints a JSON of items.

The program is pinned: its files are the benchmark's object, copied to a folder of its own for every run. It runs with
the rights of the worker's user, so only where the worker allows it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import Any

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.environment import child_environment
from lamdagent_gpu.evaluate.kind import Facts, Kind, Row, Subject
from lamdagent_gpu.evaluate.strict_json import parse_json
from lamdagent_gpu.parent import die_with_parent

ALLOWED = "LAMDAGENT_ALLOW_COMMANDS"
"""The variable that allows a worker to run programs of benchmarks: `1`."""
POLL_SECONDS = 0.2
LAST_CHARACTERS = 2000
"""Of the program's talk, in errors."""
MOST_BYTES = 64 << 20
"""Of what it prints."""
FORM = '{"items": [{"id": text, "score": 0 to 1}, …]}'


class Program:
    """A benchmark's pinned program; the only item of its split until it has run."""

    def __init__(self, folder: Path, facts: Facts) -> None:
        self.folder = folder
        self.facts = facts

    @property
    def name(self) -> str:
        return f"command {self.facts['command']}"


def read_program(folder: Path, facts: Facts) -> list[Program]:
    if os.environ.get(ALLOWED) != "1":
        raise Rejected(
            f"command {facts['command']}: expected a GPU worker that was started with {ALLOWED}=1, got one without. "
            "A benchmark's program can do all that the worker's user can; allow it where you trust who writes specs."
        )
    return [Program(folder, facts)]


def score_program(
    subject: Subject, items: list[Program], facts: Facts, done: Collection[int]
) -> Iterator[dict[int, Row]]:
    """All rows in one shard: what the program did before it was killed is not known."""
    (program,) = items
    if len(done) == facts["items"]:
        return
    subject.release()
    with tempfile.TemporaryDirectory(prefix="lamdagent-command-") as scratch:
        place = Path(scratch) / "files"
        for path in facts["files"]:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(program.folder / path, place / path)
        text = run(program, place, subject.folder, subject.stop_if_asked)
    yield dict(enumerate(rows_of(program, text)))


def run(program: Program, place: Path, model: Path, stop_if_asked: Callable[[], None]) -> str:
    """The program's standard output. Its standard error goes to a file, from which errors quote the end.

    Raises:
        Rejected: it can't be started, ends with another status than 0, takes too long, prints too much.
        Preempted: the job was asked to stop; the program is killed.
    """
    words = {"{model}": str(model), "{split}": program.facts["split"], "{python}": sys.executable}
    argv = [filled(word, words) for word in program.facts["command"]]
    talk, said = place.parent / "stderr", place.parent / "stdout"
    with talk.open("wb") as errors, said.open("wb") as output:
        try:
            process = subprocess.Popen(
                argv, cwd=place, env=child_environment(os.environ, store=""), stdin=subprocess.DEVNULL,
                stdout=output, stderr=errors, start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip
        except OSError as error:
            raise Rejected(f"{program.name}: expected a program that can be started, got {error}") from None
        try:
            fault = wait(process, program, said, stop_if_asked)
        finally:
            end(process)
    if fault is not None:
        raise Rejected(f"{program.name}: {fault}. Its last lines:\n{tail(talk) or tail(said)}")
    return said.read_text("utf8", "replace")


def filled(word: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(name, value)
    return word


def wait(
    process: subprocess.Popen[bytes], program: Program, said: Path, stop_if_asked: Callable[[], None]
) -> str | None:
    """What is wrong with how it ended; None: nothing."""
    limit = program.facts["timeoutSeconds"]
    began = monotonic()
    while True:
        try:
            code = process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            stop_if_asked()
            if monotonic() - began > limit:
                return f"expected an end within {limit} s, got none"
            if said.stat().st_size > MOST_BYTES:
                return f"expected at most {MOST_BYTES} bytes of output, got more"
            continue
        return None if code == 0 else f"expected exit status 0, got {status(code)}"


def status(code: int) -> str:
    return f"exit status {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def end(process: subprocess.Popen[bytes]) -> None:
    """Its whole process group, what it left running in the background too."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def tail(file: Path) -> str:
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - LAST_CHARACTERS))
        return stream.read().decode("utf8", "replace").strip()


def rows_of(program: Program, text: str) -> list[Row]:
    """The rows of what the program printed: the last line that isn't empty is the JSON."""
    lines = [line for line in text.split("\n") if line.strip()]
    try:
        value = parse_json(lines[-1])
        listed = value["items"]
        rows = [row_of(program, one, place) for place, one in enumerate(listed)]
    except (IndexError, ValueError, KeyError, TypeError, RecursionError) as error:
        shown = lines[-1][:200] if lines else ""
        raise Rejected(f"{program.name}: expected {FORM} as the last line, got {shown!r}: {error!r}") from None
    ids = [row["id"] for row in rows]
    if len(set(ids)) < len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise Rejected(f"{program.name}: expected ids that differ, got {twice!r} twice")
    if len(rows) != program.facts["items"]:
        raise Rejected(
            f"{program.name}: expected {program.facts['items']} items on the {program.facts['split']} split, as the "
            f"spec says, got {len(rows)}"
        )
    return rows


def row_of(program: Program, value: Any, place: int) -> Row:
    where = f"{program.name}: item {place}"
    one, score = value["id"], value["score"]
    if not isinstance(one, str) or not one:
        raise Rejected(f"{where}: expected id as a text, got {one!r}")
    is_number = isinstance(score, (int, float)) and not isinstance(score, bool)
    if not is_number or not isfinite(score) or not 0 <= score <= 1:
        raise Rejected(f"{where} (id {one}): expected a score from 0 to 1, got {score!r}")
    prediction = value.get("prediction")
    return {"id": one, **({} if prediction is None else {"prediction": str(prediction)}), "score": float(score)}


def scoring_of(subject: Subject, facts: Facts) -> dict[str, Any]:
    return {"metric": facts["metric"], "command": facts["command"], "split": facts["split"]}


COMMAND = Kind(
    read=read_program,
    score=score_program,
    scoring=scoring_of,
    template=lambda subject, facts: None,
    count=lambda items, facts: int(facts["items"]),
)
