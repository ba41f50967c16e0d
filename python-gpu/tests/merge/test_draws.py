"""Random masks depend on seed, weights, tensor and place, and on nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import World
from merge_cases import add_model, merged, random_tensors, whole

from lamdagent_gpu.merge.draws import Draws

COUNT = 200_000
FIXED = [1816797055, 1005939372, 380921478, 1366602221]


def test_any_piece_of_a_stream_can_be_made_alone() -> None:
    draws = Draws("7", "content", "tensor")
    stream = draws.bits(0, 1000)
    for start, count in [(0, 1), (1, 1), (3, 20), (8, 8), (7, 993), (999, 1), (500, 0)]:
        assert np.array_equal(draws.bits(start, count), stream[start : start + count])


def test_streams_are_fixed_for_all_time() -> None:
    """A stage's weights must not change with a library: these words were drawn once."""
    assert Draws("1", "content", "tensor").bits(5, 4).tolist() == FIXED


def test_seed_weights_and_tensor_each_give_another_stream() -> None:
    streams = [
        Draws(*key).bits(0, COUNT) for key in [("1", "a", "t"), ("2", "a", "t"), ("1", "b", "t"), ("1", "a", "u")]
    ]
    for index, one in enumerate(streams):
        for other in streams[index + 1 :]:
            assert np.mean(one == other) < 1e-4
            shared = np.mean((one < 2**31) == (other < 2**31))
            assert abs(shared - 0.5) < 0.01  # 9 standard deviations


def test_words_are_uniform_in_every_bit() -> None:
    words = Draws("1", "a", "t").bits(0, COUNT)
    for bit in range(32):
        assert abs(np.mean((words >> np.uint32(bit)) & np.uint32(1)) - 0.5) < 0.006  # 5 standard deviations
    assert abs(np.mean(words / 2.0**32) - 0.5) < 0.004


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9])
def test_the_kept_share_is_the_density(share: float) -> None:
    kept = Draws("1", "a", "t").kept(0, COUNT, share)
    assert abs(float(kept.double().mean()) - share) < 5 * (share * (1 - share) / COUNT) ** 0.5


@pytest.mark.parametrize("method", ["dareLinear", "dareTies", "della"])
def test_the_expected_delta_stays(method: str) -> None:
    """Dropping and rescaling is unbiased: over a large tensor the mean of one model's deltas is what it was."""
    row = torch.rand(400, 500, generator=torch.Generator().manual_seed(1)) + 0.5
    got = whole(method, [row, torch.zeros_like(row)], torch.zeros_like(row), density=0.3, **{"lambda": 1})
    assert abs(float(got.mean()) / float(row.mean()) - 1) < 0.02


def test_another_seed_or_model_drops_others_and_the_same_again_the_same(world: World) -> None:
    one, two, base = (add_model(world, digit, random_tensors(seed)) for digit, seed in (("1", 1), ("2", 2), ("b", 9)))
    copy = add_model(world, "c", random_tensors(1))  # another id, the same weights
    first = merged(world, [one, two], "dareLinear", base=base)
    again = merged(world, [copy, two], "dareLinear", base=base)
    assert all(torch.allclose(tensor, again[name], atol=1e-6) for name, tensor in first.items())
    kept = first["layer.weight"] != random_tensors(9)["layer.weight"]
    assert 0.3 < float(kept.float().mean()) < 0.95
