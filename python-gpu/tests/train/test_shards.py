"""A model divided over two devices: it learns what a whole one learns, each holds its part, and a lost rank costs steps only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import LORA, QLORA, World, make_world
from method_cases import CASES, SHORT
from pair import Pair, paired
from safetensors.torch import load_file
from two_ranks import IN_PIECES, LAYOUTS

from lamdagent_gpu.childprocess import ChildDied
from lamdagent_gpu.context import JobContext, OutOfMemory, Rejected
from lamdagent_gpu.contract.messages import BuildJob
from lamdagent_gpu.ranks import Place, free_port
from lamdagent_gpu.train import run as training
from lamdagent_gpu.train.memory import floor_for, floor_of
from lamdagent_gpu.train.run import require_state, run_training
from lamdagent_gpu.train.sharding import shards_for
from lamdagent_gpu.train.shards import layers_of
from lamdagent_gpu.worker import arguments

Weights = dict[str, torch.Tensor]
Cases = dict[str, tuple[str, dict[str, Any]]]
"""A case of method_cases.py each, with what is changed in it."""
CHOSEN: Cases = {"sft full": ("sft", {}), "sft lora": ("sft", LORA), "dpo full": ("dpo", {})}
"""In every layout."""
ALIKE: Cases = {name: (name, {}) for name in ("sft packed", "sft frozen", "kto", "distil", "rft")}
ALIKE |= {name: (name, {}) for name in ("reward model", "reward model lora")}
BFLOAT16: Cases = {"sft in bfloat16": ("sft", {}), "dpo lora in bfloat16": ("dpo", LORA)}
"""With products autocast, and frozen weights rounded, as on a GPU."""
ALL: Cases = {**CHOSEN, **ALIKE, **BFLOAT16}
SAME = 1e-6
"""Weights may differ by so much, a few of float32's roundings of weights near 1: a gradient in shards is the sum of two
halves of a batch that were divided by two before, one of DDP's after."""
ROUGH = (2e-5, 2e-3)
"""In smaller micro-batches, float32 and bfloat16: products are rounded otherwise, which AdamW's division by a gradient's
own size makes the most of: up to the learning rate a step."""


def job_of(world: World, case: str, **changed: Any) -> BuildJob:
    name, parameters = ALL[case]
    return CASES[name].job(world, **{**parameters, **changed})


def layouts_of(case: str) -> list[str]:
    return [*LAYOUTS] if case in CHOSEN else ["whole", "shards", *[IN_PIECES] * (case in BFLOAT16)]


@dataclass(frozen=True)
class Trained:
    """What two processes have learnt and held, by case and layout."""

    folder: Path

    def weights(self, case: str, layout: str) -> Weights:
        return load_file(self.folder / case / layout / "model" / "model.safetensors")

    def held(self, case: str, layout: str, of: str) -> list[Any]:
        """What both ranks noted of `weights`, `moments` or `matrices`."""
        files = [self.folder / case / layout / f"held-{rank}.json" for rank in range(2)]
        return [json.loads(file.read_text("utf8"))[of] for file in files]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """One pair of processes for all cases: their imports take longest."""
    folder = tmp_path_factory.mktemp("shards")
    world = make_world(folder)
    jobs = {case: [job_of(world, case).model_dump(), layouts_of(case), case in BFLOAT16] for case in ALL}
    (folder / "jobs.json").write_text(json.dumps(jobs), "utf8")
    first = Place(rank=0, ranks=2, device="cpu", port=free_port(), shard="auto")
    script = str(Path(__file__).with_name("two_ranks.py"))
    processes = [
        subprocess.Popen(
            [sys.executable, script, json.dumps(asdict(place)), str(folder)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **place.environment()},
        )
        for place in (first, replace(first, rank=1))
    ]  # fmt: skip
    for process in processes:
        output, _ = process.communicate(timeout=600)
        assert process.returncode == 0, output[-3000:]
    return Trained(folder)


@pytest.mark.parametrize("case", ALL)
def test_shards_learn_what_a_whole_model_learns(trained: Trained, case: str) -> None:
    whole = trained.weights(case, "whole")
    for layout in layouts_of(case):
        close = {"atol": ROUGH[case in BFLOAT16], "rtol": 1e-3} if layout == IN_PIECES else {"atol": SAME, "rtol": 0}
        found = trained.weights(case, layout)
        assert found.keys() == whole.keys()
        for name, weight in found.items():
            assert weight.dtype == whole[name].dtype
            assert torch.allclose(weight, whole[name], **close), (layout, name)


@pytest.mark.parametrize("case", CHOSEN)
def test_each_device_holds_its_half(trained: Trained, case: str) -> None:
    for of in ("weights", "moments"):
        both = trained.held(case, "shards", of)
        assert both[0].keys() == both[1].keys() != set()
        for name, (own, every) in both[0].items():
            if "lora_" in name:
                assert own == both[1][name][0] == every, name
            else:
                assert own + both[1][name][0] == every, name
                assert own <= 0.52 * every, name  # of 99 rows of the embeddings one has 50
        for whole in trained.held(case, "whole", of)[:1]:
            assert all(own == every for own, every in whole.values())


def test_nothing_of_a_layer_stays_whole_until_the_backward_pass(trained: Trained) -> None:
    for case in ("sft full", "sft in bfloat16"):
        assert all(size > 0 for size in trained.held(case, "whole", "matrices")[0])
        for matrices in trained.held(case, "shards", "matrices"):
            assert len(matrices) >= 14  # two layers of seven
            assert set(matrices) == {0}, case


