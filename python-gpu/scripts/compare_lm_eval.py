"""Times this package's evaluation against lm-eval's HFLM: the same models, items and threads, alternating.

    python python-gpu/scripts/compare_lm_eval.py QUICKSTART [--rounds 3]

QUICKSTART is examples/quickstart. Both sides have the model loaded and are warm; timed is everything from the items'
files to scores, on one thread, by the clock and by the processor. The search split is what every trial of a search is
scored on; the test split is three times as long; the larger model, which gives the same answers, has the
search split. lm-eval gets the batch size that was its fastest on the small model, before the rounds that count.
Its last line is JSON: {"rounds": […], "cases": […], "rows": …}. Run by `npm run bench:eval`, which installs lm-eval.
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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lamdagent_gpu.environment import KEPT_MEMORY

if (
    not KEPT_MEMORY.keys() <= os.environ.keys()
):  # read when a process starts; the worker's child has it, so both sides do
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **KEPT_MEMORY})
os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS="1")

import torch
from widened_model import write_widened

from lamdagent_gpu.evaluate.generate import BATCH_TOKENS, ROW_TOKENS
from lamdagent_gpu.evaluate.kind import Facts, Subject
from lamdagent_gpu.evaluate.kinds import KINDS
from lamdagent_gpu.weights import parameter_count

NEW_TOKENS = {"number": 48, "plural": 24, "tool": 44, "roman": 16, "format": 40}
"""As the quickstart's spec has it."""
CHOICES = 4
EXAMPLES = 2
THEIR_BATCHES = (64, 128, 256)
Predictions = dict[str, list[str]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("quickstart", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as scratch:
        large = Path(scratch) / "large"
        write_widened(given.quickstart / "model", large)
        cases = write_items(given.quickstart.resolve(), large, Path(scratch) / "items")
        print(json.dumps(compare(cases, given.rounds)))


@dataclass(frozen=True, kw_only=True)
class Case:
    """A kind of scoring on one split of every benchmark."""

    model: Path
    kind: str
    split: str
    examples: int
    """Questions with answers that stand before each question, the same ones everywhere."""
    folders: list[Path]

    @property
    def items(self) -> int:
        return sum(sum(1 for _ in (one / "items.jsonl").open()) for one in self.folders)

    def task(self, benchmark: str) -> str:
        return f"{self.model.name}-{self.kind}-{self.split}-{self.examples}-{benchmark}"


def write_items(quickstart: Path, large: Path, scratch: Path) -> list[Case]:
    """The splits as they are, and as questions of four choices: the answer and those of the next items."""
    small = quickstart / "model"
    kinds = ("generation", "multipleChoice")
    wanted = [(small, kind, split, 0) for split in ("search", "test") for kind in kinds]
    wanted += [(small, "multipleChoice", "search", EXAMPLES)]
    wanted += [(large, kind, "search", 0) for kind in kinds]
    return [
        Case(
            model=model, kind=kind, split=split, examples=examples,
            folders=[
                write_split(quickstart, scratch / model.name / f"{kind}-{split}-{examples}" / name, kind, split, examples)
                for name in NEW_TOKENS
            ],
        )
        for model, kind, split, examples in wanted
    ]  # fmt: skip


def write_split(quickstart: Path, folder: Path, kind: str, split: str, examples: int) -> Path:
    benchmark = quickstart / "benchmarks" / folder.name
    rows, shown = read_rows(benchmark / f"{split}.jsonl"), read_rows(benchmark / "confirm.jsonl")[:examples]
    before = "".join(f"{one['messages'][0]['content']}: {one['answers'][0]}, " for one in shown)
    for row in rows:
        row["messages"][0]["content"] = before + row["messages"][0]["content"]
    made = rows if kind == "generation" else [choice_of(rows, at) for at in range(len(rows))]
    folder.mkdir(parents=True)
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made), "utf8")
    return folder


def read_rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.open(encoding="utf8")]


def choice_of(rows: list[dict[str, Any]], at: int) -> dict[str, Any]:
    right = rows[at]["answers"][0]
    others = dict.fromkeys(rows[(at + step) % len(rows)]["answers"][0] for step in range(1, len(rows)))
    choices = [other for other in others if other != right][: CHOICES - 1]
    answer = at % CHOICES
    choices.insert(answer, right)
    return {"id": rows[at]["id"], "messages": rows[at]["messages"], "choices": choices, "answer": answer}


