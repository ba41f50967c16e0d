"""Our results against mergekit 0.1.5's, tensor by tensor in float32: equal where both do the same, and each known
difference shown by its cause: with the cause removed they are equal too.

mergekit is an extra requirement (`requirements-mergekit.txt`): these tests are skipped without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from merge_cases import whole

from lamdagent_gpu.merge.della import keep_probabilities
from lamdagent_gpu.merge.draws import Draws
from lamdagent_gpu.merge.gradient import gradient_of
from lamdagent_gpu.merge.ties import threshold

base_module = pytest.importorskip(
    "mergekit.merge_methods.base",
    reason="mergekit is not installed: pip install --no-deps -r python-gpu/requirements-mergekit.txt",
)

Tensor = torch.Tensor
SHAPE = (40, 30)
CONTENTS = ("one", "two", "three")


@pytest.fixture
def tensors() -> list[Tensor]:
    """A base and three models whose deltas have something in common; no two magnitudes are equal."""
    generator = torch.Generator().manual_seed(11)
    base, shared, *own = (torch.randn(SHAPE, generator=generator) for _ in range(5))
    return [base, *(base + 0.1 * shared + 0.1 * one for one in own)]


def theirs(method: str, base: Tensor | None, models: Sequence[Tensor], **parameters: Any) -> Tensor:
    """mergekit's method on one tensor, its parameters by their own names; the base comes first."""
    from mergekit.merge_methods import registry

    given = [*models] if base is None else [base, *models]
    group = base_module.TensorGroup.from_tensors(given, base_index=None if base is None else 0)
    (result,) = registry.get(method)([group], parameters=parameters)
    merged: Tensor = result
    return merged


