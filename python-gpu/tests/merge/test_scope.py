"""TIES over whole task vectors, as its paper ranks: one threshold for all tensors of a model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import World
from merge_cases import add_model, merged, random_tensors

from lamdagent_gpu.merge import method as method_module
from lamdagent_gpu.merge import selection
from lamdagent_gpu.merge.registry import METHODS


def vectors(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.cat([tensors[name].reshape(-1) for name in sorted(tensors)])


def deltas_of_unlike_sizes(seed: int) -> dict[str, torch.Tensor]:
    """One tensor's deltas are ten times another's: ranks within tensors and over all differ."""
    base, own = random_tensors(9), random_tensors(seed)
    return {name: base[name] + own[name] * (10 if name == "layer.weight" else 1) for name in base}


@pytest.mark.parametrize("vast", [False, True])
@pytest.mark.parametrize("density", [0.1, 0.5, 1])
def test_equals_ties_of_the_concatenated_tensors(
    world: World, vast: bool, density: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if vast:  # pieces across the tensors' ends, counted bit patterns
        monkeypatch.setattr(method_module.spans, "__defaults__", (7,))
        monkeypatch.setattr(selection, "WHOLE", 1)
        monkeypatch.setattr(selection, "VAST", 1)
    parts = [deltas_of_unlike_sizes(seed) for seed in (1, 2)]
    models = [add_model(world, digit, part) for digit, part in zip("12", parts, strict=True)]
    base = add_model(world, "b", random_tensors(9))
    got = vectors(merged(world, models, "ties", base=base, scope="vector", density=density))
    origin = vectors(random_tensors(9))
    expected = METHODS["ties"].merge([vectors(p) for p in parts], origin, [1, 1], {"lambda": 0.7, "density": density})
    assert torch.equal(got, expected)
    by_tensor = vectors(merged(world, models, "ties", base=base, density=density))
    assert torch.equal(got, by_tensor) == (density == 1)


def test_integer_tensors_are_no_part_of_the_vector(world: World) -> None:
    ids = {"ids": torch.arange(5)}
    models = [add_model(world, digit, {**random_tensors(int(digit)), **ids}) for digit in "12"]
    base = add_model(world, "b", {**random_tensors(9), **ids})
    got = merged(world, models, "ties", base=base, scope="vector")
    assert np.array_equal(got["ids"].numpy(), np.arange(5))
