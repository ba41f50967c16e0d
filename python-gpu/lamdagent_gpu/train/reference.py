"""Log-probabilities of a frozen reference: computed once, for what a training will see, and kept with its checkpoints.

The reference is the input model, which is at hand before the first step; so no second model is kept. Trainings that compute
the same share the table: the same token ids in the same batches, through the same weights, on the same device. A batch's
width and size decide about rounding, so rows are not kept one by one: what a training learns never depends on what other
trainings left behind. A training that sees every row once has the same batches under any seed, rate or number of steps.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file, save_file

from lamdagent_gpu.checkpoint import library_versions
from lamdagent_gpu.context import JobContext
from lamdagent_gpu.reuse import Reuse, digest_of, files_of
from lamdagent_gpu.train.output_layer import labelled_positions_alone
from lamdagent_gpu.train.shards import is_sharded
from lamdagent_gpu.train.together import of_first_rank

REFERENCE_FILE = "reference.safetensors"
Columns = dict[str, torch.Tensor]
Seen = TypeVar("Seen")


def reference_table(
    context: JobContext, model: Any, resume: Path | None, *, names: Sequence[str], rows: Sequence[Seen], batch_size: int,
    tokens: Callable[[Seen], Sequence[Sequence[int]]], compute: Callable[[Sequence[Seen]], Sequence[torch.Tensor]],
) -> Columns:  # fmt: skip
    """By name one value a row, [rows]: those of the checkpoint, else those of another training, else `compute`d.

    `tokens`: the token ids of all that a row is made of; `compute`: for a batch of rows at a time.
    """
    if resume is not None:
        return load_file(resume / REFERENCE_FILE)
    reuse = Reuse.of(context.store)
    key = {
        "of": list(names),
        "model": files_of(context.store, context.inputs("model")[0]),
        "tokens": digest_of(ids for row in rows for ids in tokens(row)),
        "rows": len(rows),
        "batchSize": batch_size,
        "maxLength": context.parameters["maxLength"],
        "arithmetic": arithmetic_of(model),
        "libraries": library_versions(),
    }
    kept = reuse.read(key)
    if is_sharded(model):
        kept = of_first_rank(kept)  # else a rank may find what the others, who need it to compute, do not
    if kept is not None:
        return kept
    found: list[list[torch.Tensor]] = []
    for start in range(0, len(rows), batch_size):
        context.stop_if_asked()
        with labelled_positions_alone():
            found.append([column.float().cpu() for column in compute(rows[start : start + batch_size])])
    table = {name: torch.cat(column).contiguous() for name, column in zip(names, zip(*found, strict=True), strict=True)}
    reuse.write(key, table)
    return table


def arithmetic_of(model: Any) -> dict[str, Any]:
    """What decides about rounding beside the batches: precision, processor, threads."""
    device: torch.device = model.device
    on_cuda = device.type == "cuda"
    processor = torch.cuda.get_device_name(device) if on_cuda else torch.backends.cpu.get_cpu_capability()
    adapters = getattr(model, "peft_config", None)
    return {
        "dtype": str(next(model.parameters()).dtype),
        "positions": "labelled",
        "adapters": adapters is not None,
        "attention": str(getattr(model.config, "_attn_implementation", None)),
        "device": [device.type, platform.machine(), processor],
        "threads": torch.get_num_threads(),
    }


def unhashed(_: Any) -> str:
    """In place of TRL's hash of all weights, the key of a table that is never looked up here: it cannot read shards."""
    return ""


def save_reference(table: Columns, folder: Path) -> None:
    save_file(table, folder / REFERENCE_FILE)
