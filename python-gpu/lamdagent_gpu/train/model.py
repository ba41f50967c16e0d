"""Loading and saving models: plain folders, safetensors only, no remote code."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer

from lamdagent_gpu.context import JobContext, Rejected


def load_tokenizer(folder: Path) -> Any:
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if tokenizer.eos_token is None:
        raise Rejected("tokenizer: expected an eos_token, got none. Set it in tokenizer_config.json.")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(folder: Path, device: str) -> Any:
    """The causal language model of the folder; float32 off CUDA, bfloat16 where the device computes in it."""
    dtype = torch.bfloat16 if device == "cuda" and torch.cuda.is_bf16_supported() else torch.float32
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, local_files_only=True, trust_remote_code=False, use_safetensors=True
    )
    return model.to(device)


def lora_of(context: JobContext) -> LoraConfig | None:
    """The adapter settings, or None for full fine-tuning."""
    parameters = context.parameters
    if parameters["tuning"] != "lora":
        return None
    return LoraConfig(
        r=parameters["loraRank"],
        lora_alpha=parameters["loraAlpha"],
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def save_model(model: Any, tokenizer: Any, folder: Path) -> None:
    """Full weights and tokenizer in `folder`; a LoRA model also leaves its adapter in `folder/adapter`."""
    if hasattr(model, "merge_and_unload"):
        model.save_pretrained(folder / "adapter")
        model = model.merge_and_unload()
        model.requires_grad_(True)  # merging leaves the weights frozen
    model = copy.copy(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
