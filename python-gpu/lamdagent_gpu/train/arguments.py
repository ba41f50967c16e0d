"""What every trainer is made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trl import SFTConfig

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.encoding import Example
from lamdagent_gpu.train.model import lora_of
from lamdagent_gpu.train.settings import settings


def trainer_arguments(
    context: JobContext, model: Any, tokenizer: Any, resume: Path | None, *, examples: list[Example], args: Any
) -> dict[str, Any]:
    """`args`: the TRL configuration of the method."""
    return {
        "context": context,
        "examples": examples,
        "resume": resume,
        "model": model,
        "args": args,
        "processing_class": tokenizer,
        "peft_config": lora_of(context),
    }


def sft_config(context: JobContext, micro_batch: int, **own: Any) -> SFTConfig:
    """Of trainers whose rows are token ids already."""
    return SFTConfig(**settings(context, micro_batch), dataset_kwargs={"skip_prepare_dataset": True}, **own)
