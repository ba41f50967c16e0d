"""The least memory that a training can do with, known before its model is loaded: what cannot fit costs no GPU time.

A floor, not a forecast: a training above the device's memory is impossible, one below it may still be too large, and then
finds out with smaller and smaller micro-batches.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, prod
from pathlib import Path
from typing import Any

import torch

from lamdagent_gpu.context import JobContext, OutOfMemory
from lamdagent_gpu.merge.layers import layered
from lamdagent_gpu.train.model import ADAPTED
from lamdagent_gpu.train.quantized import BYTES_PER_WEIGHT
from lamdagent_gpu.weights import TensorEntry, tensor_entries

MOMENTS = 2
"""AdamW's, each of the trained weights' precision."""
LAYER_VALUES = 6
"""Hidden vectors that one layer keeps of a token for the backward pass, at the least: inputs and outputs of both norms, the
query and the attention's result. Keys, values and the MLP, whose widths differ from model to model, come on top
(Korthikanti et al. 2022, arXiv 2205.05198, eq. 1, counts 17 with an MLP of four times the width)."""
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
GB = 1e9


@dataclass(frozen=True, kw_only=True)
class MemoryFloor:
    """Bytes."""

    weights: int
    gradients: int
    moments: int
    gathered: int = 0
    """Of a model in shards: what each device has whole at a time."""
    activations: int = 0

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.moments + self.gathered + self.activations

    def __str__(self) -> str:
        state = (("weights", self.weights), ("gradients", self.gradients), ("AdamW", self.moments))
        passing = (("gathered", self.gathered), ("activations", self.activations))
        listed = [f"{size / GB:.2f} {name}" for name, size in (*state, *passing) if size]
        return f"{self.total / GB:.2f} GB ({', '.join(listed)})"


def floor_of(
    folder: Path, *, dtype: torch.dtype, lora_rank: int | None, partial: bool = False, quantized: bool = False,
    shards: int = 1,
) -> MemoryFloor:  # fmt: skip
    """Of training the folder's model in `dtype`, activations apart.

    Args:
        lora_rank: None for full fine-tuning; else only adapters are trained, float32 factors of every linear layer.
        partial: some of the weights are frozen, so nothing is said of gradients and moments.
        quantized: the linear layers are held in 4 bits.
        shards: devices that the model is divided over; adapters are whole on each.
    """
    entries = tensor_entries(folder).values()
    packed = sum(prod(entry.shape) for entry in entries if is_linear(entry)) if quantized else 0
    whole = sum(prod(entry.shape) for entry in entries) - packed
    weights = ceil((whole * dtype.itemsize + int(packed * BYTES_PER_WEIGHT)) / shards)
    adapters = 0 if lora_rank is None else adapter_parameters(entries, lora_rank) * torch.float32.itemsize
    trained = 0 if partial else weights if lora_rank is None else adapters
    copies = 1 if partial or lora_rank is not None else 2  # the weights, and their gradients
    gathered = copies * gathered_bytes(entries, dtype) if shards > 1 else 0
    return MemoryFloor(weights=weights + adapters, gradients=trained, moments=MOMENTS * trained, gathered=gathered)


def gathered_bytes(entries: Iterable[TensorEntry], dtype: torch.dtype) -> int:
    """Of what is whole at a time in a model in shards: what stands outside the layers, and the largest layer in bfloat16."""
    sizes: dict[object, int] = {}
    for entry in entries:
        place = layered(entry.name)
        unit = None if place is None else (place.stem, place.index)
        sizes[unit] = sizes.get(unit, 0) + prod(entry.shape)
    return sizes.pop(None, 0) * dtype.itemsize + max(sizes.values(), default=0) * torch.bfloat16.itemsize


def floor_for(context: JobContext, folder: Path, dtype: torch.dtype, shards: int = 1) -> MemoryFloor:
    """Of the stage's training of the folder's model."""
    tuning = context.parameters["tuning"]
    return floor_of(
        folder, dtype=dtype, lora_rank=context.parameters["loraRank"] if tuning in ADAPTED else None,
        partial=is_partial(context), quantized=tuning == "qlora", shards=shards,
    )  # fmt: skip


def is_partial(context: JobContext) -> bool:
    """Some weights are frozen, so gradients, moments and activations of the lower layers may be few."""
    return bool(context.parameters.get("freeze", "none") != "none")


def adapter_parameters(entries: Iterable[TensorEntry], rank: int) -> int:
    """Of LoRA on all linear layers: rank x (inputs + outputs) each. Embeddings and output layer have none."""
    return sum(rank * sum(entry.shape) for entry in entries if is_linear(entry))


def is_linear(entry: TensorEntry) -> bool:
    """The weight of a linear layer that has adapters, and that can be quantised."""
    return len(entry.shape) == 2 and ".layers." in entry.name


def activations_of(config: Any, *, tokens: int, itemsize: int) -> int:
    """Bytes that a sequence of so many tokens leaves for the backward pass, at the least; 0 for unknown configurations."""
    text = getattr(config, "text_config", config)
    hidden, layers = getattr(text, "hidden_size", None), getattr(text, "num_hidden_layers", None)
    if not isinstance(hidden, int) or not isinstance(layers, int):
        return 0
    return tokens * LAYER_VALUES * hidden * layers * itemsize


def device_bytes(device: str) -> int | None:
    """Memory that a process can have at the most; None where nobody tells. The CPU's: this machine's, or its container's."""
    if device == "cuda":
        return int(torch.cuda.get_device_properties(0).total_memory)
    if device == "mps":
        return int(torch.mps.recommended_max_memory())
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")] if hasattr(os, "sysconf") else []
    if CGROUP_LIMIT.is_file() and (text := CGROUP_LIMIT.read_text("utf8").strip()).isdecimal():
        limits.append(int(text))
    return min(limits, default=None)


def require_room(floor: MemoryFloor, *, available: int | None, device: str) -> None:
    """Raises OutOfMemory where not even the floor fits."""
    if available is not None and floor.total > available:
        raise OutOfMemory(
            f"memory: expected at most the {available / GB:.2f} GB of {device}, got at least {floor}. "
            "Use tuning: lora or qlora, shorter sequences (maxLength), a smaller model, or a larger device."
        )