def same(ours: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(ours, other, rtol=1e-5, atol=1e-6)


def differs(ours: Tensor, other: Tensor) -> None:
    assert not torch.allclose(ours, other, rtol=1e-3, atol=1e-4)


WEIGHTS = [1.0, 2.0, 0.5]


def test_linear_and_task_arithmetic(tensors: list[Tensor]) -> None:
    base, *models = tensors
    same(whole("linear", models, base, weights=WEIGHTS), theirs("linear", None, models, weight=WEIGHTS))
    negative = [1.0, -0.5, 2.0]
    same(
        whole("taskArithmetic", models, base, weights=negative),
        theirs("task_arithmetic", base, models, weight=negative, **{"lambda": 0.7}),
    )


class TestTies:
    def test_is_the_same_where_nothing_is_rounded_or_equal(self, tensors: list[Tensor]) -> None:
        base, *models = tensors
        for density in (0.25, 0.5, 1):  # of 1200 elements
            same(
                whole("ties", models, base, weights=WEIGHTS, density=density),
                theirs("ties", base, models, weight=WEIGHTS, density=density, **{"lambda": 0.7}),
            )

    def test_rounds_the_number_kept_up_where_they_round_down(self, tensors: list[Tensor]) -> None:
        base, *models = tensors
        ours = whole("ties", models, base, density=0.333)  # 399.6 of 1200
        differs(ours, theirs("ties", base, models, weight=1, density=0.333, **{"lambda": 0.7}))
        same(ours, theirs("ties", base, models, weight=1, density=400 / 1200, **{"lambda": 0.7}))

    def test_keeps_all_that_equal_the_threshold_where_they_keep_the_first(self, tensors: list[Tensor]) -> None:
        """Their choice among equals follows the places in an unstable sort; in bfloat16 many are equal."""
        base, *models = (tensor.bfloat16().float() for tensor in tensors)
        ours = whole("ties", models, base, density=0.5)
        other = theirs("ties", base, models, weight=1, density=0.5, **{"lambda": 0.7})
        at_threshold = torch.zeros(SHAPE, dtype=torch.bool)
        for model in models:
            delta = model - base
            at_threshold |= delta.abs() == threshold(delta, 0.5)
        assert 0 < int(at_threshold.sum()) < 400
        differs(ours, other)
        same(ours[~at_threshold], other[~at_threshold])

    def test_subtracts_in_float32_where_they_do_in_the_models_own_type(self, tensors: list[Tensor]) -> None:
        base, *models = (tensor.bfloat16() for tensor in tensors)
        ours = whole("ties", [model.float() for model in models], base.float(), density=1)
        differs(ours, theirs("ties", base, models, weight=1, density=1, **{"lambda": 0.7}).float())
        floats = theirs("ties", base.float(), [one.float() for one in models], weight=1, density=1, **{"lambda": 0.7})
        same(ours, floats)

    def test_divides_by_magnitudes_of_weights_where_they_divide_by_weights(self, tensors: list[Tensor]) -> None:
        """With -1 as a weight their divisor is negative or 0; ours is what negating that model's task gives in both."""
        base, one, two, _ = tensors
        ours = whole("ties", [one, two], base, weights=[1, -1], density=0.5)
        differs(ours, theirs("ties", base, [one, two], weight=[1, -1], density=0.5, **{"lambda": 0.7}))
        negated = base - (two - base)
        same(ours, theirs("ties", base, [one, negated], weight=1, density=0.5, **{"lambda": 0.7}))


@pytest.fixture
def our_masks(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """mergekit draws from torch's global generator, in the order of tensors; here it draws our numbers.

    Gives the probabilities it asked for."""
    asked: list[Tensor] = []

    def bernoulli(shares: Tensor) -> Tensor:
        draws = Draws("1", CONTENTS[len(asked)], "w")
        asked.append(shares)
        return draws.kept_each(0, shares.double().reshape(-1)).reshape(shares.shape).float()

    monkeypatch.setattr(torch, "bernoulli", bernoulli)
    return asked


class TestDare:
    def test_rescales_by_the_density_where_they_keep_the_sum_of_magnitudes(
        self, tensors: list[Tensor], our_masks: list[Tensor]
    ) -> None:
        """1 / (1 - p) is the paper's; theirs is the ratio of the sums before and after, which is near it."""
        base, one, *_ = tensors
        ours = whole("dareLinear", [one, base], base, density=0.25)
        theirs_rescaled = theirs("dare_linear", base, [one], weight=1, density=0.25, **{"lambda": 0.7})
        differs(ours, theirs_rescaled)
        delta, kept = one - base, Draws("1", "one", "w").kept(0, one.numel(), 0.25).reshape(SHAPE)
        ratio = float(delta.abs().sum() / (delta * kept).abs().sum())
        assert 3.5 < ratio < 4.5
        same(base + (ours - base) * (ratio * 0.25), theirs_rescaled)

    def test_is_the_same_without_their_rescaling(self, tensors: list[Tensor], our_masks: list[Tensor]) -> None:
        base, *models = tensors
        same(
            whole("dareLinear", models, base, weights=WEIGHTS, density=0.25),
            theirs("dare_linear", base, models, weight=WEIGHTS, density=0.25, rescale=False, **{"lambda": 0.7 * 4}),
        )

    def test_with_ties_averages_where_they_add_unless_told_to_normalize(
        self, tensors: list[Tensor], our_masks: list[Tensor]
    ) -> None:
        base, *models = tensors
        ours = whole("dareTies", models, base, weights=WEIGHTS, density=0.25)
        settings = {"weight": WEIGHTS, "density": 0.25, "rescale": False, "lambda": 0.7 * 4}
        same(ours, theirs("dare_ties", base, models, normalize=True, **settings))
        our_masks.clear()
        differs(ours, theirs("dare_ties", base, models, **settings))


class TestDella:
    def test_has_the_same_probabilities(self, tensors: list[Tensor], our_masks: list[Tensor]) -> None:
        base, *models = tensors
        theirs("della", base, models, weight=1, density=0.4, epsilon=0.2)
        for model, asked in zip(models, our_masks, strict=True):
            same(keep_probabilities(model - base, 0.4, 0.2).float(), asked)

    def test_rescales_each_by_its_probability_where_they_keep_the_sum_of_magnitudes(
        self, tensors: list[Tensor], our_masks: list[Tensor], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """1 / (1 - p_i) is the paper's and its authors' program's."""
        base, *models = tensors
        settings = {"weight": WEIGHTS, "density": 0.4, "epsilon": 0.2, "lambda": 0.7}
        ours = whole("della", models, base, weights=WEIGHTS, density=0.4, window=0.2)
        differs(ours, theirs("della", base, models, **settings))
        our_masks.clear()

        def by_probability(delta: Tensor, mask: Tensor, norm: object) -> Tensor:
            return delta * mask / our_masks[-1]

        monkeypatch.setattr("mergekit.sparsify.rescaled_masked_tensor", by_probability)
        same(ours, theirs("della", base, models, **settings))


class TestBreadcrumbs:
    def test_is_the_same_where_nothing_is_rounded_or_equal(self, tensors: list[Tensor]) -> None:
        base, *models = tensors
        same(
            whole("breadcrumbs", models, base, weights=WEIGHTS, density=0.5, outliers=0.05),
            theirs("breadcrumbs", base, models, weight=WEIGHTS, density=0.5, gamma=0.05, **{"lambda": 0.7}),
        )

    def test_leaves_out_outliers_where_they_keep_the_density(self, tensors: list[Tensor]) -> None:
        """density + outliers > 1 cannot both be had."""
        base, *models = tensors
        ours = whole("breadcrumbs", models, base, density=0.95, outliers=0.1)
        differs(ours, theirs("breadcrumbs", base, models, weight=1, density=0.95, gamma=0.1, **{"lambda": 0.7}))
        same(ours, theirs("breadcrumbs", base, models, weight=1, density=0.9, gamma=0.1, **{"lambda": 0.7}))


class TestSce:
    def test_is_the_same_where_nothing_is_rounded_or_equal(self, tensors: list[Tensor]) -> None:
        base, *models = tensors
        for density in (0.25, 1):
            ours = whole("sce", models, base, density=density, **{"lambda": 1})
            same(ours, theirs("sce", base, models, select_topk=density))

    def test_counts_all_places_where_they_count_those_that_vary(self, tensors: list[Tensor]) -> None:
        base, *models = tensors
        half = torch.arange(SHAPE[0])[:, None] < SHAPE[0] // 2
        models = [torch.where(half, model, base) for model in models]
        ours = whole("sce", models, base, density=0.25, **{"lambda": 1})
        differs(ours, theirs("sce", base, models, select_topk=0.25))
        same(ours, theirs("sce", base, models, select_topk=0.5))

    def test_weighs_small_deltas_like_large_ones_where_they_stop_weighing(self, tensors: list[Tensor]) -> None:
        """Below a mean square of 10^-6, common after fine-tuning, theirs are plain means; ours scale with the deltas."""
        base, *models = tensors
        zeros = torch.zeros(SHAPE)
        deltas = [(model - base) * size for model, size in zip(models, (1, 2, 3), strict=True)]
        small = [delta * 2**-10 for delta in deltas]
        ours = whole("sce", small, zeros, density=1, **{"lambda": 1}) * 2**10
        same(ours, whole("sce", deltas, zeros, density=1, **{"lambda": 1}))
        same(ours, theirs("sce", zeros, deltas))
        differs(ours, theirs("sce", zeros, small) * 2**10)


class TestModelStock:
    def test_is_the_same_for_deltas_that_agree(self, tensors: list[Tensor]) -> None:
        base, *models = tensors
        same(whole("modelStock", models, base), theirs("model_stock", base, models))
        same(whole("modelStock", models[:2], base), theirs("model_stock", base, models[:2]))

    def test_stays_at_the_base_for_opposed_deltas_where_they_go_the_other_way(self, tensors: list[Tensor]) -> None:
        base, one, two, _ = tensors
        opposed = [one, base - (two - base)]
        assert torch.equal(whole("modelStock", opposed, base), base)
        other = theirs("model_stock", base, opposed)
        mean = (opposed[0] + opposed[1]) / 2
        assert float(((other - base) * (mean - base)).sum()) < 0


class TestArcs:
    """Angles come from sums over whole tensors. Theirs are float32, ours float64: given float64 they find the same."""

    def test_slerp(self, tensors: list[Tensor]) -> None:
        _, one, two, _ = tensors
        for pair in ((one, two), (one, -two), (one, 3 * one), (one, torch.zeros(SHAPE))):
            first, second = (tensor.double() for tensor in pair)
            ours = whole("slerp", pair, one, t=0.3)
            same(ours, theirs("slerp", first, [second], t=0.3).float())
            torch.testing.assert_close(ours, theirs("slerp", pair[0], [pair[1]], t=0.3), rtol=1e-4, atol=1e-5)

    def test_nuslerp(self, tensors: list[Tensor]) -> None:
        base, one, two, _ = tensors
        for grain, flat in (("tensor", True), ("row", False)):
            ours = whole("nuslerp", [one, two], base, t=0.3, grain=grain)
            same(ours, theirs("nuslerp", base, [one, two], weight=[0.7, 0.3], nuslerp_flatten=flat))

    def test_karcher_converges_where_they_stop(self, tensors: list[Tensor]) -> None:
        """They stop after 10 rounds or at a step below 10^-5; told to go on, in float64, they arrive where we do."""
        near = tensors[1:]
        far = [torch.tensor(one) for one in ([1.0, 0, 0], [1.8, 0.2, 0], [0, 1, 0.2], [0.1, 0, 3])]
        for models in (near, far):
            ours = whole("karcher", models, models[0])
            doubles = [model.double() for model in models]
            same(ours, theirs("karcher", None, doubles, max_iter=1000, tol=1e-12).float())
            torch.testing.assert_close(ours, theirs("karcher", None, models), rtol=1e-3, atol=2e-5)
        stopped = theirs("karcher", None, [model.double() for model in far], max_iter=1).float()
        assert not torch.allclose(whole("karcher", far, far[0]), stopped, rtol=1e-4, atol=1e-5)


def test_gradients_are_interpolated_alike() -> None:
    from mergekit.config import ConditionalParameter, evaluate_setting

    written = [ConditionalParameter(filter="mlp", value=[0, 0.4, 1]), ConditionalParameter(value=[0.3, 0.9])]
    ours = gradient_of("mlp: 0, 0.4, 1; 0.3, 0.9")
    for depth in (0, 0.2, 0.5, 0.77, 1):
        for name in ("model.layers.1.mlp.up_proj.weight", "model.layers.1.self_attn.q_proj.weight"):
            other = evaluate_setting(name, written, depth, validate=float)
            assert ours.at(name, depth) == pytest.approx(other)
