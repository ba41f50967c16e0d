"""The methods against hand-computed cases and against the papers' equations in plain NumPy, in float64."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
import pytest
import torch
from merge_cases import BLENDS, SETTINGS, weights_of, whole

from lamdagent_gpu.merge.draws import Draws
from lamdagent_gpu.merge.passthrough import stacked_layers
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


def test_slerp_goes_along_the_arc() -> None:
    """A quarter circle: at t = 1/2 both have the weight sin 45 / sin 90; lengths stay in the sum."""
    half = float(np.sqrt(0.5))
    assert call("slerp", [[1, 0], [0, 1]], [0, 0], [1, 1], t=0.5) == pytest.approx([half, half])
    assert call("slerp", [[4, 0], [0, 2]], [0, 0], [1, 1], t=1 / 3) == pytest.approx([4 * np.sin(np.pi / 3), 1.0])


@pytest.mark.parametrize("other", [[2, 0], [-2, 0]])
def test_slerp_of_parallel_and_opposite_vectors_is_a_straight_line(other: list[float]) -> None:
    assert call("slerp", [[1, 0], other], [0, 0], [1, 1], t=0.25) == pytest.approx([0.75 + 0.25 * other[0], 0])


def test_nuslerp_turns_deltas_by_row() -> None:
    """The first row of deltas is perpendicular, the second parallel."""
    base, half = [[1, 1], [1, 1]], float(np.sqrt(0.5))
    models = [[[2, 1], [2, 2]], [[1, 2], [4, 4]]]
    got = np.array(call("nuslerp", models, base, [1, 1], t=0.5, grain="row"))
    np.testing.assert_allclose(got, [[1 + half, 1 + half], [3, 3]], rtol=1e-6)


def test_karcher_of_two_is_the_middle_of_the_arc_with_the_mean_length() -> None:
    half = float(np.sqrt(0.5))
    assert call("karcher", [[4, 0], [0, 2]], [0, 0], [1, 1]) == pytest.approx([3 * half, 3 * half])


def test_karcher_of_three_axes_is_their_diagonal() -> None:
    assert call("karcher", [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 0, 0], [1, 1, 1]) == pytest.approx([3**-0.5] * 3)


def test_karcher_survives_opposites_and_zeros() -> None:
    assert call("karcher", [[1, 0], [-1, 0]], [0, 0], [1, 1]) == [1.0, 0.0]  # no mean exists: the first
    assert call("karcher", [[0, 0], [0, 0]], [0, 0], [1, 1]) == [0.0, 0.0]
    assert call("karcher", [[0, 0], [0, 2]], [0, 0], [1, 1]) == [0.0, 1.0]


def test_model_stock_by_hand() -> None:
    """cos = 1/2 for two models: t = 2 (1/2) / (1 + 1/2) = 2/3 of the way to the mean."""
    one, two = [2, 0], [1, 3**0.5]
    assert call("modelStock", [one, two], [0, 0], [1, 1]) == pytest.approx([1.0, 3**0.5 / 3])
    assert call("modelStock", [[1, 0], [0, 1]], [0, 0], [1, 1]) == [0.0, 0.0]  # orthogonal: the base
    assert call("modelStock", [[2, 1], [2, 1]], [1, 1], [1, 1]) == pytest.approx([2.0, 1.0])  # equal: the models


def test_breadcrumbs_leave_out_both_ends() -> None:
    """Of 10 magnitudes the largest 1 is an outlier, the next 5 stay; 3 equals the lowest that stays, so it does too."""
    delta = [10, 1, 2, 3, -3, 4, 5, 6, -7, 0]
    got = call("breadcrumbs", [delta, [0] * 10], [0] * 10, [1, 1], density=0.5, outliers=0.1, **{"lambda": 1})
    assert got == [0, 0, 0, 3, -3, 4, 5, 6, -7, 0]


def test_breadcrumbs_keep_equal_outliers_that_are_more_than_their_share() -> None:
    got = call("breadcrumbs", [[5, 5, 5, 1], [0] * 4], [0] * 4, [1, 1], density=0.5, outliers=0.25, **{"lambda": 1})
    assert got == [5, 5, 5, 0]


def test_sce_by_hand() -> None:
    """Half of the places vary most: 0 and 1. eta = (25, 5) / 30. Signs: +, +; at place 1 the second model dissents."""
    got = call("sce", [[3, 4, 1, 0], [-1, -2, 1, 0]], [0] * 4, [1, 1], density=0.5, **{"lambda": 1})
    assert got == pytest.approx([3.0, 4.0, 0.0, 0.0])
    both = call("sce", [[3, 4], [1, 2]], [0, 0], [1, 1], density=1, **{"lambda": 1})
    assert both == pytest.approx([(25 * 3 + 5 * 1) / 30, (25 * 4 + 5 * 2) / 30])


def test_della_keeps_by_rank_in_each_row() -> None:
    """With the widest window the smallest of a row never stays, the largest always does, at its own size."""
    row = torch.tensor([[1.0, -8.0, 3.0], [5.0, 0.5, -0.1]])
    for content in "abcdefgh":
        got = whole(
            "della", [row, torch.zeros_like(row)], torch.zeros_like(row), contents=[content, "z"], density=0.5,
            window=0.5, **{"lambda": 1},
        )  # fmt: skip
        assert got[0, 0] == 0
        assert got[1, 2] == 0
        assert got[0, 1] == -8
        assert got[1, 0] == 5
        assert float(got[0, 2]) in (0.0, 6.0)


def test_the_widest_stack_of_the_paper() -> None:
    """Depth up-scaling: 32 layers twice, without the last and the first 8."""
    assert stacked_layers(2, 32, 0.75) == [(0, n) for n in range(24)] + [(1, n) for n in range(8, 32)]
    assert stacked_layers(3, 4, 0.5) == [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3)]
    assert stacked_layers(2, 2, 0.05) == [(0, 0), (1, 1)]


def linear_oracle(models: list[Array], base: Array, weights: list[float], own: dict[str, Any]) -> Array:
    return np.average(models, axis=0, weights=weights)


def arithmetic_oracle(models: list[Array], base: Array, weights: list[float], own: dict[str, Any]) -> Array:
    return base + own["lambda"] * np.einsum("i,i...->...", weights, np.stack(models) - base)


def ties_oracle(models: list[Array], base: Array, weights: list[float], own: dict[str, Any]) -> Array:
    """Yadav et al. 2023, algorithm 1, one element at a time."""
    vectors = [model - base for model in models]
    k = kept(own["density"], base.size)
    for vector in vectors:
        vector[np.abs(vector) < np.sort(np.abs(vector), axis=None)[-k]] = 0
    return base + own["lambda"] * elect_and_average(vectors, weights)


def elect_and_average(vectors: list[Array], weights: list[float]) -> Array:
    result = np.empty(vectors[0].shape)
    for place in np.ndindex(result.shape):
        votes = [weight * vector[place] for weight, vector in zip(weights, vectors, strict=True)]
        sign = 1 if sum(votes) >= 0 else -1
        agreeing = [(vote, weight) for vote, weight in zip(votes, weights, strict=True) if vote * sign > 0]
        divisor = sum(weight for _, weight in agreeing) or 1
        result[place] = sum(vote for vote, _ in agreeing) / divisor
    return result


def kept(density: float, count: int) -> int:
    return ceil(Fraction(str(density)) * count)


def uniform(index: int, shape: tuple[int, ...]) -> Array:
    """The model's random numbers in [0, 1); that they are uniform is tested elsewhere."""
    content = ("one", "two", "three", "four", "five")[index]
    return Draws("1", content, "w").bits(0, int(np.prod(shape))).reshape(shape) / 2.0**32


