"""Packing: nothing that is learnt gets lost, and packed rows do not see each other."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from conftest import TRAINING, World

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.data import IGNORED
from lamdagent_gpu.train.layout import layout, padded_packs
from lamdagent_gpu.train.model import load_model
from lamdagent_gpu.train.packing import best_fit, pack, positions, tokens_of
from lamdagent_gpu.train.rows import KEPT

Example = dict[str, Any]


def example(length: int, start: int = 0, prompt: int = 1) -> Example:
    ids = [4 + (start + place) % 90 for place in range(length)]
    return {"input_ids": ids, "labels": [IGNORED] * prompt + ids[prompt:]}


def losses_of(examples: list[Example]) -> list[tuple[int, int]]:
    """(the token before, the token) wherever there is a loss: the first place of a sequence never has one."""
    return sorted(
        (one["input_ids"][place - 1], one["labels"][place])
        for one in examples
        for place in range(1, len(one["labels"]))
        if one["labels"][place] != IGNORED
    )


def test_every_token_with_a_loss_keeps_it_once_with_the_token_before_it() -> None:
    draw = random.Random(1)
    rows = [example(draw.randint(2, 60), start=17 * row, prompt=draw.randint(1, 2)) for row in range(40)]
    packs = pack(rows, 16)
    assert losses_of(packs) == losses_of(rows)
    assert max(len(one["input_ids"]) for one in packs) <= 16
    assert all(sum(one["lengths"]) == len(one["input_ids"]) == len(one["labels"]) for one in packs)


def test_a_row_is_split_only_when_it_is_longer_than_a_sequence() -> None:
    assert [one["lengths"] for one in pack([example(16), example(9), example(7)], 16)] == [[16], [9, 7]]
    pieces = pack([example(20)], 16)
    assert sorted(length for one in pieces for length in one["lengths"]) == [5, 16]


def test_a_piece_without_any_loss_is_left_out() -> None:
    assert [one["lengths"] for one in pack([example(30, prompt=17)], 16)] == [[15]]


def test_best_fit_fills_the_fullest_sequence_that_has_room() -> None:
    assert best_fit([5, 9, 4, 2, 10], 12) == [[4, 3], [1], [0, 2]]
    draw = random.Random(2)
    sizes = [draw.randint(1, 64) for _ in range(500)]
    sequences = best_fit(sizes, 64)
    assert sorted(place for one in sequences for place in one) == list(range(500))
    filled = [sum(sizes[place] for place in one) for one in sequences]
    assert max(filled) <= 64
    assert sum(filled) / (64 * len(filled)) > 0.95


def test_packed_rows_give_the_logits_that_they_give_alone(world: World) -> None:
    model = load_model(world.store.open(world.model), "cpu")
    rows = [example(length, start=length) for length in (11, 6, 5, 9)]
    packs = pack(rows, 16)
    batch = padded_packs(0)(packs)
    assert tokens_of(batch["position_ids"]) == 31
    without_labels = {name: one for name, one in batch.items() if name != "labels"}
    with torch.no_grad():
        together = model(**without_labels, use_cache=False).logits
        for number, one in enumerate(packs):
            at = 0
            for length in one["lengths"]:
                ids = torch.tensor([one["input_ids"][at : at + length]])
                torch.testing.assert_close(together[number, at : at + length], model(ids).logits[0])
                at += length


def test_a_model_that_lets_packed_rows_see_each_other_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model(world.store.open(world.model), "cpu")
    layout(model, 0, packed=True, by_rows=False)
    original = model.forward
    monkeypatch.setattr(model, "forward", lambda *rest, position_ids=None, **named: original(*rest, **named))
    with pytest.raises(Rejected, match="packing: expected a model whose packed rows do not see each other"):
        layout(model, 0, packed=True, by_rows=False)


def test_a_model_that_carries_its_state_on_is_refused() -> None:
    from transformers import MambaConfig, MambaForCausalLM

    torch.manual_seed(0)
    config = MambaConfig(vocab_size=99, hidden_size=16, num_hidden_layers=1, state_size=4, initializer_range=0.2)
    with pytest.raises(Rejected, match=r"packing: expected a model .* Use packing: none"):
        layout(MambaForCausalLM(config).eval(), 0, packed=True, by_rows=False)


def test_the_loss_is_that_of_the_rows_unpacked(world: World) -> None:
    def first_loss(rows: int, **packing: Any) -> tuple[float | None, float | None]:
        parameters = {**TRAINING, "steps": 1, "warmupSteps": 0, "batchSize": rows, **packing}
        job = world.build_job("sft", parameters, model=[world.model], data=[world.sft])
        metrics = run_training(world.context(job)).metrics
        return metrics["firstLoss"], metrics["tokens"]

    loss, tokens = first_loss(24)
    packed_loss, packed_tokens = first_loss(5, packing="bestFit")  # 24 rows of 12 tokens: 5 sequences of 64
    assert packed_loss == pytest.approx(loss, rel=1e-5)
    assert packed_tokens == tokens


def test_positions_begin_anew_with_each_row() -> None:
    assert positions([3, 1, 2]) == [0, 1, 2, 0, 0, 1]


def test_a_curriculum_is_not_packed() -> None:
    with pytest.raises(Rejected, match="packing: expected rows in any order, got those of a curriculum"):
        pack([{**example(8), KEPT: "d" * 64}], 16)
