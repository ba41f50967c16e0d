"""Our results against mergekit 0.1.5's, tensor by tensor in float32: equal where both do the same, and every known
difference removed by removing its cause.

mergekit is an extra requirement (`requirements-mergekit.txt`): these tests are skipped without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from merge_cases import SETTINGS, whole

from lamdagent_gpu.merge import consensus
from lamdagent_gpu.merge.della import keep_probabilities
from lamdagent_gpu.merge.draws import Draws
from lamdagent_gpu.merge.selection import kept

registry = pytest.importorskip(
    "mergekit.merge_methods.registry",
    reason="mergekit is not installed: pip install --no-deps -r requirements-mergekit.txt",
)

Tensor = torch.Tensor
SHAPE = (40, 30)
NAMES = ("one", "two", "three", "four", "five")


@pytest.fixture
def tensors() -> list[Tensor]:
    """A base and three models whose deltas have something in common; no two magnitudes are equal."""
    generator = torch.Generator().manual_seed(11)
    base, shared, *own = (torch.randn(SHAPE, generator=generator) for _ in range(5))
    return [base, *(base + 0.1 * shared + 0.1 * one for one in own)]


def theirs(method: str, base: Tensor | None, models: Sequence[Tensor], **parameters: Any) -> Tensor:
    """mergekit's method on one tensor; parameters of its own names, those of inputs for all alike."""
    from mergekit.merge_methods.base import TensorGroup

    one = registry.get(method)
    scopes = {spec.name: spec.scope.value for spec in one.spec.parameters}
    named = dict(zip(NAMES, models, strict=False)) | ({} if base is None else {"base": base})
    group = TensorGroup.from_tensors(named, base=None if base is None else "base")
    inputs = [key for key in named if key != "base"]
    given = {
        name: value if scopes[name] == "shared" else dict.fromkeys(inputs, value) for name, value in parameters.items()
    }
    result: Tensor = one(group, **given)
    return result


def same(left: Tensor, right: Tensor) -> None:
    torch.testing.assert_close(left, right, rtol=1e-5, atol=1e-6)