def dare(models: list[Array], base: Array, own: dict[str, Any]) -> list[Array]:
    """Yu et al. 2023, equations 2 and 3, with 1 - p the density."""
    keep = own["density"]
    return [(model - base) * (uniform(i, base.shape) < keep) / keep for i, model in enumerate(models)]


def dare_linear_oracle(models: list[Array], base: Array, weights: list[float], own: dict[str, Any]) -> Array:
    return base + own["lambda"] * np.einsum("i,i...->...", weights, np.stack(dare(models, base, own)))


def dare_ties_oracle(models: list[Array], base: Array, weights: list[float], own: dict[str, Any]) -> Array:
    return base + own["lambda"] * elect_and_average(dare(models, base, own), weights)


def della_oracle(models: list[Array], base: Array, weights: list[float], own: dict[str, Any]) -> Array:
    """Deep et al. 2024, section 3, row by row."""
    width = min(own["window"], own["density"], 1 - own["density"])
    pruned = []
    for index, model in enumerate(models):
        delta, draws = model - base, uniform(index, base.shape)
        for row in range(len(delta)):
            for rank, place in enumerate(np.argsort(np.abs(delta[row]), kind="stable")):
                keep = own["density"] + width * (2 * rank / (delta.shape[1] - 1) - 1)
                delta[row, place] = delta[row, place] / keep if draws[row, place] < keep else 0
        pruned.append(delta)
    return base + own["lambda"] * elect_and_average(pruned, weights)


