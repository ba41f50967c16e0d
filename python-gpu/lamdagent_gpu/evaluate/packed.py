"""Linear layers of a model that is only read, laid out as the CPU's matrix kernels read them.

PyTorch multiplies float32 matrices with MKL, which leaves AVX-512 unused on processors that are not Intel's; oneDNN uses
what there is. Measured on an AMD EPYC: twice as fast from 64 rows on, 1.2 times where the units have half the width. With
AVX2 alone both are as fast. A call of oneDNN takes 15 to 25 µs by itself, so small products stay with MKL.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

SMALL_PRODUCT = 1 << 21
"""Multiplications; up to here MKL is done before oneDNN has saved what its call costs: 60 µs."""
SMALL_WEIGHT = 1 << 18
"""Numbers of a weight that is kept in both layouts, up to 1 MB; of larger ones few products would be small."""


def pack(model: Any) -> Any:
    """The model, its linear layers computing the same but for rounding. Only for inference, and only where it helps:
    float32 on processors with AVX-512; elsewhere it is left alone."""
    if not _helps(model):
        return model
    shared = model.get_input_embeddings().weight
    for module in model.modules():
        if type(module) is nn.Linear:
            _pack(module, keep_weight=module.weight is shared)
    return model


def _helps(model: Any) -> bool:
    first = next(model.parameters())
    wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return bool(
        first.device.type == "cpu" and first.dtype == torch.float32 and wide and torch.backends.mkldnn.is_available()
    )


def _pack(linear: nn.Linear, *, keep_weight: bool) -> None:
    """The packed weight takes the place of the plain one, unless that one is small or the input embeddings are the same
    tensor."""
    plain, bias = linear.weight.detach(), linear.bias
    weight = torch.ops.mkldnn._reorder_linear_weight(plain)
    is_small = plain.numel() <= SMALL_WEIGHT
    if not keep_weight and not is_small:
        linear.weight = nn.Parameter(weight, requires_grad=False)
    multiply = torch.ops.mkldnn._linear_pointwise.default
    few = SMALL_PRODUCT // plain.numel() * linear.in_features if is_small else 0

    def forward(rows: torch.Tensor) -> torch.Tensor:
        if rows.numel() <= few:
            return functional.linear(rows, plain, bias)
        found: torch.Tensor = multiply(rows, weight, bias, "none", [], "")
        return found

    linear.forward = forward  # type: ignore[method-assign, assignment]