def compare(cases: list[Case], rounds: int) -> dict[str, Any]:
    subjects = {case.model: Subject(case.model, "cpu") for case in cases}
    theirs = {model: Harness(model, [case for case in cases if case.model == model]) for model in subjects}
    parameters = {model: parameter_count(model) for model in subjects}
    for subject in subjects.values():
        assert subject.model is not None
    batches = warmed_up(subjects, theirs, cases)
    measured: list[dict[str, Any]] = []
    different = [0 for _ in cases]
    for number in range(rounds):
        for at, case in enumerate(cases):
            harness = theirs[case.model]
            sides = [
                ("ours", partial(ours, subjects[case.model], case)),
                ("lmEval", partial(harness.evaluated, case, batches[at])),
            ]
            found: dict[str, Predictions] = {}
            for name, work in sides if number % 2 == 0 else sides[::-1]:
                with counted_tokens(subjects[case.model].model if name == "ours" else harness.model) as tokens:
                    seconds, cpu_seconds, found[name] = timed(work)
                one = {"case": at, "by": name, "seconds": seconds, "cpuSeconds": cpu_seconds, "tokens": sum(tokens)}
                measured.append({**one, "modelCpuSeconds": harness.model_seconds if name == "lmEval" else cpu_seconds})
                say(f"{number} {case.task(name)}: {seconds:.2f} s, {cpu_seconds:.2f} s of the processor")
            different[at] += differences(found["ours"], found["lmEval"])
    told = [
        {
            "kind": case.kind, "split": case.split, "examples": case.examples, "items": case.items, "parameters": parameters[case.model],
            "theirBatch": batch, "different": count,
        }
        for case, batch, count in zip(cases, batches, different, strict=True)
    ]  # fmt: skip
    return {"rounds": measured, "cases": told, "rows": BATCH_TOKENS // ROW_TOKENS}


def warmed_up(subjects: dict[Path, Subject], theirs: dict[Path, Harness], cases: list[Case]) -> list[int]:
    """Runs every case once by ours and, of the small model, several times by lm-eval; its fastest batch size of each."""
    found: dict[tuple[str, str, int], int] = {}
    theirs[cases[0].model].evaluated(cases[0], THEIR_BATCHES[0])
    for case in cases:
        ours(subjects[case.model], case)
        key = (case.kind, case.split, case.examples)
        if key not in found:
            found[key] = theirs[case.model].fastest_batch(case)
    return [found[case.kind, case.split, case.examples] for case in cases]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def differences(left: Predictions, right: Predictions) -> int:
    return sum(one != other for task in left for one, other in zip(left[task], right[task], strict=True))


@contextlib.contextmanager
def counted_tokens(model: Any) -> Iterator[list[int]]:
    """What is run through the model, pass by pass, padding included."""
    tokens: list[int] = []
    hook = model.get_input_embeddings().register_forward_pre_hook(lambda _, given: tokens.append(given[0].numel()))
    try:
        yield tokens
    finally:
        hook.remove()


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


class Harness:
    """lm-eval over the same files; the model and the index of tasks are loaded once."""

    def __init__(self, model: Path, cases: list[Case]) -> None:
        from lm_eval.models.huggingface import HFLM
        from lm_eval.tasks import TaskManager

        self.model_seconds = 0.0
        """Of the processor, in HFLM's own methods during the last evaluation."""
        tasks = cases[0].folders[0].parents[1] / "tasks"
        tasks.mkdir()
        for case in cases:
            for folder in case.folders:
                self._write_task(tasks, case, folder)
        self._manager = TaskManager(include_path=str(tasks), include_defaults=False)
        self._lm = HFLM(pretrained=str(model), batch_size=THEIR_BATCHES[0], device="cpu", dtype="float32")
        self.model = self._lm.model
        for name in ("generate_until", "loglikelihood"):
            setattr(self._lm, name, partial(self._counted, getattr(self._lm, name)))

    def fastest_batch(self, case: Case) -> int:
        """The size that takes it the least processor time."""
        seconds = {batch: timed(partial(self.evaluated, case, batch))[1] for batch in THEIR_BATCHES}
        say(f"{case.task('lmEval')} by batch size: {seconds}")
        return min(seconds, key=lambda batch: seconds[batch])

    def evaluated(self, case: Case, batch: int) -> Predictions:
        from lm_eval import simple_evaluate

        names = {name: case.task(name) for name in NEW_TOKENS}
        self._lm.batch_size_per_gpu, self.model_seconds = batch, 0.0
        with contextlib.redirect_stderr(io.StringIO()):
            end = simple_evaluate(
                model=self._lm, tasks=list(names.values()), task_manager=self._manager, apply_chat_template=True,
                bootstrap_iters=0, log_samples=True,
            )  # fmt: skip
        return {name: [prediction(case.kind, one) for one in end["samples"][task]] for name, task in names.items()}

    def _counted(self, method: Callable[..., Any], *given: Any, **named: Any) -> Any:
        began = time.process_time()
        found = method(*given, **named)
        self.model_seconds += time.process_time() - began
        return found

    @staticmethod
    def _write_task(tasks: Path, case: Case, folder: Path) -> None:
        body, task = TASK + (GENERATED if case.kind == "generation" else CHOSEN), case.task(folder.name)
        text = body.format(task=task, file=folder / "items.jsonl", tokens=NEW_TOKENS[folder.name])
        (tasks / f"{task}.yaml").write_text(text, "utf8")


def prediction(kind: str, sample: dict[str, Any]) -> str:
    if kind == "generation":
        return str(sample["resps"][0][0])
    values = [float(one[0][0]) for one in sample["resps"]]
    return str(sample["doc"]["choices"][values.index(max(values))])


if __name__ == "__main__":
    main()
