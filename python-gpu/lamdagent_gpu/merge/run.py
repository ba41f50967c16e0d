"""One merge job: everything is checked from headers first, then tensors stream through the method into one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from lamdagent_gpu import failpoints
from lamdagent_gpu.context import Diverged, JobContext, Rejected, TrainResult
from lamdagent_gpu.foreign import check_model_folder
from lamdagent_gpu.merge.checks import check_configurations, fitting_headers
from lamdagent_gpu.merge.draws import Draws
from lamdagent_gpu.merge.layers import depths
from lamdagent_gpu.merge.method import Facts, Setting, Tensor, pieces_of, spans
from lamdagent_gpu.merge.outputs import Outputs, blended, stacked, the_stem
from lamdagent_gpu.merge.passthrough import stacked_layers
from lamdagent_gpu.merge.settings import Settings, checked_settings
from lamdagent_gpu.merge.side_files import copy_side_files, name_dtype, name_layers
from lamdagent_gpu.merge.tensors import FLOATS, FileSource, Headers, Joined, TensorReader, TensorWriter
from lamdagent_gpu.merge.vocabulary import check_vocabularies
from lamdagent_gpu.store import Store
from lamdagent_gpu.weights import TensorEntry, tensor_entries, weights_sha256


@dataclass(frozen=True, kw_only=True)
class Merge:
    """A checked merge, its models in the order in which they are summed."""

    settings: Settings
    outputs: Outputs
    depths: Mapping[str, float]
    contents: Sequence[str]
    """SHA-256 of each model's weights, of methods that draw."""
    seed: str


@dataclass(frozen=True, kw_only=True)
class Streams:
    reader: TensorReader
    writer: TensorWriter


def run_merge(context: JobContext) -> TrainResult:
    """Merges the stage's models into `model.safetensors`, with the first model's configuration and tokenizer.

    Where the order of models means nothing, sums run in the order of their ids, so that the order given never changes
    a bit of the weights. Memory: a few pieces of fixed size (`method.PIECE`); methods that trim also hold about 4 % of
    the largest tensor's deltas. No more threads than the process has: on two cores more of them gained nothing.

    Raises:
        Rejected: the models or settings don't fit together; the message names the tensor, key or file.
        Diverged: a merged weight is not finite.
        Preempted: asked to stop; a merge starts over, it is cheap.
    """
    models = context.inputs("models")
    settings = checked_settings(context.parameters, len(models))
    method = settings.method
    ids = [*models, *(context.inputs("base")[:1] if method.needs_base else [])]
    names = [stage_id[:8] for stage_id in models] + (["base"] if method.needs_base else [])
    folders = [context.store.open(stage_id) for stage_id in ids]
    for folder in folders:
        check_model_folder(folder)
    check_configurations(names, folders)
    check_vocabularies(names, folders)
    headers = fitting_headers(names, [read_headers(*pair) for pair in zip(names, folders, strict=True)])
    order = list(range(len(models)))
    if not method.ordered:
        order.sort(key=lambda index: models[index])
    outputs = outputs_of(settings, [headers[index] for index in order], headers)
    merge = Merge(
        settings=replace(settings, weights=[settings.weights[index] for index in order]),
        outputs=outputs,
        depths=depths(outputs),
        contents=[content_of(context.store, models[index]) for index in order] if method.draws else [],
        seed=context.build.stage.seed,
    )
    copy_side_files(folders[0], context.output_folder)
    name_dtype(context.output_folder / "config.json", merge.outputs)
    if method.stacks:
        layers = stacked_layers(len(models), the_stem(headers[0])[1], settings.at("", 0)["share"])
        name_layers(context.output_folder / "config.json", folders, layers)
    write_merged(context, merge)
    return TrainResult(steps=0, metrics={"tensors": float(len(merge.outputs))})


def read_headers(name: str, folder: Path) -> Headers:
    try:
        return tensor_entries(folder)
    except (ValueError, KeyError, TypeError) as error:
        raise Rejected(f"model {name}: {error}") from None


