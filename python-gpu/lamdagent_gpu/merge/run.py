"""One merge job: headers are compared first, then tensors stream through the method into the output file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import torch

from lamdagent_gpu.context import Diverged, JobContext, Rejected, TrainResult
from lamdagent_gpu.merge.method import MergeMethod
from lamdagent_gpu.merge.registry import METHODS
from lamdagent_gpu.merge.tensors import Headers, check_headers, read_tensor, write_tensors
from lamdagent_gpu.weights import tensor_entries


def run_merge(context: JobContext) -> TrainResult:
    """Merges the stage's models; the output has the first model's configuration, tokenizer and dtypes.

    Raises:
        Rejected: the models don't fit together; the message names the tensor or file.
        Diverged: a merged weight is not finite.
        Preempted: asked to stop; a merge starts over, it is cheap.
    """
    method = METHODS.get(context.parameters["method"])
    if method is None:
        raise Rejected(f"merge method: expected one of {sorted(METHODS)}, got {context.parameters['method']}")
    ids = context.inputs("models")
    folders = [context.store.open(stage_id) for stage_id in ids]
    base = context.store.open(context.inputs("base")[0]) if method.needs_base else None
    names = [stage_id[:8] for stage_id in ids] + (["base"] if base else [])
    headers = [tensor_entries(folder) for folder in [*folders, *([base] if base else [])]]
    check_headers(names, headers)
    check_vocabularies(names, [*folders, *([base] if base else [])])
    copy_side_files(folders[0], context.output_folder)
    merged = merged_tensors(context, method, headers)
    write_tensors(context.output_folder / "model.safetensors", headers[0], merged)
    return TrainResult(steps=0, metrics={"tensors": float(len(headers[0]))})


def merged_tensors(
    context: JobContext, method: MergeMethod, headers: list[Headers]
) -> Iterator[tuple[str, torch.Tensor]]:
    weights = context.parameters["weights"]
    models = headers[: len(weights)]
    base = headers[len(weights)] if method.needs_base else None
    for index, name in enumerate(headers[0]):
        context.stop_if_asked()
        context.progress("merging", index, len(headers[0]))
        origin = read_tensor(base[name]) if base else None
        result = method.merge([read_tensor(model[name]) for model in models], origin, weights, context.parameters)
        if not bool(torch.isfinite(result).all()):
            raise Diverged(f"tensor {name}: expected finite merged weights, got NaN or infinity")
        yield name, result


def check_vocabularies(names: list[str], folders: list[Path]) -> None:
    """Token ids must mean the same in every model."""
    first = vocabulary(folders[0])
    for name, folder in zip(names[1:], folders[1:], strict=True):
        if vocabulary(folder) != first:
            raise Rejected(f"tokenizer.json: expected the vocabulary of {names[0]}, got another in {name}")


def vocabulary(folder: Path) -> object:
    path = folder / "tokenizer.json"
    if not path.is_file():
        return None
    tokenizer = json.loads(path.read_text("utf8"))
    return tokenizer["model"].get("vocab"), tokenizer.get("added_tokens")


def copy_side_files(source: Path, target: Path) -> None:
    """Configuration, tokenizer and chat template; weights, their index and our manifest stay behind."""
    for path in sorted(source.iterdir()):
        skipped = path.suffix == ".safetensors" or path.name in ("manifest.json", "model.safetensors.index.json")
        if path.is_file() and not skipped:
            shutil.copyfile(path, target / path.name)
