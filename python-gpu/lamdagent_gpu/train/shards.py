"""A model in shards: each device of a training holds its part of every weight, and all of a layer only while it computes it.

torch's `fully_shard` (FSDP, Zhao et al. 2023, arXiv 2304.11277). Each layer is a unit. What stands outside the layers is one
more, whole from the beginning of a forward pass to the end of the backward pass: tied weights stay one weight there, and
TRL's fused output layer finds its own whole. All ranks have to call such a model together.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from torch import distributed
from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.foreign import check_model_folder
from lamdagent_gpu.train.model import compute_dtype, computes_in_bfloat16, load_model, read_model
from lamdagent_gpu.train.together import of_first_rank

Weights = dict[str, torch.Tensor]


def load_shards(
    folder: Path, device: str, dtype: torch.dtype, *, scores: bool = False, adapted: bool = False, frozen: bool = False
) -> Any:
    """The folder's model, read by rank 0 into this machine's memory and dealt out from there, a weight at a time.

    Args:
        adapted: adapters are to be trained beside the weights, which are frozen.
        frozen: nothing is trained.

    Raises:
        Rejected: the folder is refused, or the model does not say what its layers are.
    """
    check_model_folder(folder)
    first = distributed.get_rank() == 0
    whole = read_model(folder, dtype, scores=scores) if first else None
    model = read_model(folder, dtype, scores=scores, device_map="meta")
    if adapted or frozen:
        # Adapters come later, but a unit remembers what was trained when it was first whole.
        model.requires_grad_(False)
    divide(model, device, apart=head_of(model) if adapted and scores else None, frozen=frozen)
    deal(model, {} if whole is None else whole.state_dict())
    buffers = of_first_rank({} if whole is None else dict(whole.named_buffers()))
    for name, buffer in [*model.named_buffers()]:
        if buffer.is_meta:
            place, _, own = name.rpartition(".")
            model.get_submodule(place).register_buffer(own, buffers[name].to(device_of(device)), persistent=False)
    torch.set_rng_state(of_first_rank(torch.get_rng_state()))  # rank 0 may have drawn weights that the folder lacks
    return model


def load_beside(model: Any, folder: Path, device: str) -> Any:
    """Another model, that is not trained: in shards where the trained one is."""
    if not is_sharded(model):
        return load_model(folder, device).eval().requires_grad_(False)
    return load_shards(folder, device, compute_dtype(device), frozen=True).eval()


def divide(model: Any, device: str, *, apart: torch.nn.Module | None, frozen: bool) -> None:
    """Each layer over all ranks, then the rest but `apart`, which each rank keeps whole. Gradients are added in float32.

    Where products are autocast to bfloat16, a layer's matrices are gathered as autocast would round them. Autocast's own
    copies would stay until the backward pass: the whole model on every device.
    """
    mesh = init_device_mesh(device, (distributed.get_world_size(),))
    exact = MixedPrecisionPolicy(reduce_dtype=torch.float32, cast_forward_inputs=False)
    rounds = computes_in_bfloat16(device) and model.dtype == torch.float32
    rounded = replace(exact, param_dtype=torch.bfloat16) if rounds else exact
    for layer in layers_of(model):
        if rounds and (vectors := vectors_of(layer)):
            fully_shard(vectors, mesh=mesh, mp_policy=exact)
        fully_shard(layer, mesh=mesh, mp_policy=rounded)
    ignored = None if apart is None else set(apart.parameters())
    # No backward pass will need the rest of a frozen model at once again.
    fully_shard(model, mesh=mesh, mp_policy=exact, ignored_params=ignored, reshard_after_forward=frozen or None)
    model.set_reduce_scatter_unused_params(True)  # what one rank did not use, such as an expert, another may have
    model._is_distributed_loading_by_transformers = True  # so that its trainer neither moves nor wraps the model


def vectors_of(layer: torch.nn.Module) -> list[torch.nn.Module]:
    """The layer's modules whose own weights are vectors, norms above all: autocast leaves them in float32."""
    return [module for module in layer.modules() if not [*module.children()] and has_vectors(module)]


def has_vectors(module: torch.nn.Module) -> bool:
    own = [*module.parameters()]
    return bool(own) and all(weight.dim() < 2 for weight in own)


def layers_of(model: Any) -> list[torch.nn.Module]:
    """As the model's own class names them, inner ones first."""
    names = set(model._no_split_modules or ())
    found = [module for module in model.modules() if type(module).__name__ in names]
    if not found:
        raise Rejected(
            f"sharding: expected a model that names its layers, got {type(model).__name__}, which does not. "
            "Use a worker with --shard never, or with larger devices."
        )
    return found[::-1]


def head_of(model: Any) -> torch.nn.Module | None:
    """What scores a sequence. Adapters keep a copy of it, and that is what is trained."""
    head = getattr(model, "score", None)
    return head if isinstance(head, torch.nn.Module) else None


def device_of(device: str) -> torch.device:
    return torch.device(device, torch.cuda.current_device()) if device == "cuda" else torch.device(device)


def deal(model: Any, whole: Mapping[str, torch.Tensor]) -> None:
    """Gives the model the weights that rank 0 has."""
    put_away(model)
    options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True, strict=False)
    set_model_state_dict(model, dict(whole), options=options)
    model.tie_weights()


def is_sharded(model: Any) -> bool:
    """Whether all ranks have to call the model together."""
    return any(isinstance(module, FSDPModule) for module in model.modules())


def trains_shards(model: Any) -> bool:
    """Whether what is trained is in shards: adapters are not, and are the same on all ranks."""
    return is_sharded(model) and not hasattr(model, "merge_and_unload")


def put_away(model: Any) -> None:
    """Leaves each rank with its shards alone: what computed without a backward pass keeps the outer unit whole."""
    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


def gathered(model: Any) -> Weights:
    """All weights, on rank 0's CPU; tied ones once. Nothing on the other ranks, which have to ask too."""
    once = {name for name, _ in model.named_parameters()}
    every = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    state = model.state_dict()
    found = {name: whole_of(value) for name, value in state.items() if name in once or name not in every}
    return {name: value for name, value in found.items() if value is not None}


def whole_of(value: torch.Tensor) -> torch.Tensor | None:
    """On rank 0's CPU. All ranks have to ask."""
    full = value.full_tensor() if isinstance(value, DTensor) else value
    return full.detach().cpu() if distributed.get_rank() == 0 else None


def whole_model(model: Any, folder: Path) -> Any:
    """The trained model without shards, on rank 0's CPU: with the weights of the folder where only adapters were trained.

    None on the other ranks, which have to ask too.
    """
    scores = head_of(model) is not None
    if hasattr(model, "merge_and_unload"):
        if distributed.get_rank() > 0:
            return None
        (config,) = model.peft_config.values()
        whole = get_peft_model(read_model(folder, model.dtype, scores=scores), copy.deepcopy(config))
        set_peft_model_state_dict(whole, get_peft_model_state_dict(model, save_embedding_layers=False))
        return whole
    weights = gathered(model)
    if distributed.get_rank() > 0:
        return None
    whole = read_model(folder, model.dtype, scores=scores)
    assert {name for name, _ in whole.named_parameters()} <= set(weights)
    whole.load_state_dict(weights, strict=False, assign=True)
    whole.tie_weights()
    return whole