def outputs_of(settings: Settings, models: Sequence[Headers], headers: Sequence[Headers]) -> Outputs:
    """`models` in the order of sums; `headers` as given, the base at the end where there is one."""
    if settings.method.stacks:
        return stacked(models, settings.at("", 0)["share"])
    base = headers[-1] if settings.method.needs_base else None
    return blended(models, base, base or headers[0])


def content_of(store: Store, stage_id: str) -> str:
    """SHA-256 of the model's weights: noted when it was published, else made anew."""
    manifest = store.manifest(stage_id)
    noted = manifest.result.get("weightsSha256") if manifest else None
    return str(noted) if noted else weights_sha256(store.open(stage_id))


def write_merged(context: JobContext, merge: Merge) -> None:
    likes = {name: output.like for name, output in merge.outputs.items()}
    with TensorReader() as reader, TensorWriter(context.output_folder / "model.safetensors", likes) as writer:
        streams = Streams(reader=reader, writer=writer)
        vectors = vector_facts(merge, reader)
        for done, name in enumerate(writer.names):
            context.progress("merging", done, len(writer.names))
            context.stop_if_asked()
            failpoints.reach("merge/writing")
            if likes[name].dtype in FLOATS:
                merge_tensor(context, merge, streams, name, vectors)
            else:
                copy_tensor(streams, merge.outputs[name].models)
        context.progress("merging", len(writer.names), len(writer.names))


def vector_facts(merge: Merge, reader: TensorReader) -> Facts | None:
    """What the survey finds in whole task vectors, the same for every tensor; None: tensors are surveyed one by one."""
    settings = merge.settings
    survey = settings.method.survey
    if survey is None or not settings.surveys_vectors:
        return None
    floats = [output for output in merge.outputs.values() if output.like.dtype in FLOATS]
    joined = Joined([FileSource(reader, output.models, output.base) for output in floats])
    return survey(joined, Setting(weights=settings.weights, parameters=settings.at("", 0)))


def merge_tensor(context: JobContext, merge: Merge, streams: Streams, name: str, vectors: Facts | None) -> None:
    """Streams one tensor: float32 inside, cast once to the output's dtype."""
    output, method = merge.outputs[name], merge.settings.method
    source = FileSource(streams.reader, output.models, output.base)
    setting = Setting(
        weights=merge.settings.weights,
        parameters=merge.settings.at(name, merge.depths[name]),
        draws=[Draws(merge.seed, content, name) for content in merge.contents],
    )
    if method.survey:
        setting = replace(setting, facts=method.survey(source, setting) if vectors is None else vectors)
    dtype = FLOATS[output.like.dtype]
    for start, count in pieces_of(source, by_rows=method.by_rows):
        context.stop_if_asked()
        merged = method.blend(source.read(start, count), setting)
        check_finite(name, merged, dtype)
        streams.writer.append(merged.to(dtype))


def check_finite(name: str, merged: Tensor, dtype: torch.dtype) -> None:
    """The extremes decide for all: rounding keeps the order, and NaN is its own extreme."""
    extremes = torch.stack(torch.aminmax(merged))
    if not bool(torch.isfinite(extremes.to(dtype)).all()):
        low, high = extremes.tolist()
        raise Diverged(
            f"tensor {name}: expected finite merged weights within {dtype}, got NaN or infinity ({low} to {high})"
        )


def copy_tensor(streams: Streams, entries: Sequence[TensorEntry]) -> None:
    """Integers are not merged: they must be equal in every model."""
    first, *others = entries
    for start, count in spans(first.end - first.begin):
        parts = [np.empty(count, np.uint8) for _ in entries]
        for entry, part in zip(entries, parts, strict=True):
            streams.reader.read_bytes(entry, start, part)
        for entry, part in zip(others, parts[1:], strict=True):
            if not np.array_equal(part, parts[0]):
                raise Rejected(
                    f"tensor {entry.name}: expected equal {entry.dtype} values in every model, got others in "
                    f"{entry.file.parent.name[:8]}. Integer tensors cannot be merged."
                )
        streams.writer.append(torch.from_numpy(parts[0]))
