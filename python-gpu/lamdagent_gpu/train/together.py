"""What the processes of a training on several devices tell each other beside gradients. All of them have to ask."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import distributed

Value = TypeVar("Value")


def of_first_rank(value: Value) -> Value:
    """Rank 0's, for all."""
    held = [value]
    distributed.broadcast_object_list(held, src=0)
    return held[0]


def total_over_ranks(value: torch.Tensor | float, device: torch.device) -> torch.Tensor:
    total = torch.as_tensor(value, device=device).clone()
    distributed.all_reduce(total)
    return total


def average_gradients(weights: Sequence[torch.Tensor]) -> None:
    """Of weights that each rank has whole, over the ranks; a rank that did not use one counts as 0, if another did."""
    used = [float(weight.grad is not None) for weight in weights]
    pieces = [(torch.zeros_like(one) if one.grad is None else one.grad).flatten().float() for one in weights]
    total = torch.cat([*pieces, torch.tensor(used, device=weights[0].device)])
    distributed.all_reduce(total)
    *gradients, users = total.split([*(one.numel() for one in weights), len(weights)])
    for weight, gradient, count in zip(weights, gradients, users.tolist(), strict=True):
        mean = gradient.view(weight.shape).to(weight.dtype) / distributed.get_world_size()
        weight.grad = mean if count else None


def random_states(save: Callable[[str], None]) -> list[bytes]:
    """Each rank's random numbers, by rank. `save` writes this one's into a folder, as one file."""
    with tempfile.TemporaryDirectory() as folder:
        save(folder)
        (file,) = Path(folder).iterdir()
        own = file.read_bytes()
    found: list[bytes] = [b""] * distributed.get_world_size()
    distributed.all_gather_object(found, own)
    return found
