"""The k-th largest magnitude, found through a bracket, equals a full sort's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lamdagent_gpu.merge import selection
from lamdagent_gpu.merge.method import InMemory
from lamdagent_gpu.merge.selection import kept, kth_largest_magnitudes

COUNT = 150_001


@pytest.fixture(autouse=True)
def _bracket_for_small_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "WHOLE", 1000)


def values(kind: str) -> torch.Tensor:
    normal = torch.randn(COUNT, generator=torch.Generator().manual_seed(7))
    if kind == "many ties":
        return normal.mul(4).round().div(4)
    if kind == "mostly zeros":
        return torch.where(torch.arange(COUNT) % 10 == 0, normal, 0.0)
    if kind == "sorted":
        return normal.sort().values
    if kind == "one bad block":  # the sample never sees the block's true share
        return torch.cat([torch.zeros(COUNT - 70_000), 1 + normal[:70_000].abs()])
    return normal


@pytest.mark.parametrize("kind", ["normal", "many ties", "mostly zeros", "sorted", "one bad block"])
@pytest.mark.parametrize("density", [0.001, 0.05, 0.5, 0.9, 0.9999])
def test_thresholds_are_exact(kind: str, density: float) -> None:
    base = torch.zeros(COUNT)
    models = [values(kind), values("normal").flip(0)]
    k = kept(density, COUNT)
    found = kth_largest_magnitudes(InMemory(models, base), k)
    assert found == tuple(float(np.sort(model.abs().numpy())[-k]) for model in models)


def test_a_bracket_that_misses_falls_back_to_the_whole_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    misled = [np.zeros(selection.RUNS * selection.RUN, np.int32)]
    monkeypatch.setattr(selection, "sample", lambda source, values: misled)
    model = values("normal")
    (found,) = kth_largest_magnitudes(InMemory([model], torch.zeros(COUNT)), 5)
    assert found == float(np.sort(model.abs().numpy())[-5])


@pytest.mark.parametrize("kind", ["normal", "many ties", "mostly zeros"])
@pytest.mark.parametrize("k", [1, 2, 700, COUNT // 2, COUNT - 1, COUNT])
def test_counting_bit_patterns_is_exact_too(kind: str, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "VAST", 1000)
    models = [values(kind), values("normal").flip(0).mul(1e-30)]
    found = kth_largest_magnitudes(InMemory(models, torch.zeros(COUNT)), k)
    assert found == tuple(float(np.sort(model.abs().numpy())[-k]) for model in models)


@pytest.mark.parametrize(
    ("density", "count", "expected"), [(0.07, 100, 7), (0.5, 3, 2), (0.001, 10, 1), (1, 5, 5), (1e-9, 1, 1)]
)
def test_k_is_the_ceiling_of_the_decimal_product(density: float, count: int, expected: int) -> None:
    assert kept(density, count) == expected
