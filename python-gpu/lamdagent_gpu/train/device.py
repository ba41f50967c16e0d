"""What a training gets from the device it runs on, chosen by what the device can do: one table for all methods."""

from __future__ import annotations

from dataclasses import dataclass

import torch

SMALLEST_VARLEN = (8, 0)
"""Compute capability (Ampere) that torch's attention by rows' lengths is built for."""


@dataclass(frozen=True, kw_only=True)
class Gets:
    """On a CPU everything is float32, so that the same stage has the same bits on every CPU.

    TF32 stays off everywhere: where a device has it, the products that count are bfloat16 already, and adapters are
    added to weights in whole float32.
    """

    bfloat16: bool
    """Matrix products are autocast to it."""
    optimizer: str
    """transformers' name: AdamW in one kernel, or a loop over tensors."""
    pinned: bool
    """Batches lie in page-locked memory, for copies beside the computation."""
    varlen: bool
    """There is an attention that takes rows by their lengths, so that nothing is padded (`attention.py`)."""


def gets(device: str) -> Gets:
    """`device`: cuda, mps or cpu."""
    on_cuda = device == "cuda"
    bfloat16 = on_cuda and torch.cuda.is_bf16_supported()
    return Gets(
        bfloat16=bfloat16 or (device == "mps" and torch.backends.mps.is_macos_or_newer(14, 0)),
        optimizer="adamw_torch_fused" if on_cuda else "adamw_torch",
        pinned=on_cuda,
        varlen=bfloat16 and has_varlen() and torch.cuda.get_device_capability() >= SMALLEST_VARLEN,
    )


def has_varlen() -> bool:
    """torch 2.10 brought it."""
    try:
        from torch.nn.attention import varlen
    except ImportError:
        return False
    return hasattr(varlen, "varlen_attn")
