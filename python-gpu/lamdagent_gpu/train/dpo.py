"""Direct preference optimisation (Rafailov et al. 2023, arXiv 2305.18290, eq. 7), with an optional SFT term."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from trl import DPOConfig, DPOTrainer

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.data import check_vocabulary, preference_examples
from lamdagent_gpu.train.model import lora_of
from lamdagent_gpu.train.rows import read_rows
from lamdagent_gpu.train.settings import settings
from lamdagent_gpu.train.trainer import DurableTrainer

REFERENCE_FILE = "reference.safetensors"
REFERENCE_NAMES = ("ref_chosen_logps", "ref_rejected_logps")


class DurableDPOTrainer(DurableTrainer, DPOTrainer):
    """TRL's DPO trainer with our data order and checkpoints.

    The reference is the input model. Its log-probabilities are computed once, for the rows this training will see,
    before the first step, and travel with the checkpoints; so no second model is kept.
    """

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset  # the rows are token ids already

    def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:
        saved = self.resume / REFERENCE_FILE if self.resume else None
        table = load_file(saved) if saved is not None else self._reference(batch_size)
        self.reference = table
        for place, row in enumerate(table["rows"].tolist()):
            for column in REFERENCE_NAMES:
                self.examples[row][column] = table[column][place].item()
        return dataset

    def _reference(self, batch_size: int) -> dict[str, torch.Tensor]:
        """Log-probabilities of both answers, [rows used], by row number."""
        rows = sorted(set(self.order))
        found: list[tuple[torch.Tensor, torch.Tensor]] = []
        for start in range(0, len(rows), batch_size):
            self.context.stop_if_asked()
            batch = self.data_collator([self.examples[row] for row in rows[start : start + batch_size]])
            chosen, rejected = self.compute_ref_log_probs(self.model, self._prepare_inputs(batch))
            found.append((chosen.float().cpu(), rejected.float().cpu()))
        columns = (torch.cat(column).contiguous() for column in zip(*found, strict=True))
        return {"rows": torch.tensor(rows), **dict(zip(REFERENCE_NAMES, columns, strict=True))}

    def write_checkpoint(self, folder: Path) -> None:
        super().write_checkpoint(folder)
        save_file(self.reference, folder / REFERENCE_FILE)

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
        samples, items = super().get_batch_samples(epoch_iterator, num_batches, device)
        if len(self.loss_types) > 1:
            self.mean_answer_tokens = sum(map(chosen_tokens, samples)) / max(1, len(samples))
        return samples, items

    def compute_loss(self, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
        """Weighs each micro-batch's SFT term by its answer tokens, so that the whole batch's mean is over tokens."""
        if len(self.loss_types) > 1:
            share = chosen_tokens(inputs) / self.mean_answer_tokens
            self.loss_weights = [1.0, self.context.parameters["sftWeight"] * share]
        return super().compute_loss(model, inputs, *rest, **named)


def chosen_tokens(batch: Any) -> int:
    """Answer tokens of the chosen half of a batch; completion_mask: [2 x pairs, tokens]."""
    mask = batch["completion_mask"]
    return int(mask[: len(mask) // 2, 1:].sum())


def make_trainer(
    context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None
) -> DurableDPOTrainer:
    examples = preference_examples(context, read_rows(context), tokenizer)
    check_vocabulary(examples, model)
    weight = context.parameters["sftWeight"]
    return DurableDPOTrainer(
        context=context,
        examples=examples,
        resume=resume,
        model=model,
        args=DPOConfig(
            **settings(context, micro_batch),
            beta=context.parameters["beta"],
            loss_type=["sigmoid", "sft"] if weight > 0 else ["sigmoid"],
            loss_weights=[1.0, weight] if weight > 0 else [1.0],
            precompute_ref_log_probs=True,
        ),
        processing_class=tokenizer,
        peft_config=lora_of(context),
    )
