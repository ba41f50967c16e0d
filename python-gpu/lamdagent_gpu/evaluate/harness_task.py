"""A task of lm-eval, found and read: its documents, divided among the splits.

A task of the user's own is a folder with a YAML file. Its templates and functions are run by lm-eval without a sandbox,
so only where the worker allows programs of benchmarks; nothing of it is fetched from elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate.command import ALLOWED
from lamdagent_gpu.evaluate.kind import Facts

HARNESS = "0.4.13"
"""The version of lm-eval that this package knows."""
INSTALL = "pip install --no-deps -r python-gpu/requirements-lm-eval.txt"
FEWSHOT_SEED = 1234
"""lm-eval's own, for the choice of examples."""


@dataclass(frozen=True)
class Document:
    """One of the task's evaluation documents."""

    task: Any
    """lm_eval.api.task.Task, the same one for all documents of a split."""
    index: int
    """Its place among the task's evaluation documents, from 0: its id."""
    sha256: str
    """Of its JSON with sorted keys."""
    scratch: TemporaryDirectory[str]
    """Where the data of a task of the user's own lies as tables; gone with the last document."""


def read_task(folder: Path, facts: Facts) -> list[Document]:
    """The documents of a split, in the task's order. Raises Rejected, with what lm-eval says."""
    require_harness(facts)
    scratch = TemporaryDirectory(prefix="lamdagent-task-")
    try:
        with quiet_imports():
            task = load_task(folder, facts, scratch.name)
            documents = list(task.eval_docs)
    except Rejected:
        raise
    except Exception as error:  # tasks run code of others
        raise Rejected(
            f"lm-eval task {facts['task']}: expected a task that loads offline, got {error!r}. Data of the hub must be in the "
            "Hugging Face cache of the worker's machine (docs/evaluation.md)."
        ) from None
    hashes = [sha256_of_document(one) for one in documents]
    return [Document(task, index, hashes[index], scratch) for index in places_of_split(hashes, facts)]


def require_harness(facts: Facts) -> None:
    try:
        found = version("lm_eval")
    except PackageNotFoundError:
        found = "none"
    if found != HARNESS:
        raise Rejected(
            f"lm-eval task {facts['task']}: expected a GPU worker with lm-eval {HARNESS}, got {found}. On it: {INSTALL}"
        )
    if facts["files"] and os.environ.get(ALLOWED) != "1":
        raise Rejected(
            f"lm-eval task {facts['task']}: expected a GPU worker that was started with {ALLOWED}=1, got one without. A task "
            "of your own can do all that the worker's user can; allow it where you trust who writes specs."
        )


@contextmanager
def quiet_imports() -> Iterator[None]:
    """Objects of the store stay as they are: no compiled Python beside a task's files."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def load_task(folder: Path, facts: Facts, scratch: str) -> Any:
    name = facts["task"]
    manager = local_tasks(folder, facts) if facts["files"] else library_tasks()
    entry = manager.task_index.get(name)
    if entry is None:
        near = get_close_matches(name, manager.all_subtasks, n=5) or manager.all_subtasks
        raise Rejected(f"lm-eval task: expected one that there is, such as {shown(near)}, got {name}")
    if name not in manager.all_subtasks:
        raise Rejected(f"lm-eval task {name}: expected a single task, got a group or tag. Name its tasks one by one.")
    (task,) = manager.load([configured(entry, folder, facts, scratch) if facts["files"] else name])["tasks"].values()
    if getattr(task, "UNSAFE_CODE", False) or getattr(task, "MULTIMODAL", False):
        raise Rejected(f"lm-eval task {name}: expected a task of text that runs no generated code, got another")
    if facts["fewshot"] is not None:
        task.set_config("num_fewshot", facts["fewshot"])
    elif task.config.num_fewshot is None:
        task.set_config("num_fewshot", 0)
    task.set_fewshot_seed(FEWSHOT_SEED)
    return task


@lru_cache(maxsize=1)
def library_tasks() -> Any:
    """lm-eval's own tasks; reading their index takes seconds."""
    from lm_eval.tasks import TaskManager

    return TaskManager()


def local_tasks(folder: Path, facts: Facts) -> Any:
    from lm_eval.tasks import TaskManager

    return TaskManager(include_path=str(folder), include_defaults=False)


def configured(entry: Any, folder: Path, facts: Facts, scratch: str) -> dict[str, Any]:
    """The task's YAML with the paths of its data files, and of the place for what is made of them."""
    from lm_eval.tasks._yaml_loader import load_yaml

    config: dict[str, Any] = load_yaml(entry.yaml_path)
    settings = dict(config.get("dataset_kwargs") or {})
    if "data_files" in settings:
        settings |= {"data_files": placed(settings["data_files"], folder, facts), "cache_dir": scratch}
    return {**config, "dataset_kwargs": settings}


def placed(value: Any, folder: Path, facts: Facts) -> Any:
    """`data_files` of any form, with each name made a path inside the folder."""
    if isinstance(value, dict):
        return {key: placed(one, folder, facts) for key, one in value.items()}
    if isinstance(value, list):
        return [placed(one, folder, facts) for one in value]
    if value not in facts["files"]:
        raise Rejected(
            f"lm-eval task {facts['task']}: expected data_files among the benchmark's files, {shown(facts['files'])}, "
            f"got {value!r}"
        )
    return str(folder / value)


def places_of_split(hashes: list[str], facts: Facts) -> list[int]:
    """Places of the split's documents, in order. Documents are drawn without replacement, in the order of a hash of
    the seed and their content; one that stands several times counts once, so that no two splits share a question."""
    first = {sha256: at for at, sha256 in reversed(list(enumerate(hashes)))}
    if len(first) < facts["total"]:
        raise Rejected(
            f"lm-eval task {facts['task']}: expected at least {facts['total']} different documents, as many as items of "
            f"search, confirm and test together, got {len(first)}"
        )
    drawn = sorted(first, key=lambda sha256: hashlib.sha256(f"{facts['seed']}/{sha256}".encode()).digest())
    return sorted(first[sha256] for sha256 in drawn[facts["first"] : facts["first"] + facts["items"]])


def sha256_of_document(document: Any) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()


def shown(names: list[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
