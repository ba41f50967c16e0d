"""Arithmetic that a model needs for a token, and what the device could do: model FLOPs utilisation (Chowdhery et al. 2022,
arXiv 2204.02311, appendix B), with causal attention counted as the half that it is."""

from __future__ import annotations

import time
from typing import Any

import torch

PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "4090": 165e12, "L4": 121e12}
"""Dense bfloat16 operations a second as published, by a part of the device's name (H100: SXM)."""


def forward_flops(config: Any, *, attended: float) -> float:
    """Of one token, whose attention sees `attended` tokens in the mean: two for each weight of a matrix product."""
    heads, groups = config.num_attention_heads, config.num_key_value_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // heads
    attention = config.hidden_size * size * (2 * heads + 2 * groups)
    mlp = 3 * config.hidden_size * config.intermediate_size
    layers = config.num_hidden_layers * (attention + mlp)
    scores = 2 * config.num_hidden_layers * heads * size * attended
    return float(2 * (layers + config.hidden_size * config.vocab_size + scores))


def training_flops(config: Any, *, attended: float, lora: bool) -> float:
    """Forward, and backward: once for the activations, once more for the weights unless they are frozen."""
    return forward_flops(config, attended=attended) * (2 if lora else 3)


def peak_of(name: str) -> float | None:
    return next((peak for part, peak in PEAKS.items() if part in name), None)


def product_rate(device: str) -> float:
    """Operations a second of a large matrix product here: bfloat16 on CUDA, float32 on a CPU."""
    size, repeats = (8192, 20) if device == "cuda" else (512, 5)
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    left, right = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    for _ in range(3):
        left @ right
    wait(device)
    began = time.perf_counter()
    for _ in range(repeats):
        left @ right
    wait(device)
    return 2 * size**3 * repeats / (time.perf_counter() - began)


def wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
