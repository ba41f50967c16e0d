"""Direct preference optimisation (Rafailov et al. 2023, arXiv 2305.18290, eq. 7) with its family of losses and an
optional SFT term."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.data import preference_examples
from lamdagent_gpu.train.method import BETA, SFT_WEIGHT, TRAINING, Parameter, TrainMethod
from lamdagent_gpu.train.preference import PairTrainer, pair_arguments
from lamdagent_gpu.train.reference import reference_table, save_reference

REFERENCE_NAMES = ("ref_chosen_logps", "ref_rejected_logps")
LOSSES = {
    "sigmoid": "sigmoid",
    "hinge": "hinge",
    "ipo": "ipo",
    "robust": "robust",
    "exoPair": "exo_pair",
    "ncaPair": "nca_pair",
    "bcoPair": "bco_pair",
    "sppoHard": "sppo_hard",
    "apoZero": "apo_zero",
    "apoDown": "apo_down",
    "discopop": "discopop",
    "sigmoidNorm": "sigmoid_norm",
}
"""Our names, and TRL's. Left out: aot and aot_unpaired, which sort the pairs of a micro-batch."""
LOSS = Parameter(name="loss", choices=tuple(LOSSES), unsaid="sigmoid")
LABEL_SMOOTHING = Parameter(name="labelSmoothing")
DISCOPOP_TAU = Parameter(name="discopopTau")
LOSS_PARAMETERS = (BETA, SFT_WEIGHT, LOSS, LABEL_SMOOTHING, DISCOPOP_TAU)


class DurableDPOTrainer(PairTrainer):
    """The reference's log-probabilities of both answers are columns of the rows."""

    def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:
        rows = sorted(set(self.order))
        self.reference = reference_table(
            self.context, self.model, self.resume, names=REFERENCE_NAMES, rows=rows, batch_size=batch_size,
            tokens=lambda row: [self.examples[row][name] for name in ("prompt_ids", "chosen_ids", "rejected_ids")],
            compute=self._logps,
        )  # fmt: skip
        for column in REFERENCE_NAMES:
            for row, value in zip(rows, self.reference[column].tolist(), strict=True):
                self.examples[row][column] = value
        return dataset

    def _logps(self, rows: Sequence[int]) -> Any:
        batch = self.data_collator([self.examples[row] for row in rows])
        return self.compute_ref_log_probs(self.model, self._prepare_inputs(batch))

    def write_checkpoint(self, folder: Path) -> None:
        super().write_checkpoint(folder)
        save_reference(self.reference, folder)

    def compute_loss(self, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
        if len(self.loss_types) > 1:
            weight = SFT_WEIGHT.of(self.context.parameters)
            self.loss_weights = [1.0, weight * self.answer_share(inputs)]
        return super().compute_loss(model, inputs, *rest, **named)


def make_trainer(
    context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None
) -> DurableDPOTrainer:
    examples = preference_examples(context, tokenizer)
    return DurableDPOTrainer(
        **pair_arguments(
            context, model, tokenizer, micro_batch, resume, examples=examples, **loss_of(context.parameters)
        )
    )


def loss_of(values: dict[str, Any]) -> dict[str, Any]:
    """The loss as TRL's configuration says it."""
    loss, weight = LOSS.of(values), SFT_WEIGHT.of(values)
    chosen: dict[str, Any] = {"beta": BETA.of(values), "loss_type": [LOSSES[loss]], "loss_weights": [1.0]}
    if weight > 0:
        chosen |= {"loss_type": [LOSSES[loss], "sft"], "loss_weights": [1.0, weight]}
    if loss in ("robust", "exoPair"):
        chosen["label_smoothing"] = LABEL_SMOOTHING.of(values)
    if loss == "discopop":
        chosen["discopop_tau"] = DISCOPOP_TAU.of(values)
    return chosen


DPO = TrainMethod(
    kind="dpo",
    paper="https://arxiv.org/abs/2305.18290",
    formula="mean of -log sigmoid(β(r_chosen - r_rejected)), r = log π(y|x) - log π_ref(y|x); with another loss its own",
    make=make_trainer,
    parameters=(*TRAINING, *LOSS_PARAMETERS),
)
