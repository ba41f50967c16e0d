"""Loading and saving models: plain folders, safetensors only, no remote code."""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from lamdagent_gpu.context import Diverged, JobContext, Rejected
from lamdagent_gpu.foreign import check_model_folder
from lamdagent_gpu.train.device import gets
from lamdagent_gpu.train.quantized import is_quantized, keep_packing, quantization
from lamdagent_gpu.weights import parameter_count, tensor_entries

log = logging.getLogger("lamdagent.model")
STORED = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}
ADAPTED = ("lora", "qlora")
"""Tunings that train adapters beside frozen weights."""
FULL_BYTES = 16
"""Bytes a parameter of float32 full fine-tuning takes: weight, gradient and AdamW's two moments."""
MEMORY_SHARE = 0.8
"""The part of a device's memory that weights and optimizer may take; the rest is for activations."""


def load_tokenizer(folder: Path) -> Any:
    check_model_folder(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if tokenizer.eos_token is None:
        raise Rejected("tokenizer: expected an eos_token, got none. Set it in tokenizer_config.json.")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def computes_in_bfloat16(device: str) -> bool:
    return gets(device).bfloat16


def compute_dtype(device: str) -> torch.dtype:
    """Of weights that are not trained."""
    return torch.bfloat16 if computes_in_bfloat16(device) else torch.float32


def load_model(
    folder: Path, device: str, dtype: torch.dtype | None = None, *, quantized: bool = False, scores: bool = False
) -> Any:
    """The causal language model of the folder; by default bfloat16 where the device computes in it, else float32.

    `scores`: with a head that gives a sequence one number, a random one where the folder has none.
    """
    check_model_folder(folder)
    dtype = dtype or compute_dtype(device)
    if quantized:
        return keep_packing(read_model(folder, dtype, scores=scores, **quantization(device, dtype)))
    return read_model(folder, dtype, scores=scores).to(device)


def read_model(folder: Path, dtype: torch.dtype, *, scores: bool = False, **more: Any) -> Any:
    """The same on the CPU, of a folder that was checked; `more`: where else, or how, transformers is to load it."""
    kind = AutoModelForSequenceClassification if scores else AutoModelForCausalLM
    return kind.from_pretrained(
        folder, dtype=dtype, local_files_only=True, trust_remote_code=False, use_safetensors=True,
        **({"num_labels": 1} if scores else {}), **more,
    )  # fmt: skip


def dtype_for_training(context: JobContext, folder: Path, memory: int | None) -> torch.dtype:
    """The precision that the folder's weights are trained in, on a device with so many bytes."""
    return training_dtype(
        bfloat16=computes_in_bfloat16(context.device),
        adapted=context.parameters["tuning"] in ADAPTED,
        parameters=parameter_count(folder),
        device_bytes=memory,
    )


def training_dtype(*, bfloat16: bool, adapted: bool, parameters: int, device_bytes: int | None) -> torch.dtype:
    """float32, except on a bfloat16 device for weights that are frozen (adapters) or would not fit as float32.

    bfloat16 holds 8 bits of mantissa: updates below 1/256 of a weight are lost, so it is the last resort.
    """
    if not bfloat16:
        return torch.float32
    if adapted:
        return torch.bfloat16
    if device_bytes is not None and parameters * FULL_BYTES > MEMORY_SHARE * device_bytes:
        log.warning(
            "weights: expected %.1f GB of float32 training state to fit, got %.1f GB of memory; training bfloat16 "
            "weights, which loses small updates. Use tuning: lora, or a larger device.",
            parameters * FULL_BYTES / 1e9, device_bytes / 1e9,
        )  # fmt: skip
        return torch.bfloat16
    return torch.float32


def stored_dtype(folder: Path) -> torch.dtype:
    """The dtype most of a model's parameters are stored in."""
    sizes: dict[str, int] = {}
    for entry in tensor_entries(folder).values():
        sizes[entry.dtype] = sizes.get(entry.dtype, 0) + entry.end - entry.begin
    return STORED.get(max(sizes, key=lambda name: (sizes[name], name)), torch.float32)


def lora_of(context: JobContext) -> LoraConfig | None:
    """The adapter settings (LoRA, Hu et al. 2021, arXiv 2106.09685), or None for full fine-tuning."""
    parameters = context.parameters
    if parameters["tuning"] not in ADAPTED:
        return None
    return LoraConfig(
        r=parameters["loraRank"],
        lora_alpha=parameters["loraAlpha"],
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="SEQ_CLS" if context.build.stage.kind == "rewardModel" else "CAUSAL_LM",
    )


def save_weights(model: Any, folder: Path, weights: dict[str, torch.Tensor] | None = None) -> None:
    """Weights as safetensors and configuration: the model's own, or the adapter's alone. `weights`: in place of its own."""
    if not hasattr(model, "merge_and_unload"):
        model.save_pretrained(folder, state_dict=weights)
        return
    for adapter in model.peft_config.values():
        adapter.base_model_name_or_path = ""  # else PEFT writes a path of this machine
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True)
class SavedForm:
    """What a trained model keeps of its input; trainers change configurations for their own use."""

    folder: Path
    config: Any
    generation_config: Any
    dtype: torch.dtype


def saved_form(model: Any, folder: Path) -> SavedForm:
    """To be taken before a trainer sees the model."""
    config = copy.deepcopy(model.config)
    if is_quantized(model):
        del config.quantization_config
    return SavedForm(
        folder=folder,
        config=config,
        generation_config=copy.deepcopy(getattr(model, "generation_config", None)),
        dtype=stored_dtype(folder),
    )


def save_model(model: Any, tokenizer: Any, folder: Path, form: SavedForm) -> None:
    """Full weights and tokenizer in `folder`; a model with adapters also leaves them in `folder/adapter`.

    Adapters are added in float32, then everything is rounded once to the input's dtype.
    """
    if hasattr(model, "merge_and_unload"):
        save_weights(model, folder / "adapter")
        if is_quantized(model):  # what 4 bits have lost is in the input still
            model = PeftModel.from_pretrained(load_model(form.folder, "cpu", torch.float32), folder / "adapter")
        model = model.float().merge_and_unload()
        model.requires_grad_(True)  # merging leaves the weights frozen
    model.to(form.dtype)
    model.config = form.config
    if form.generation_config is not None:
        model.generation_config = form.generation_config
    model.config.dtype = form.dtype
    for name, weight in model.named_parameters():
        if not torch.isfinite(weight).all():
            raise Diverged(f"weights after the last step: expected finite numbers, got others in {name}")
    save_weights(model, folder)
    tokenizer.save_pretrained(folder)
