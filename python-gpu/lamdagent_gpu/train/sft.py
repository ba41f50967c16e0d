"""Supervised fine-tuning (Ouyang et al. 2022, arXiv 2203.02155, step 1): next-token loss on the answers."""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.data import encode_all, read_rows
from lamdagent_gpu.train.model import lora_of
from lamdagent_gpu.train.trainer import DurableTrainer, settings


class DurableSFTTrainer(DurableTrainer, SFTTrainer):
    """TRL's SFT trainer with our checkpoints."""


def make_trainer(context: JobContext, model: Any, tokenizer: Any, micro_batch: int) -> DurableSFTTrainer:
    rows = encode_all(read_rows(context), tokenizer, context.parameters["maxLength"])
    arguments = SFTConfig(
        **settings(context, micro_batch, len(rows)),
        max_length=context.parameters["maxLength"],
        dataset_kwargs={"skip_prepare_dataset": True},
    )
    return DurableSFTTrainer(
        context=context,
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        peft_config=lora_of(context),
    )
