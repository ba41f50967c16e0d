"""Small model folders for merge tests, without transformers: a configuration, a tokenizer, tensors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from conftest import World
from safetensors.torch import load_file, save_file

from lamdagent_gpu.merge import run_merge
from lamdagent_gpu.merge.draws import Draws
from lamdagent_gpu.merge.registry import METHODS

Tensors = Mapping[str, torch.Tensor]
CONFIG: dict[str, Any] = {"model_type": "llama", "num_attention_heads": 2, "dtype": "float32"}
TOKENIZER: dict[str, Any] = {"model": {"vocab": {"a": 0, "b": 1}}, "added_tokens": [{"content": "<e>", "id": 2}]}
SETTINGS: dict[str, dict[str, Any]] = {
    "linear": {},
    "taskArithmetic": {"lambda": 0.7},
    "ties": {"lambda": 0.7, "density": 0.4},
    "dareLinear": {"lambda": 0.7, "density": 0.4},
    "dareTies": {"lambda": 0.7, "density": 0.4},
    "della": {"lambda": 0.7, "density": 0.4, "window": 0.2},
    "breadcrumbs": {"lambda": 0.7, "density": 0.4, "outliers": 0.1},
    "sce": {"lambda": 0.7, "density": 0.4},
    "modelStock": {},
    "slerp": {"t": 0.3},
    "nuslerp": {"t": 0.3, "grain": "row"},
    "karcher": {},
    "passthrough": {"share": 0.75},
}
BLENDS = sorted(name for name, method in METHODS.items() if not method.stacks)


def weights_of(name: str) -> list[float]:
    """For as many models as the method takes of three, different ones where it takes them."""
    method = METHODS[name]
    return ([1.0, 2.0, 0.5] if method.weighted else [1.0, 1.0, 1.0])[: method.most_models]


def whole(
    name: str,
    models: Sequence[torch.Tensor],
    base: torch.Tensor,
    *,
    weights: Sequence[float] | None = None,
    contents: Sequence[str] = ("one", "two", "three", "four", "five"),
    tensor: str = "w",
    **own: Any,
) -> torch.Tensor:
    """The method on whole tensors; random masks by the models' contents."""
    draws = [Draws("1", content, tensor) for content in contents[: len(models)]]
    return METHODS[name].merge(models, base, weights or [1.0] * len(models), {**SETTINGS[name], **own}, draws)


def add_model(
    world: World,
    digit: str,
    tensors: Tensors,
    *,
    config: Mapping[str, Any] = CONFIG,
    tokenizer: Mapping[str, Any] = TOKENIZER,
    shards: Sequence[Sequence[str]] | None = None,
    files: Mapping[str, str] | None = None,
) -> str:
    """Publishes a model whose id is `digit` 64 times; returns the id."""
    folder = world.store.new_folder()
    (folder / "config.json").write_text(json.dumps(config), "utf8")
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf8")
    for name, text in (files or {}).items():
        (folder / name).write_text(text, "utf8")
    for number, names in enumerate(shards or [list(tensors)], 1):
        file = "model.safetensors" if shards is None else f"model-{number:05}-of-{len(shards):05}.safetensors"
        save_file({name: tensors[name].contiguous() for name in names}, folder / file, metadata={"format": "pt"})
    if shards is not None:
        (folder / "model.safetensors.index.json").write_text("{}", "utf8")
    world.store.publish(digit * 64, "model", folder, {})
    return digit * 64


def random_tensors(seed: int, dtype: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    """An embedding, a matrix, a vector, a scalar and an empty tensor."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {"model.embed_tokens.weight": (3, 8), "layer.weight": (7, 5), "norm": (5,), "scale": (), "none": (0, 4)}
    return {name: torch.randn(shape, generator=generator).to(dtype) for name, shape in shapes.items()}


def merge_job(
    world: World,
    models: Sequence[str],
    method: str,
    weights: Sequence[float] | None = None,
    *,
    base: str = "",
    **own: Any,
) -> Any:
    inputs = {"models": list(models), **({"base": [base]} if METHODS[method].needs_base else {})}
    parameters = {"method": method, "weights": list(weights or [1] * len(models)), **SETTINGS[method], **own}
    return world.build_job("merge", parameters, **inputs)


def merge(world: World, *args: Any, **own: Any) -> Path:
    """The folder of the merged model."""
    context = world.context(merge_job(world, *args, **own))
    run_merge(context)
    return context.output_folder


def merged(world: World, *args: Any, **own: Any) -> dict[str, torch.Tensor]:
    return load_file(merge(world, *args, **own) / "model.safetensors")
