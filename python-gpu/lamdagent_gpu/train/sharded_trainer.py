"""What a trainer does otherwise where its model lies in shards. transformers knows such models, but not how to go on with one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.distributed.tensor import DTensor
from transformers import Trainer

from lamdagent_gpu.train.model import read_model
from lamdagent_gpu.train.sharded_state import State, gathered_state, load_state
from lamdagent_gpu.train.shards import Weights, deal, gathered, head_of, put_away, trains_shards
from lamdagent_gpu.train.together import average_gradients

OPTIMIZER_FILE, SCHEDULER_FILE = "optimizer.pt", "scheduler.pt"


class ShardedTrainer(Trainer):
    """Mixed in before a TRL trainer. It saves a whole model, and saves and loads adapters beside shards, as that does."""

    gathered: tuple[Weights, State] | None = None
    """Weights and the optimizer's state at the step at hand, where the ranks hold shards of what is trained."""
    replicated: Sequence[torch.Tensor] = ()
    """What is trained beside shards and whole on each rank: adapters."""

    def create_optimizer(self, *given: Any) -> Any:
        put_away(self.model)
        return super().create_optimizer(*given)

    def gather(self) -> None:
        """To be called by all ranks before rank 0 saves."""
        self.gathered = (gathered(self.model), gathered_state(self.optimizer)) if trains_shards(self.model) else None

    def _sync_replicated_trainable_parameters(self, model: Any) -> None:
        """transformers' own averages gradients in the order they come, with an operation that gloo lacks."""
        self.replicated = [one for one in model.parameters() if one.requires_grad and not isinstance(one, DTensor)]
        for weight in self.replicated:
            distributed.broadcast(weight.data, src=0)

    def _clip_grad_norm(self, model: Any) -> Any:
        if self.replicated:
            average_gradients(self.replicated)
        norm = super()._clip_grad_norm(model)
        return norm.full_tensor() if isinstance(norm, DTensor) else norm

    def _defer_fsdp_gradient_reduction(self) -> Any:
        """Each micro-batch's gradients are added up in shards: whole ones would take the memory that shards save."""
        return nullcontext()

    def _save_optimizer_and_scheduler(self, folder: str) -> None:
        if self.gathered is None:
            super()._save_optimizer_and_scheduler(folder)
            return
        torch.save(self.gathered[1], Path(folder) / OPTIMIZER_FILE)
        torch.save(self.lr_scheduler.state_dict(), Path(folder) / SCHEDULER_FILE)

    def _load_from_checkpoint(self, checkpoint: str, model: Any = None) -> None:
        """Whole models are read as any folder is: names in files can differ from those in memory (the experts of a mixture,
        renamed layers), and transformers' trainer passes over what it does not find."""
        if hasattr(self.model, "merge_and_unload"):
            super()._load_from_checkpoint(checkpoint, model)
            return

        def weights() -> dict[str, torch.Tensor]:
            scores = head_of(self.model) is not None
            found: dict[str, torch.Tensor] = read_model(Path(checkpoint), self.model.dtype, scores=scores).state_dict()
            return found

        if trains_shards(self.model):
            deal(self.model, weights() if distributed.get_rank() == 0 else {})
        else:
            self.model.load_state_dict(weights())

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None or not trains_shards(self.model):
            super()._load_optimizer_and_scheduler(checkpoint)
            return
        load_state(self.optimizer, Path(checkpoint) / OPTIMIZER_FILE)
        self.lr_scheduler.load_state_dict(torch.load(Path(checkpoint) / SCHEDULER_FILE, weights_only=True))
