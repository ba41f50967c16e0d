"""The methods against hand-computed cases and against the papers' equations in plain NumPy, in float64."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
import pytest
import torch

from lamdagent_gpu.merge.registry import METHODS
from lamdagent_gpu.merge.ties import trim

Array = np.ndarray[Any, Any]


def call(method: str, models: list[Any], base: Any, weights: list[float], **parameters: float) -> list[float]:
    tensors = [torch.tensor(model, dtype=torch.float32) for model in models]
    return METHODS[method].merge(tensors, torch.tensor(base, dtype=torch.float32), weights, parameters).tolist()


def test_linear_divides_by_the_sum_of_the_weights() -> None:
    assert call("linear", [[1, 2], [5, -2]], [0, 0], [3, 1]) == [2.0, 1.0]


def test_task_arithmetic_adds_scaled_deltas_and_subtracts_negative_weights() -> None:
    assert call("taskArithmetic", [[3, 1], [1, 5]], [1, 1], [1, -2], **{"lambda": 0.5}) == [2.0, -3.0]


@pytest.mark.parametrize(
    ("models", "weights", "density", "scale", "expected"),
    [
        # Trim 2 of 4: (4, -3, 0, 0) and (2, 2, 0, -5), since 2 ties with 2. Signs + - + -.
        ([[4, -3, 0.5, 1], [2, 2, -0.1, -5]], [1, 1], 0.5, 1, [3.0, -3.0, 0.0, -5.0]),
        # Opposite deltas cancel: a zero sum counts as +, so the positive one stays.
        ([[1, -2], [-1, 2]], [1, 1], 1, 1, [1.0, 2.0]),
        # Weights elect the sign (3 * 1 > 2) and weigh the mean: (3 * 1 + 1 * 5) / 4.
        ([[1, 1], [-2, 5]], [3, 1], 1, 1, [1.0, 2.0]),
        # lambda scales the mean.
        ([[2, 4], [4, 0]], [1, 1], 1, 0.5, [1.5, 2.0]),
        # A weight of zero has no say.
        ([[2, 2], [-9, 4]], [1, 0], 1, 1, [2.0, 2.0]),
        # A negative weight negates its task; the divisor stays positive.
        ([[2, 2], [2, -4]], [1, -1], 1, 1, [2.0, 3.0]),
        # Nothing was learned: the base stays.
        ([[0, 0], [0, 0]], [1, 1], 0.5, 1, [0.0, 0.0]),
    ],
)
def test_ties_by_hand(
    models: list[Any], weights: list[float], density: float, scale: float, expected: list[float]
) -> None:
    zeros = [0.0] * len(expected)
    assert call("ties", models, zeros, weights, density=density, **{"lambda": scale}) == expected


def test_trim_keeps_every_delta_that_equals_the_threshold() -> None:
    """The tie rule: at least k = ceil(density n) are kept, more where magnitudes equal the k-th largest."""
    assert trim(torch.tensor([1.0, -1.0, 1.0, 0.5]), 0.5).tolist() == [1.0, -1.0, 1.0, 0.0]
    assert trim(torch.tensor([3.0, -2.0, 1.0, 0.5]), 0.5).tolist() == [3.0, -2.0, 0.0, 0.0]
    assert trim(torch.tensor([3.0, -2.0, 1.0]), 0.4).tolist() == [3.0, -2.0, 0.0]
    assert trim(torch.tensor([3.0, 0.0, 0.0]), 0.9).tolist() == [3.0, 0.0, 0.0]


def test_trim_leaves_its_argument_as_it_was() -> None:
    delta = torch.tensor([3.0, 1.0])
    trim(delta, 0.5)
    assert delta.tolist() == [3.0, 1.0]


def linear_oracle(models: list[Array], base: Array, weights: list[float], density: str, scale: float) -> Array:
    return np.average(models, axis=0, weights=weights)


def arithmetic_oracle(models: list[Array], base: Array, weights: list[float], density: str, scale: float) -> Array:
    return base + scale * np.einsum("i,i...->...", weights, np.stack(models) - base)


def ties_oracle(models: list[Array], base: Array, weights: list[float], density: str, scale: float) -> Array:
    """Yadav et al. 2023, algorithm 1, one element at a time."""
    vectors = [(model - base).ravel() for model in models]
    k = ceil(Fraction(density) * vectors[0].size)
    for vector in vectors:
        vector[np.abs(vector) < sorted(np.abs(vector))[-k]] = 0
    result = np.empty(base.size)
    for place in range(base.size):
        votes = [weight * vector[place] for weight, vector in zip(weights, vectors, strict=True)]
        sign = 1 if sum(votes) >= 0 else -1
        agreeing = [(vote, weight) for vote, weight in zip(votes, weights, strict=True) if vote * sign > 0]
        divisor = sum(weight for _, weight in agreeing) or 1
        result[place] = sum(vote for vote, _ in agreeing) / divisor
    return base + scale * result.reshape(base.shape)


ORACLES = {"linear": linear_oracle, "taskArithmetic": arithmetic_oracle, "ties": ties_oracle}


@pytest.mark.parametrize("method", sorted(ORACLES))
@pytest.mark.parametrize("density", ["0.07", "0.5", "1"])
@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_methods_equal_the_papers_equations(method: str, density: str, count: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(count)
    base, *models = (torch.randn(20, 10, generator=generator).to(dtype).float() for _ in range(count + 1))
    weights = [float(w) for w in np.random.default_rng(count).uniform(0.5, 2, size=count)]
    parameters = {"density": float(density), "lambda": 0.7}
    got = METHODS[method].merge(models, base, weights, parameters).numpy()
    # The deltas are those of float32, as in the engine: the oracle must see the same ties.
    exact = [(model - base).double().numpy() + base.double().numpy() for model in models]
    expected = ORACLES[method](exact, base.double().numpy(), weights, density, 0.7)
    np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_method_leaves_its_arguments_as_they_were(method: str) -> None:
    models, base = [torch.ones(3), torch.full((3,), 2.0)], torch.zeros(3)
    METHODS[method].merge(models, base, [1, 2], {"density": 0.5, "lambda": 1})
    assert [model.tolist() for model in models] == [[1.0] * 3, [2.0] * 3]
    assert base.tolist() == [0.0] * 3


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("fault", [float("nan"), float("inf")])
def test_nan_and_infinity_reach_the_result(method: str, fault: float) -> None:
    models = [torch.tensor([1.0, fault, 2.0, 3.0]), torch.ones(4)]
    merged = METHODS[method].merge(models, torch.zeros(4), [1, 1], {"density": 0.5, "lambda": 1})
    assert not torch.isfinite(merged).all()