def breadcrumbs_oracle(models: list[Array], base: Array, weights: list[float], own: dict[str, Any]) -> Array:
    """Davari and Belilovsky 2023, section 3: a mask by the order of magnitudes."""
    above = floor(Fraction(str(own["outliers"])) * base.size)
    total = base.copy()
    for model, weight in zip(models, weights, strict=True):
        delta = model - base
        falling = np.sort(np.abs(delta), axis=None)[::-1]
        low = falling[min(base.size, above + kept(own["density"], base.size)) - 1]
        inside = (np.abs(delta) >= low) & (np.abs(delta) <= falling[above])
        total += own["lambda"] * weight * delta * inside
    return total


def sce_oracle(models: list[Array], base: Array, weights: list[float], own: dict[str, Any]) -> Array:
    """Wan et al. 2024, section 3.3: select, calculate, erase."""
    deltas = np.stack(models) - base
    variance = deltas.var(axis=0)
    deltas = deltas * (variance >= np.sort(variance, axis=None)[-kept(own["density"], base.size)])
    eta = (deltas**2).sum(axis=tuple(range(1, deltas.ndim)))
    eta = (eta / eta.sum()).reshape(-1, *[1] * base.ndim)
    agrees = np.sign(deltas) == np.where(deltas.sum(axis=0) >= 0, 1, -1)
    divisor = (eta * agrees).sum(axis=0)
    return base + own["lambda"] * (eta * agrees * deltas).sum(axis=0) / np.where(divisor == 0, 1, divisor)


def model_stock_oracle(models: list[Array], base: Array, weights: list[float], own: dict[str, Any]) -> Array:
    """Jang et al. 2024, equation 5."""
    deltas = [(model - base).ravel() for model in models]
    pairs = [(one, two) for i, one in enumerate(deltas) for two in deltas[i + 1 :]]
    cosine = np.mean([one @ two / np.linalg.norm(one) / np.linalg.norm(two) for one, two in pairs])
    t = len(models) * cosine / (1 + (len(models) - 1) * cosine)
    return t * np.mean(models, axis=0) + (1 - t) * base if cosine > 0 else base


def slerp_of(one: Array, two: Array, t: float) -> Array:
    angle = np.arccos(np.sum(one * two) / np.linalg.norm(one) / np.linalg.norm(two))
    return (np.sin((1 - t) * angle) * one + np.sin(t * angle) * two) / np.sin(angle)


