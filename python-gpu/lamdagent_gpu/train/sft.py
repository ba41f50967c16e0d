"""Supervised fine-tuning (Ouyang et al. 2022, arXiv 2203.02155, step 1): next-token loss on the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trl import SFTTrainer

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.arguments import sft_config, trainer_arguments
from lamdagent_gpu.train.data import check_vocabulary, sft_examples
from lamdagent_gpu.train.device import gets
from lamdagent_gpu.train.freezing import freeze
from lamdagent_gpu.train.layout import layout
from lamdagent_gpu.train.method import TRAINING, TUNING, Parameter, TrainMethod
from lamdagent_gpu.train.packing import pack, tokens_of
from lamdagent_gpu.train.trainer import DurableTrainer

PACKING = Parameter(name="packing", choices=("none", "bestFit"), unsaid="none")
NEFTUNE_ALPHA = Parameter(name="neftuneAlpha", unsaid=0)
FREEZE = Parameter(name="freeze", choices=("none", "embeddings", "lowerLayers"), unsaid="none")
FROZEN_SHARE = Parameter(name="frozenShare")


class DurableSFTTrainer(DurableTrainer, SFTTrainer):
    """TRL's SFT trainer with our data order and checkpoints."""


class RowsSFTTrainer(DurableSFTTrainer):
    """On rows that lie side by side in a sequence; TRL counts the tokens of one sequence only."""

    def compute_loss(self, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
        before = self._total_train_tokens
        tokens = tokens_of(inputs["position_ids"])
        loss = super().compute_loss(model, inputs, *rest, **named)
        self._total_train_tokens = before
        self.count_tokens(tokens)
        return loss


def make_trainer(
    context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None
) -> DurableSFTTrainer:
    values = context.parameters
    packed = PACKING.of(values) == "bestFit"
    examples = sft_examples(context, tokenizer, whole=packed)
    check_vocabulary(examples, model)
    # Before the model computes: shards remember what was trained then.
    if TUNING.of(values) == "full" and (what := FREEZE.of(values)) != "none":
        freeze(model, what, FROZEN_SHARE.of(values) if what == "lowerLayers" else 0)
    noise = NEFTUNE_ALPHA.of(values)
    # The noise is scaled by the width of a sequence, so sequences with noise keep one.
    by_rows = gets(context.device).varlen and not noise
    collate = layout(model, tokenizer.pad_token_id, packed=packed, by_rows=by_rows)
    if packed:
        examples = pack(examples, values["maxLength"])
    return (RowsSFTTrainer if collate else DurableSFTTrainer)(
        **trainer_arguments(
            context,
            model,
            tokenizer,
            resume,
            examples=examples,
            args=sft_config(context, micro_batch, neftune_noise_alpha=noise or None),
        ),
        data_collator=collate,
    )


SFT = TrainMethod(
    kind="sft",
    paper="https://arxiv.org/abs/2203.02155",
    formula="mean of -log π(token | tokens before it) over the answers' tokens",
    make=make_trainer,
    parameters=(*TRAINING, PACKING, NEFTUNE_ALPHA, FREEZE, FROZEN_SHARE),
)
