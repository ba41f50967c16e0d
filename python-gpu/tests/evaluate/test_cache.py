"""Keys and values in place: the numbers of transformers' own cache, to the bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny_models import MODELS, tiny_model
from transformers import DynamicCache

from lamdagent_gpu.evaluate import cache as module
from lamdagent_gpu.evaluate.cache import RoomyLayer, for_rows, is_roomy, keep_rows, roomy

LENGTH = 6


def passes(model: Any, steps: list[list[bool]], *, own: bool) -> list[torch.Tensor]:
    """Logits of a first pass over 5 rows, then of one token a step for the rows kept so far."""
    choose = torch.Generator().manual_seed(1)
    ids = torch.randint(4, 50, (5, LENGTH), generator=choose)
    mask = torch.ones(5, LENGTH + len(steps), dtype=torch.long)
    mask[1, :3] = 0
    found = []
    with torch.inference_mode():
        out = model(input_ids=ids, attention_mask=mask[:, :LENGTH], use_cache=True)
        cache = roomy(out.past_key_values) if own else out.past_key_values
        for step, kept in enumerate(steps):
            rows = keep_rows(cache, kept, "cpu")
            mask = mask[rows]
            length = LENGTH + step + 1
            positions = mask[:, :length].sum(-1, keepdim=True) - 1
            tokens = torch.randint(4, 50, (len(rows), 1), generator=choose)
            out = model(
                input_ids=tokens, attention_mask=mask[:, :length], position_ids=positions, past_key_values=cache,
                use_cache=True,
            )  # fmt: skip
            found.append(out.logits)
    return found


@pytest.mark.parametrize("name", sorted(MODELS))
def test_rows_that_leave_and_tokens_that_come_change_no_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM", 2)
    model = tiny_model(name)
    steps = [
        [True] * 5,
        [True, False, True, True, True],
        [True] * 4,
        [False, True, False, True],
        [True] * 2,
        [False, True],
    ]
    mine, theirs = passes(model, steps, own=True), passes(model, steps, own=False)
    assert all(torch.equal(left, right) for left, right in zip(mine, theirs, strict=True))


def full(rows: int = 3) -> Any:
    keys = torch.arange(rows * 2 * 4 * 2.0).reshape(rows, 2, 4, 2)
    cache = DynamicCache()
    cache.update(keys, keys + 100, 0)
    return roomy(cache)


def test_rows_at_the_end_fill_the_gaps() -> None:
    cache = full(rows=6)
    before, where = cache.layers[0].keys.clone(), cache.layers[0].keys.data_ptr()
    assert keep_rows(cache, [False, True, False, True, False, True], "cpu").tolist() == [3, 1, 5]
    assert torch.equal(cache.layers[0].keys, before[[3, 1, 5]])
    assert torch.equal(cache.layers[0].values, before[[3, 1, 5]] + 100)
    assert cache.layers[0].keys.data_ptr() == where


def test_a_token_is_written_without_a_copy_of_those_before_it() -> None:
    cache = full()
    one = torch.ones(3, 2, 1, 2)
    cache.update(one, one, 0)
    where = cache.layers[0].keys.data_ptr()
    for _ in range(module.ROOM):
        cache.update(one, one, 0)
    assert cache.layers[0].keys.data_ptr() == where
    assert cache.get_seq_length() == 4 + 1 + module.ROOM


def test_rows_may_be_taken_again_and_again_and_the_given_cache_stays() -> None:
    cache = full()
    before = cache.layers[0].keys.clone()
    made = for_rows(cache, torch.tensor([2, 0, 2, 2]), room=3)
    assert torch.equal(made.layers[0].keys, before[[2, 0, 2, 2]])
    assert torch.equal(made.layers[0].values, before[[2, 0, 2, 2]] + 100)
    made.update(torch.ones(4, 2, 3, 2), torch.ones(4, 2, 3, 2), 0)
    assert torch.equal(cache.layers[0].keys, before)
    assert made.get_seq_length() == 7


def test_attention_may_have_the_room_too_which_is_zeros_without_a_gap() -> None:
    cache = full(rows=6)
    module.show_room(cache)
    one = torch.ones(6, 2, 1, 2)
    for number in range(1, module.ROOM + 3):
        keys, values = cache.update(one, one, 0)
        rows, _, slots, _ = keys.shape
        assert slots == (5 + module.ROOM if number <= module.ROOM + 1 else 6 + 2 * module.ROOM)
        assert torch.equal(keys[:, :, : 4 + number], cache.layers[0].keys)
        assert all(one.is_contiguous() and not one[:, :, 4 + number :].any() for one in (keys, values))
        assert cache.get_seq_length() == 4 + number
        if number == 2:
            keep_rows(cache, [True, False, True, True, False, True], "cpu")
            one = one[:4]
    assert rows == 4


def test_layers_with_windows_stay_as_they_are() -> None:
    model = tiny_model("gemma2")
    with torch.inference_mode():
        cache = roomy(model(input_ids=torch.tensor([[4, 5, 6]]), use_cache=True).past_key_values)
    assert [isinstance(layer, RoomyLayer) for layer in cache.layers] == [False, True]
    assert not is_roomy(cache)