def slerp_oracle(models: list[Array], base: Array, weights: list[float], own: dict[str, Any]) -> Array:
    return slerp_of(models[0], models[1], own["t"])


def nuslerp_oracle(models: list[Array], base: Array, weights: list[float], own: dict[str, Any]) -> Array:
    rows = zip(models[0] - base, models[1] - base, strict=True)
    return base + np.stack([slerp_of(one, two, own["t"]) for one, two in rows])


def karcher_oracle(models: list[Array], base: Array, weights: list[float], own: dict[str, Any]) -> Array:
    """The fixed-point iteration on the vectors themselves, a thousand rounds of it."""
    vectors, shares = np.stack([model.ravel() for model in models]), np.array(weights) / sum(weights)
    lengths = np.linalg.norm(vectors, axis=1)
    units = vectors / lengths[:, None]
    mean = shares @ units
    for _ in range(1000):
        mean /= np.linalg.norm(mean)
        angles = np.arccos(np.clip(units @ mean, -1, 1))
        step = (shares * angles / np.sin(angles)) @ (units - np.outer(units @ mean, mean))
        size = np.linalg.norm(step)
        if size < 1e-14:
            break
        mean = np.cos(size) * mean + np.sin(size) * step / size
    return (shares @ lengths * mean).reshape(base.shape)


ORACLES = {
    "linear": linear_oracle,
    "taskArithmetic": arithmetic_oracle,
    "ties": ties_oracle,
    "dareLinear": dare_linear_oracle,
    "dareTies": dare_ties_oracle,
    "della": della_oracle,
    "breadcrumbs": breadcrumbs_oracle,
    "sce": sce_oracle,
    "modelStock": model_stock_oracle,
    "slerp": slerp_oracle,
    "nuslerp": nuslerp_oracle,
    "karcher": karcher_oracle,
}


def test_every_method_that_blends_has_its_equation_here() -> None:
    assert sorted(ORACLES) == BLENDS


@pytest.mark.parametrize("method", sorted(ORACLES))
@pytest.mark.parametrize("density", [0.07, 0.5, 1])
@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_methods_equal_the_papers_equations(method: str, density: float, count: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(count)
    count = min(count, METHODS[method].most_models)
    base, shared, *models = (torch.randn(20, 10, generator=generator) for _ in range(count + 2))
    base, *models = (one.to(dtype).float() for one in (base, *(base + shared + model for model in models)))
    weights = [float(w) for w in np.random.default_rng(count).uniform(0.5, 2, size=count)]
    if not METHODS[method].weighted:
        weights = [1.0] * count
    got = whole(
        method, models, base, weights=weights, **({"density": density} if "density" in SETTINGS[method] else {})
    )
    # The deltas are those of float32, as in the engine: the oracle must see the same ties.
    exact = [(model - base).double().numpy() + base.double().numpy() for model in models]
    own = {**SETTINGS[method], "density": density}
    expected = ORACLES[method](exact, base.double().numpy(), weights, own)
    np.testing.assert_allclose(got.numpy(), expected, rtol=2e-5, atol=4e-6 / density)


@pytest.mark.parametrize("method", BLENDS)
def test_a_method_leaves_its_arguments_as_they_were(method: str) -> None:
    models, base = [torch.ones(3), torch.full((3,), 2.0)], torch.zeros(3)
    whole(method, models, base, weights=weights_of(method)[:2])
    assert [model.tolist() for model in models] == [[1.0] * 3, [2.0] * 3]
    assert base.tolist() == [0.0] * 3


@pytest.mark.parametrize("method", BLENDS)
@pytest.mark.parametrize("fault", [float("nan"), float("inf")])
def test_nan_and_infinity_reach_the_result(method: str, fault: float) -> None:
    models = [torch.tensor([1.0, fault, 2.0, 3.0]), torch.ones(4)]
    assert not torch.isfinite(whole(method, models, torch.zeros(4))).all()