def test_what_is_frozen_stays_as_it_was(trained: Trained) -> None:
    whole, shards = (trained.weights("sft frozen", layout) for layout in ("whole", "shards"))
    learnt = trained.weights("sft full", "shards")
    frozen = [name for name in whole if ".layers.0." in name]
    assert frozen
    for name in frozen:
        assert torch.equal(whole[name], shards[name]), name
        assert not torch.equal(learnt[name], shards[name]), name


@pytest.fixture
async def pair(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    async with paired(world, tmp_path / "points", monkeypatch, shard="always") as made:
        yield made


KILLED = ("checkpoint.committed", "rank.step")
"""Rank 0 with its first checkpoint written, then, going on from there, the other one."""


@pytest.mark.parametrize(("case", "points"), [("sft full", KILLED), ("sft lora", KILLED[:1]), ("dpo full", KILLED[:1])])
async def test_a_killed_rank_costs_steps_and_the_rest_ends_the_same_to_the_bit(
    pair: Pair, case: str, points: tuple[str, ...]
) -> None:
    made = job_of(pair.world, case, steps=5)
    job = made.model_copy(update={"options": made.options.model_copy(update={"checkpointSeconds": 0})})
    await pair.build(job)
    expected = pair.weights(job)
    pair.forget(job)
    for point in points:
        (pair.points / point).write_text("kill", "utf8")
        with pytest.raises(ChildDied, match="SIGKILL"):
            await pair.build(job)
        lacks_nothing(pair, job, whole=case != "sft lora")
    again = await pair.build(job)
    assert [one.end for one in again.attempts] == [*("lost" for _ in points), "completed"]
    for key, weight in pair.weights(job).items():
        assert torch.equal(weight, expected[key]), key


def lacks_nothing(pair: Pair, job: BuildJob, *, whole: bool) -> None:
    """What is left is a checkpoint with all state of both ranks, and all weights where all are trained."""
    left = pair.world.context(job).resume
    assert left is not None
    assert 1 <= left.step < job.stage.parameters["steps"]
    require_state(left)
    assert {"rng_state_0.pth", "rng_state_1.pth"} <= {path.name for path in left.folder.iterdir()}
    if whole:
        kept, given = (
            load_file(at / "model.safetensors") for at in (left.folder, pair.world.store.open(pair.world.model))
        )
        assert {name: one.shape for name, one in kept.items()} == {name: one.shape for name, one in given.items()}


def two_devices(world: World, case: str, shard: str, **changed: Any) -> JobContext:
    return replace(world.context(CASES[case].job(world, **changed)), ranks=2, shard=shard)


@pytest.mark.parametrize(
    ("case", "changed", "what"),
    [("grpo", {}, "grpo: its devices draw answers"), ("sft", QLORA, "tuning qlora: weights in 4 bits")],
)
def test_what_cannot_be_divided_is_refused_and_told(
    world: World, case: str, changed: dict[str, Any], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "require_quantizer", lambda device: None)
    context = two_devices(world, case, "always", **changed)
    with pytest.raises(Rejected, match=f"sharding: .*{what}.*Use a worker with --shard auto or never"):
        run_training(context)
    folder = world.store.open(world.model)
    assert [shards_for(replace(context, shard=shard), folder, 1) for shard in ("auto", "never")] == [1, 1]


def test_a_model_that_does_not_name_its_layers_is_refused() -> None:
    model: Any = torch.nn.Linear(2, 2)
    model._no_split_modules = None
    with pytest.raises(Rejected, match="sharding: expected a model that names its layers, got Linear"):
        layers_of(model)


def test_a_model_is_divided_where_its_training_leaves_one_device_no_room(world: World) -> None:
    folder = world.store.open(world.model)
    for changed in ({}, LORA):
        context = two_devices(world, "sft", "auto", **changed)
        state = floor_for(context, folder, torch.float32).total
        enough = round(state / 0.8) + 1
        assert [shards_for(context, folder, memory) for memory in (enough, enough - 2, None)] == [1, 2, 1]
        assert shards_for(replace(context, ranks=1), folder, enough - 2) == 1
        assert shards_for(replace(context, shard="always"), folder, enough) == 2


def test_a_part_is_counted_with_what_is_gathered_at_a_time(world: World) -> None:
    folder = world.store.open(world.model)
    whole = floor_of(folder, dtype=torch.float32, lora_rank=None)
    part = floor_of(folder, dtype=torch.float32, lora_rank=None, shards=2)
    assert (part.weights, part.gradients, part.moments) == (whole.weights / 2, whole.gradients / 2, whole.moments / 2)
    layer, outside = 4 * 32 * 32 + 3 * 32 * 64 + 2 * 32, 99 * 32 + 32
    assert part.gathered == 2 * (2 * layer + 4 * outside)  # and their gradients
    assert floor_of(folder, dtype=torch.float32, lora_rank=4, shards=2).gathered == 2 * layer + 4 * outside


def test_what_does_not_fit_in_parts_either_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    context = two_devices(world, "sft", "auto")
    part = floor_for(context, world.store.open(world.model), torch.float32, 2).total
    monkeypatch.setattr(training, "device_bytes", lambda device: part - 1)
    with pytest.raises(OutOfMemory, match=r"memory: expected at most .* gathered"):
        run_training(context)


def test_a_single_device_cannot_divide(capsys: pytest.CaptureFixture[str]) -> None:
    assert arguments(["--store", "s", "--per-stage", "2", "--shard", "always"]).shard == "always"
    with pytest.raises(SystemExit):
        arguments(["--store", "s", "--shard", "always"])
    assert "--shard: expected --per-stage of 2 or more with always, got 1" in capsys.readouterr().err


def test_short_trainings_are_stopped_in_the_middle() -> None:
    assert SHORT["steps"] > 2  # two_ranks.py stops after two
