"""Kahneman-Tversky optimisation (Ethayarajh et al. 2024, arXiv 2402.01306, eqs. 7 and 8), and its variant without a
reference point (APO-zero, D'Oosterlinck et al. 2024, arXiv 2408.06266, eq. 7 by halves)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from trl import KTOConfig, KTOTrainer
from trl.trainer import kto_trainer

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.arguments import trainer_arguments
from lamdagent_gpu.train.data import check_vocabulary
from lamdagent_gpu.train.labelled import labelled_examples
from lamdagent_gpu.train.method import BETA, TRAINING, Parameter, TrainMethod
from lamdagent_gpu.train.output_layer import labelled_positions_alone
from lamdagent_gpu.train.reference import reference_table, save_reference, unhashed
from lamdagent_gpu.train.settings import settings
from lamdagent_gpu.train.trainer import DurableTrainer

kto_trainer.hash_module = unhashed
LOSS = Parameter(name="loss", choices=("kto", "apoZero"))
DESIRABLE_WEIGHT = Parameter(name="desirableWeight")
UNDESIRABLE_WEIGHT = Parameter(name="undesirableWeight")
Joined = tuple[int, int]
"""The row of a prompt and the row of an answer: the same one, or another's, which measures the drift."""


class DurableKTOTrainer(DurableTrainer, KTOTrainer):
    """TRL's KTO trainer with our data order and checkpoints.

    The reference point z0 is the mean drift of mismatched answers from the reference: each prompt of a batch with the
    answer before it. TRL takes that mean over a micro-batch, whose size memory decides; here it is the whole batch's.
    """

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset  # the rows are token ids already

    def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:
        seen = {(row, row) for row in self.order}
        if self.context.parameters["loss"] == "kto":
            size = self.context.parameters["batchSize"]
            batches = (self.order[start : start + size] for start in range(0, len(self.order), size))
            seen |= {joined for batch in batches for joined in mismatched(batch)}
        rows = sorted(seen)
        self.reference = reference_table(
            self.context, self.model, self.resume, names=("logps",), rows=rows, batch_size=batch_size,
            tokens=lambda one: [self.examples[one[0]]["prompt_ids"], self.examples[one[1]]["completion_ids"]],
            compute=lambda some: (self.compute_ref_log_probs(self.model, self._batch(some))[0],),
        )  # fmt: skip
        self.reference_logps = dict(zip(rows, self.reference["logps"].tolist(), strict=True))
        for row in set(self.order):
            self.examples[row]["ref_logps"] = self.reference_logps[row, row]
        return dataset

    def write_checkpoint(self, folder: Path) -> None:
        super().write_checkpoint(folder)
        save_reference(self.reference, folder)

    def _batch(self, some: Sequence[Joined]) -> Any:
        rows = self.examples
        joined = [{**rows[prompt], "completion_ids": rows[answer]["completion_ids"]} for prompt, answer in some]
        return self._prepare_inputs(self.data_collator([without_reference(one) for one in joined]))

    def begin_drift(self) -> None:
        """From here on TRL's loss asks for z0. Its own way to it wants micro-batches of two or more, and their mean."""
        self.loss_type = "kto"
        self.calculate_KL = True

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
        if self.calculate_KL:
            size = self.context.parameters["batchSize"]
            start = self.state.global_step * size
            self.drift = self._drift(mismatched(self.order[start : start + size]))
        return super().get_batch_samples(epoch_iterator, num_batches, device)

    def _drift(self, some: Sequence[Joined]) -> torch.Tensor:
        """Mean log π(y'|x) - log π_ref(y'|x) over mismatched answers: [1]."""
        size = self._train_batch_size
        total = torch.zeros(1, device=self.args.device)
        for start in range(0, len(some), size):
            part = some[start : start + size]
            batch = self._batch(part)
            labels = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, -100)
            with torch.no_grad(), labelled_positions_alone(), self.compute_loss_context_manager():
                logps = self.model(
                    input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels,
                    use_cache=False, fused_lm_head=True,
                ).log_probs.sum(dim=1)  # fmt: skip
            reference = torch.tensor([self.reference_logps[one] for one in part], device=total.device)
            total += (logps.float() - reference).sum()
        return total / len(some)

    def _compute_kl_logps(self, model: Any, batch: Any) -> Any:
        return self.drift if self.calculate_KL else None

    def _compute_loss(self, model: Any, inputs: Any, return_outputs: bool) -> Any:
        # The drift is a difference already, so the reference's half of it is 0.
        return super()._compute_loss(
            model, {**inputs, "ref_KL_logps": torch.zeros(1, device=self.args.device)}, return_outputs
        )


def mismatched(batch: Sequence[int]) -> list[Joined]:
    """Each prompt of the batch with the answer before it, the first with the last one."""
    return [(row, batch[place - 1]) for place, row in enumerate(batch)]


def without_reference(example: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in example.items() if name != "ref_logps"}


def make_trainer(
    context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None
) -> DurableKTOTrainer:
    values = context.parameters
    examples = labelled_examples(context, tokenizer)
    check_vocabulary(examples, model)
    config = KTOConfig(
        **settings(context, micro_batch),
        beta=BETA.of(values),
        desirable_weight=DESIRABLE_WEIGHT.of(values),
        undesirable_weight=UNDESIRABLE_WEIGHT.of(values),
        loss_type="apo_zero_unpaired",
        precompute_ref_log_probs=True,
    )
    trainer = DurableKTOTrainer(**trainer_arguments(context, model, tokenizer, resume, examples=examples, args=config))
    if LOSS.of(values) == "kto":
        trainer.begin_drift()
    return trainer


KTO = TrainMethod(
    kind="kto",
    paper="https://arxiv.org/abs/2402.01306",
    formula="mean of w(1 - sigmoid(±β(r - z0))), r = log π(y|x) - log π_ref(y|x), + for good answers, z0 the mean drift, ≥ 0",
    make=make_trainer,
    parameters=(*TRAINING, LOSS, BETA, DESIRABLE_WEIGHT, UNDESIRABLE_WEIGHT),
)
