"""The state of an optimizer whose weights are in shards, in the form that one without shards has: any layout goes on with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch.distributed.tensor import DTensor, distribute_tensor

from lamdagent_gpu.train.shards import whole_of

State = dict[str, Any]


def gathered_state(optimizer: Any) -> State:
    """Whole tensors on rank 0's CPU; the other ranks have to ask too, and get what is of no use."""
    state = optimizer.state_dict()
    kept = {
        place: {name: whole_of(value) if isinstance(value, torch.Tensor) else value for name, value in one.items()}
        for place, one in state["state"].items()
    }
    return {**state, "state": kept}


def load_state(optimizer: Any, file: Path) -> None:
    """Each rank reads its own part of a gathered state."""
    state: State = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    optimizer.load_state_dict(
        {
            **state,
            "state": {
                place: {name: shard_of(value, weights[place]) for name, value in one.items()}
                for place, one in state["state"].items()
            },
        }
    )


def shard_of(value: Any, weight: Any) -> Any:
    """This rank's part of a tensor of the weight's shape; the value itself where it has another."""
    if not isinstance(value, torch.Tensor) or not isinstance(weight, DTensor) or value.shape != weight.shape:
        return value
    part = distribute_tensor(value, weight.device_mesh, weight.placements, src_data_rank=None)
    return part.clone()  # else it is a view, which keeps the whole
