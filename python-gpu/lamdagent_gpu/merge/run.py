"""One merge job: everything is checked from headers first, then tensors stream through the method into one file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lamdagent_gpu import failpoints
from lamdagent_gpu.context import Diverged, JobContext, Rejected, TrainResult
from lamdagent_gpu.foreign import check_model_folder
from lamdagent_gpu.merge.checks import check_configurations, fitting_headers, read_json
from lamdagent_gpu.merge.method import MergeMethod, Tensor, spans
from lamdagent_gpu.merge.registry import METHODS
from lamdagent_gpu.merge.tensors import FLOATS, FileSource, Headers, TensorReader, TensorWriter
from lamdagent_gpu.merge.vocabulary import check_vocabularies
from lamdagent_gpu.weights import TensorEntry, tensor_entries

OTHER_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf", ".onnx", ".h5", ".msgpack")


@dataclass(frozen=True, kw_only=True)
class Merge:
    """A checked merge. `reference` gives the output its dtypes: the base, or the first model where there is none."""

    method: MergeMethod
    weights: list[float]
    parameters: dict[str, Any]
    models: list[Headers]
    base: Headers | None
    reference: Headers


def run_merge(context: JobContext) -> TrainResult:
    """Merges the stage's models into `model.safetensors`, with the first model's configuration and tokenizer.

    Sums run over the models in the order of their ids, so that the order given never changes a bit of the weights.
    Memory: a few pieces of fixed size (see `method.PIECE`); TIES also holds about 5 % of the largest tensor's deltas.

    Raises:
        Rejected: the models or settings don't fit together; the message names the tensor, key or file.
        Diverged: a merged weight is not finite.
        Preempted: asked to stop; a merge starts over, it is cheap.
    """
    method, weights = checked_settings(context.parameters, len(context.inputs("models")))
    models = context.inputs("models")
    ids = [*models, *(context.inputs("base")[:1] if method.needs_base else [])]
    names = [stage_id[:8] for stage_id in models] + (["base"] if method.needs_base else [])
    folders = [context.store.open(stage_id) for stage_id in ids]
    for folder in folders:
        check_model_folder(folder)
    check_configurations(names, folders)
    check_vocabularies(names, folders)
    headers = fitting_headers(names, [read_headers(*pair) for pair in zip(names, folders, strict=True)])
    order = sorted(range(len(models)), key=lambda index: models[index])
    merge = Merge(
        method=method,
        weights=[weights[index] for index in order],
        parameters=context.parameters,
        models=[headers[index] for index in order],
        base=headers[-1] if method.needs_base else None,
        reference=headers[-1] if method.needs_base else headers[0],
    )
    copy_side_files(folders[0], context.output_folder)
    name_dtype(context.output_folder / "config.json", merge.reference)
    write_merged(context, merge)
    return TrainResult(steps=0, metrics={"tensors": float(len(headers[0]))})


def checked_settings(parameters: dict[str, Any], models: int) -> tuple[MergeMethod, list[float]]:
    """The method and the weights, once all numbers are in their ranges."""
    method = METHODS.get(parameters["method"])
    if method is None:
        raise Rejected(f"merge method: expected one of {sorted(METHODS)}, got {parameters['method']}")
    weights = parameters["weights"]
    if len(weights) != models or not all(isfinite(weight) for weight in weights):
        raise Rejected(f"weights: expected a finite number for each of {models} models, got {weights}")
    if method.name == "linear" and sum(weights) == 0:
        raise Rejected(f"weights: expected a sum other than 0, got {weights}")
    for parameter in method.parameters:
        value = parameters.get(parameter.name)
        if not parameter.allows(value):
            raise Rejected(f"{parameter.name}: expected {parameter.rule}, got {value}")
    return method, weights


def read_headers(name: str, folder: Path) -> Headers:
    try:
        return tensor_entries(folder)
    except (ValueError, KeyError, TypeError) as error:
        raise Rejected(f"model {name}: {error}") from None


def write_merged(context: JobContext, merge: Merge) -> None:
    with (
        TensorReader() as reader,
        TensorWriter(context.output_folder / "model.safetensors", merge.reference) as writer,
    ):
        for done, name in enumerate(writer.names):
            context.progress("merging", done, len(writer.names))
            context.stop_if_asked()
            failpoints.reach("merge/writing")
            entries = [model[name] for model in merge.models]
            if merge.reference[name].dtype in FLOATS:
                merge_tensor(context, merge, reader, writer, name)
            else:
                copy_tensor(reader, writer, entries)
        context.progress("merging", len(writer.names), len(writer.names))


def merge_tensor(context: JobContext, merge: Merge, reader: TensorReader, writer: TensorWriter, name: str) -> None:
    """Streams one tensor: float32 inside, cast once to the output's dtype."""
    base = merge.base[name] if merge.base else None
    source = FileSource(reader, [model[name] for model in merge.models], base)
    facts = merge.method.survey(source, merge.parameters) if merge.method.survey else ()
    dtype = FLOATS[merge.reference[name].dtype]
    for start, count in spans(source.count):
        context.stop_if_asked()
        models, origin = source.read(start, count)
        merged = merge.method.blend(models, origin, merge.weights, merge.parameters, facts)
        check_finite(name, merged, dtype)
        writer.append(merged.to(dtype))


def check_finite(name: str, merged: Tensor, dtype: torch.dtype) -> None:
    """The extremes decide for all: rounding keeps the order, and NaN is its own extreme."""
    extremes = torch.stack(torch.aminmax(merged))
    if not bool(torch.isfinite(extremes.to(dtype)).all()):
        low, high = extremes.tolist()
        raise Diverged(
            f"tensor {name}: expected finite merged weights within {dtype}, got NaN or infinity ({low} to {high})"
        )


def copy_tensor(reader: TensorReader, writer: TensorWriter, entries: Sequence[TensorEntry]) -> None:
    """Integers are not merged: they must be equal in every model."""
    first, *others = entries
    for start, count in spans(first.end - first.begin):
        parts = [np.empty(count, np.uint8) for _ in entries]
        for entry, part in zip(entries, parts, strict=True):
            reader.read_bytes(entry, start, part)
        for entry, part in zip(others, parts[1:], strict=True):
            if not np.array_equal(part, parts[0]):
                raise Rejected(
                    f"tensor {entry.name}: expected equal {entry.dtype} values in every model, got others in "
                    f"{entry.file.parent.name[:8]}. Integer tensors cannot be merged."
                )
        writer.append(torch.from_numpy(parts[0]))


def copy_side_files(source: Path, target: Path) -> None:
    """Configuration, tokenizer and chat templates; weights in any format, their index and our manifest stay behind."""
    for path in sorted(source.iterdir()):
        skipped = path.suffix in OTHER_WEIGHTS or path.name == "manifest.json" or path.name.endswith(".index.json")
        if path.is_file() and not skipped:
            shutil.copyfile(path, target / path.name)
    templates = source / "additional_chat_templates"
    if templates.is_dir():
        shutil.copytree(templates, target / templates.name)


def name_dtype(path: Path, reference: Headers) -> None:
    """Sets the configuration's dtype to the weights', which differ where the base has another than the models."""
    dtypes = {entry.dtype for entry in reference.values() if entry.dtype in FLOATS}
    config = read_json("the merged model", path)
    key = "torch_dtype" if "torch_dtype" in config else "dtype"
    written = str(FLOATS[dtypes.pop()]).removeprefix("torch.") if len(dtypes) == 1 else None
    if written and config.get(key, written) != written:
        path.write_text(json.dumps({**config, key: written}, indent=2) + "\n", "utf8")
