"""The order of the rows: full batches always, the same whatever the micro-batch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from conftest import PREFERENCE, TRAINING, World
from safetensors.torch import load_file

from lamdagent_gpu.context import Preempted
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.dpo import DurableDPOTrainer
from lamdagent_gpu.train.order import training_order
from lamdagent_gpu.train.rows import KEPT, read_rows
from lamdagent_gpu.train.sft import DurableSFTTrainer

TRAINERS = {"sft": DurableSFTTrainer, "dpo": DurableDPOTrainer}
UNEVEN = {**TRAINING, "steps": 5, "batchSize": 10}
"""50 places over 24 rows: the passes end in the middle of batches."""
PARAMETERS = {"sft": UNEVEN, "dpo": {**UNEVEN, **PREFERENCE, "sftWeight": 0.5}}


def test_each_pass_holds_every_row_once() -> None:
    order = training_order(rows=7, places=30, seed=3)
    assert len(order) == 30
    for start in range(0, 28, 7):
        assert sorted(order[start : start + 7]) == list(range(7))
    assert order[:7] != order[7:14]


def test_a_longer_training_begins_like_a_shorter_one_and_the_seed_decides() -> None:
    order = training_order(rows=9, places=40, seed=1)
    assert training_order(rows=9, places=25, seed=1) == order[:25]
    assert training_order(rows=9, places=40, seed=2) != order


def test_rows_of_a_curriculum_keep_their_order_in_every_pass_among_shuffled_ones() -> None:
    kept = [2, 3, 4, 8]
    order = training_order(rows=9, places=27, seed=3, kept=[kept])
    plain = training_order(rows=9, places=27, seed=3)
    for start in range(0, 27, 9):
        one_pass, before = order[start : start + 9], plain[start : start + 9]
        assert [row for row in one_pass if row in kept] == kept
        assert [row for row in before if row in kept] != kept, "the shuffle alone would not do"
        assert all(row == old for row, old in zip(one_pass, before, strict=True) if row not in kept)


def ordered_world(world: World, kind: str) -> str:
    """The data of `world` as a curriculum: the same rows, and a manifest that says so."""
    source = {"sft": world.sft, "dpo": world.preference}[kind]
    text = (world.store.open(source) / "data.jsonl").read_text("utf8")
    return world.publish("dataset", {"data.jsonl": text}, {"order": "kept"}, operation="curriculum")


@pytest.mark.parametrize("kind", ["sft", "dpo"])
def test_training_on_a_curriculum_sees_its_rows_in_order(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[list[int]] = []
    original = TRAINERS[kind].get_train_dataloader

    def spied(self: Any) -> Any:
        orders.append(list(self.order))
        return original(self)

    monkeypatch.setattr(TRAINERS[kind], "get_train_dataloader", spied)
    for data in (ordered_world(world, kind), {"sft": world.sft, "dpo": world.preference}[kind]):
        job = world.build_job(kind, PARAMETERS[kind], model=[world.model], data=[data])
        run_training(world.context(job))
    curriculum, shuffled = orders
    assert curriculum == [*range(24), *range(24), 0, 1]
    assert sorted(shuffled[:24]) == list(range(24))
    assert shuffled[:24] != list(range(24))


def test_a_row_cannot_say_itself_that_its_order_is_kept(world: World) -> None:
    data = world.publish("dataset", {"data.jsonl": '{"text": "a", "_kept": "x"}\n'}, {"shape": "sft"})
    rows = read_rows(world.context(world.build_job("sft", TRAINING, model=[world.model], data=[data])))
    assert [row[KEPT] for row in rows] == [None]


def test_stopped_in_a_curriculum_it_ends_bit_identical(world: World) -> None:
    def context(stop: bool = False) -> Any:
        data = [ordered_world(world, "sft"), world.sft]
        job = world.build_job("sft", UNEVEN, model=[world.model], data=data)
        return world.context(job, stop=lambda latest: "notice" if stop and latest.get("step", 0) >= 2 else None)

    undisturbed = context()
    expected = run_training(undisturbed)
    with pytest.raises(Preempted):
        run_training(context(stop=True))
    resumed = context()
    assert resumed.resume is not None
    assert run_training(resumed) == expected
    whole, pieces = (load_file(one.output_folder / "model.safetensors") for one in (undisturbed, resumed))
    assert all(torch.equal(pieces[name], weight) for name, weight in whole.items())


def test_a_share_of_a_curriculum_is_one_too(world: World) -> None:
    parameters = {**TRAINING, "dataFraction": 0.5}
    job = world.build_job("sft", parameters, model=[world.model], data=[ordered_world(world, "sft"), world.sft])
    rows = read_rows(world.context(job))
    kept = [row["_where"] for row in rows if row[KEPT] is not None]
    assert len(kept) == 12
    assert len(rows) == 24
    assert kept == sorted(kept, key=lambda where: int(where.rsplit(" ", 1)[1]))


def train(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch, fitting: int
) -> tuple[dict[str, torch.Tensor], list[int]]:
    """Trains with memory for `fitting` sequences; returns the weights and the micro-batches that fitted."""
    sizes: list[int] = []
    original = TRAINERS[kind].training_step

    def limited(self: Any, model: Any, inputs: dict[str, Any], *rest: Any) -> Any:
        size = len(inputs["input_ids"]) // (2 if kind == "dpo" else 1)
        if size > fitting:
            raise torch.OutOfMemoryError("planted")
        sizes.append(size)
        return original(self, model, inputs, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(TRAINERS[kind], "training_step", limited)
        data = world.sft if kind == "sft" else world.preference
        context = world.context(world.build_job(kind, PARAMETERS[kind], model=[world.model], data=[data]))
        run_training(context)
    return load_file(context.output_folder / "model.safetensors"), sizes


@pytest.mark.parametrize("kind", ["sft", "dpo"])
def test_a_smaller_micro_batch_trains_on_the_same_global_batches(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, sizes = train(world, kind, monkeypatch, 10)
    assert sizes == [10] * 5
    pieces, sizes = train(world, kind, monkeypatch, 3)
    assert sizes == [2] * 25
    for name, weight in whole.items():
        torch.testing.assert_close(pieces[name], weight, atol=2e-5, rtol=1e-3)


def test_a_training_set_smaller_than_the_batch_fills_it(world: World) -> None:
    job = world.build_job("sft", {**TRAINING, "batchSize": 40, "steps": 2}, model=[world.model], data=[world.sft])
    tokens = run_training(world.context(job)).metrics["tokens"]
    single = {**TRAINING, "batchSize": 24, "steps": 1}
    once = run_training(world.context(world.build_job("sft", single, model=[world.model], data=[world.sft])))
    assert tokens == pytest.approx((once.metrics["tokens"] or 0) * 80 / 24, rel=0.05)


def test_the_micro_batch_that_fitted_is_kept_for_the_next_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    original = DurableSFTTrainer.training_step

    def limited(self: Any, model: Any, inputs: dict[str, Any], *rest: Any) -> Any:
        sizes.append(len(inputs["input_ids"]))
        if sizes[-1] > 2:
            raise torch.OutOfMemoryError("planted")
        return original(self, model, inputs, *rest)

    monkeypatch.setattr(DurableSFTTrainer, "training_step", limited)
    job = world.build_job("sft", TRAINING, model=[world.model], data=[world.sft])
    with pytest.raises(Preempted):
        run_training(world.context(job, stop=lambda latest: "notice" if latest.get("step", 0) >= 1 else None))
    assert sizes == [4] + [2] * 4
    sizes.clear()
    run_training(world.context(job))
    assert sizes == [2] * 8
