"""Direct preference optimisation (Rafailov et al. 2023, arXiv 2305.18290, eq. 7), with an optional SFT term."""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from trl import DPOConfig, DPOTrainer

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.train.data import read_rows
from lamdagent_gpu.train.model import load_model, lora_of
from lamdagent_gpu.train.trainer import DurableTrainer, settings

COLUMNS = ("prompt", "chosen", "rejected")


class DurableDPOTrainer(DurableTrainer, DPOTrainer):
    """TRL's DPO trainer with our checkpoints."""


def make_trainer(context: JobContext, model: Any, tokenizer: Any, micro_batch: int) -> DurableDPOTrainer:
    rows = [preference(row) for row in read_rows(context)]
    weight = context.parameters["sftWeight"]
    arguments = DPOConfig(
        **settings(context, micro_batch, len(rows)),
        max_length=context.parameters["maxLength"],
        beta=context.parameters["beta"],
        loss_type=["sigmoid", "sft"] if weight > 0 else ["sigmoid"],
        loss_weights=[1.0, weight] if weight > 0 else [1.0],
    )
    lora = lora_of(context)
    # The reference is the input model, also after a resume. An adapter needs no copy: switched off, it is the reference.
    reference = None if lora else load_model(context.store.open(context.inputs("model")[0]), context.device)
    return DurableDPOTrainer(
        context=context,
        model=model,
        ref_model=reference,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        peft_config=lora,
    )


def preference(row: dict[str, Any]) -> dict[str, Any]:
    missing = [name for name in COLUMNS if not row.get(name)]
    if missing:
        raise Rejected(f"{row['_where']}: expected prompt, chosen and rejected, got no {' and no '.join(missing)}")
    return {name: row[name] for name in COLUMNS}
