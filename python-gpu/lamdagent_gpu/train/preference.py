"""What trainings on pairs share: TRL's DPO trainer with our rows, and the SFT loss on the chosen answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trl import DPOConfig, DPOTrainer
from trl.trainer import dpo_trainer

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.arguments import trainer_arguments
from lamdagent_gpu.train.data import check_vocabulary
from lamdagent_gpu.train.encoding import Example
from lamdagent_gpu.train.reference import unhashed
from lamdagent_gpu.train.settings import settings
from lamdagent_gpu.train.trainer import DurableTrainer

dpo_trainer.hash_module = unhashed


class PairTrainer(DurableTrainer, DPOTrainer):
    """TRL's DPO trainer on token ids, with our data order and checkpoints; it keeps no reference model."""

    mean_answer_tokens: float
    """Chosen answer tokens of a micro-batch, in the mean over the batch at hand."""

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset  # the rows are token ids already

    def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:
        return dataset

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
        samples, items = super().get_batch_samples(epoch_iterator, num_batches, device)
        tokens = self.over_ranks(sum(map(chosen_tokens, samples)))
        self.mean_answer_tokens = float(tokens) / max(1, len(samples) * self.context.ranks)
        return samples, items

    def answer_share(self, inputs: Any) -> float:
        """What a micro-batch's mean over its answer tokens weighs, so that the whole batch's is over all of them."""
        return chosen_tokens(inputs) / self.mean_answer_tokens


def chosen_tokens(batch: Any) -> int:
    """Answer tokens of the chosen half of a batch; completion_mask: [2 x pairs, tokens]."""
    mask = batch["completion_mask"]
    return int(mask[: len(mask) // 2, 1:].sum())


def pair_arguments(
    context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None,
    *, examples: list[Example], **loss: Any,
) -> dict[str, Any]:  # fmt: skip
    """What a pair trainer is made from; `loss`: what its TRL configuration has of its own."""
    check_vocabulary(examples, model)
    config = DPOConfig(**settings(context, micro_batch), precompute_ref_log_probs=True, **loss)
    return trainer_arguments(context, model, tokenizer, resume, examples=examples, args=config)
