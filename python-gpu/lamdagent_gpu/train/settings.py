"""The training arguments of a stage, as TRL's configs want them."""

from __future__ import annotations

from typing import Any

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.device import gets

SCHEDULERS = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def settings(context: JobContext, micro_batch: int) -> dict[str, Any]:
    """AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101; betas 0.9 and 0.999), gradient norm clipped to 1.

    Matrix products are autocast to bfloat16 where the device has it (CUDA, MPS); else everything is float32.
    Saving, logging and reporting are ours alone.
    """
    parameters = context.parameters
    has = gets(context.device)
    return {
        "output_dir": str(context.output_folder),
        "max_steps": parameters["steps"],
        "per_device_train_batch_size": micro_batch,
        "gradient_accumulation_steps": parameters["batchSize"] // micro_batch,
        "learning_rate": parameters["learningRate"],
        "warmup_steps": parameters["warmupSteps"],
        "lr_scheduler_type": SCHEDULERS[parameters["scheduler"]],
        "weight_decay": parameters["weightDecay"],
        "max_grad_norm": 1.0,
        "optim": has.optimizer,
        "adam_beta1": 0.9,
        "adam_beta2": 0.999,
        "adam_epsilon": 1e-8,
        "max_length": parameters["maxLength"],
        "seed": context.seed,
        "data_seed": context.seed,
        "bf16": has.bfloat16,
        "gradient_checkpointing": False,
        "use_cpu": context.device == "cpu",
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": has.pinned,
        "logging_strategy": "steps",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }
