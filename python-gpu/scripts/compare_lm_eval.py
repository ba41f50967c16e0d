"""Times this package's evaluation against lm-eval's HFLM: the same model, items and batch size, alternating.

    python python-gpu/scripts/compare_lm_eval.py QUICKSTART [--rounds 3]

QUICKSTART is examples/quickstart. Both sides have the model loaded; timed is everything from the items' files to scores,
on one thread, by the clock and by the processor. The search split is what every trial of a search is scored on; the test
split is three times as long. Its last line is JSON: {"rounds": […], "cases": […], "batch": …}.
Run by `npm run bench:eval`. Needs: pip install --no-deps -r python-gpu/requirements-lm-eval.txt
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS="1")

import torch

from lamdagent_gpu.evaluate.generate import BATCH
from lamdagent_gpu.evaluate.kind import Facts, Subject
from lamdagent_gpu.evaluate.kinds import KINDS

NEW_TOKENS = {"number": 48, "plural": 24, "tool": 44, "roman": 16, "format": 40}
"""As the quickstart's spec has it."""
CHOICES = 4
Predictions = dict[str, list[str]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("quickstart", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        cases = write_items(given.quickstart.resolve(), Path(scratch))
        print(json.dumps(compare(given.quickstart / "model", cases, given.rounds)))


@dataclass(frozen=True)
class Case:
    """A kind of scoring on one split of every benchmark."""

    kind: str
    split: str
    folders: list[Path]

    @property
    def items(self) -> int:
        return sum(sum(1 for _ in (one / "items.jsonl").open()) for one in self.folders)


def write_items(quickstart: Path, scratch: Path) -> list[Case]:
    """The splits as they are, and as questions of four choices: the answer and those of the next items."""
    return [
        Case(kind, split, [write_split(quickstart, scratch, kind, split, name) for name in NEW_TOKENS])
        for kind in ("generation", "multipleChoice")
        for split in ("search", "test")
    ]


def write_split(quickstart: Path, scratch: Path, kind: str, split: str, name: str) -> Path:
    rows = [json.loads(line) for line in (quickstart / f"benchmarks/{name}/{split}.jsonl").open(encoding="utf8")]
    made = rows if kind == "generation" else [choice_of(rows, at) for at in range(len(rows))]
    folder = scratch / kind / split / name
    folder.mkdir(parents=True)
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made), "utf8")
    return folder


def choice_of(rows: list[dict[str, Any]], at: int) -> dict[str, Any]:
    right = rows[at]["answers"][0]
    others = dict.fromkeys(rows[(at + step) % len(rows)]["answers"][0] for step in range(1, len(rows)))
    choices = [other for other in others if other != right][: CHOICES - 1]
    answer = at % CHOICES
    choices.insert(answer, right)
    return {"id": rows[at]["id"], "messages": rows[at]["messages"], "choices": choices, "answer": answer}


def compare(model: Path, cases: list[Case], rounds: int) -> dict[str, Any]:
    subject = Subject(model, "cpu")
    assert subject.model is not None
    theirs = harness(model, cases)
    measured: list[dict[str, Any]] = []
    different = [0 for _ in cases]
    for number in range(rounds + 1):  # the first round warms both up
        for at, case in enumerate(cases):
            sides = [("ours", partial(ours, subject, case)), ("lmEval", partial(theirs, case))]
            found: dict[str, Predictions] = {}
            for name, work in sides if number % 2 == 0 else sides[::-1]:
                seconds, cpu_seconds, found[name] = timed(work)
                if number > 0:
                    measured.append({"case": at, "by": name, "seconds": seconds, "cpuSeconds": cpu_seconds})
                print(
                    f"{number} {case.kind} {case.split} {name}: {seconds:.2f} s, {cpu_seconds:.2f} s of the processor",
                    file=sys.stderr, flush=True,
                )  # fmt: skip
            different[at] += differences(found["ours"], found["lmEval"])
    told = [
        {"kind": case.kind, "split": case.split, "items": case.items, "different": count}
        for case, count in zip(cases, different, strict=True)
    ]
    return {"rounds": measured, "cases": told, "batch": BATCH}


def differences(left: Predictions, right: Predictions) -> int:
    return sum(one != other for task in left for one, other in zip(left[task], right[task], strict=True))


def timed(work: Callable[[], Predictions]) -> tuple[float, float, Predictions]:
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - began, time.process_time() - cpu, found


def ours(subject: Subject, case: Case) -> Predictions:
    found: Predictions = {}
    kind = case.kind
    for folder in case.folders:
        metric = "exactMatch" if kind == "generation" else "accuracy"
        facts: Facts = {"metric": metric, "maxNewTokens": NEW_TOKENS[folder.name]}
        items = KINDS[kind].read(folder, facts)
        rows: dict[int, Any] = {}
        for shard in KINDS[kind].score(subject, items, facts, ()):
            rows.update(shard)
        found[folder.name] = [rows[place]["prediction"] for place in range(len(items))]
    return found


TASK = """task: {task}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
test_split: test
doc_to_text: "{{{{messages[0].content}}}}"
"""
GENERATED = """output_type: generate_until
doc_to_target: "{{{{answers[0]}}}}"
generation_kwargs: {{until: ["<e>"], max_gen_toks: {tokens}, do_sample: false}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
"""
CHOSEN = """output_type: multiple_choice
doc_to_choice: "{{{{choices}}}}"
doc_to_target: answer
target_delimiter: ""
metric_list: [{{metric: acc, aggregation: mean, higher_is_better: true}}]
"""


def harness(model: Path, cases: list[Case]) -> Callable[[Case], Predictions]:
    """lm-eval over the same files; the model and the index of tasks are loaded once."""
    logging.disable(logging.WARNING)
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    tasks = cases[0].folders[0].parents[2] / "tasks"
    tasks.mkdir()
    for case in cases:
        for folder in case.folders:
            body = TASK + (GENERATED if case.kind == "generation" else CHOSEN)
            task, file = task_name(case, folder.name), folder / "items.jsonl"
            (tasks / f"{task}.yaml").write_text(
                body.format(task=task, file=file, tokens=NEW_TOKENS[folder.name]), "utf8"
            )
    manager = TaskManager(include_path=str(tasks), include_defaults=False)
    lm = HFLM(pretrained=str(model), batch_size=BATCH, device="cpu", dtype="float32")

    def evaluated(case: Case) -> Predictions:
        names = {name: task_name(case, name) for name in NEW_TOKENS}
        with contextlib.redirect_stderr(io.StringIO()):
            end = simple_evaluate(
                model=lm, tasks=list(names.values()), task_manager=manager, apply_chat_template=True,
                bootstrap_iters=0, log_samples=True,
            )  # fmt: skip
        return {name: [prediction(case.kind, one) for one in end["samples"][task]] for name, task in names.items()}

    return evaluated


def task_name(case: Case, benchmark: str) -> str:
    return f"{case.kind}-{case.split}-{benchmark}"


def prediction(kind: str, sample: dict[str, Any]) -> str:
    if kind == "generation":
        return str(sample["resps"][0][0])
    values = [float(one[0][0]) for one in sample["resps"]]
    return str(sample["doc"]["choices"][values.index(max(values))])


if __name__ == "__main__":
    main()
