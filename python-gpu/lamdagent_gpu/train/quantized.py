"""Weights held in 4 bits while adapters beside them are trained (QLoRA, Dettmers et al. 2023, arXiv 2305.14314).

NormalFloat 4 with quantised constants (sections 3 and 4 of the paper). bitsandbytes does it, an extra of the worker.
"""

from __future__ import annotations

from typing import Any

import torch

from lamdagent_gpu.checkpoint import installed
from lamdagent_gpu.context import Rejected

BITSANDBYTES = "0.50.2"
"""The only version whose quantised weights a checkpoint may go on with."""
INSTALL = "pip install --no-deps -r python-gpu/requirements-qlora.txt"
DEVICES = ("cuda", "cpu")
BLOCK, OUTER_BLOCK = 64, 256
"""Weights that share a constant of 8 bits, and constants that share one of 32 bits."""
BYTES_PER_WEIGHT = 0.5 + 1 / BLOCK + 4 / (BLOCK * OUTER_BLOCK)


def require_quantizer(device: str) -> None:
    """Raises Rejected where nothing can quantise."""
    if device not in DEVICES:
        raise Rejected(f"tuning qlora: expected a device of {' or '.join(DEVICES)}, got {device}. Use tuning: lora.")
    found = installed("bitsandbytes") or "none"
    if found != BITSANDBYTES:
        raise Rejected(
            f"tuning qlora: expected a GPU worker with bitsandbytes {BITSANDBYTES}, got {found}. On it: {INSTALL}"
        )


def quantization(device: str, dtype: torch.dtype) -> dict[str, Any]:
    """What loads a model quantised; `dtype`: that of products and of the layers that are not quantised."""
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )
    place = torch.cuda.current_device() if device == "cuda" else device
    return {"quantization_config": config, "device_map": {"": place}}


def keep_packing(model: Any) -> Any:
    """The model, whose weights stay as they are packed.

    On CPUs with AVX-512 BF16 bitsandbytes would pack them anew for generation, with rounded constants, and train on those.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    return model


def is_quantized(model: Any) -> bool:
    return bool(getattr(model, "is_loaded_in_4bit", False))


def keep_adapters_exact(model: Any) -> None:
    """Adapters of a quantised model in float32: TRL rounds them to bfloat16, which would lose small updates."""
    if is_quantized(model):
        for weight in model.parameters():
            if weight.requires_grad:
                weight.data = weight.data.float()
