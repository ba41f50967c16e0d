"""Supervised fine-tuning (Ouyang et al. 2022, arXiv 2203.02155, step 1): next-token loss on the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trl import SFTConfig, SFTTrainer

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.data import check_vocabulary, sft_examples
from lamdagent_gpu.train.model import lora_of
from lamdagent_gpu.train.rows import read_rows
from lamdagent_gpu.train.settings import settings
from lamdagent_gpu.train.trainer import DurableTrainer


class DurableSFTTrainer(DurableTrainer, SFTTrainer):
    """TRL's SFT trainer with our data order and checkpoints."""


def make_trainer(
    context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None
) -> DurableSFTTrainer:
    examples = sft_examples(context, read_rows(context), tokenizer)
    check_vocabulary(examples, model)
    return DurableSFTTrainer(
        context=context,
        examples=examples,
        resume=resume,
        model=model,
        args=SFTConfig(**settings(context, micro_batch), dataset_kwargs={"skip_prepare_dataset": True}),
        processing_class=tokenizer,
        peft_config=lora_of(context),
    )
