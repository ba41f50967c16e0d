"""What a merge method is: a pure function of one tensor of every model, and of the base where it needs one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

Tensor = torch.Tensor
MergeTensor = Callable[[Sequence[Tensor], "Tensor | None", Sequence[float], Mapping[str, Any]], Tensor]
"""(models' tensors, base's tensor or None, weights, parameters) -> merged tensor; all float32, one shape."""


@dataclass(frozen=True, kw_only=True)
class MergeMethod:
    name: str
    paper: str
    formula: str
    needs_base: bool
    merge: MergeTensor
