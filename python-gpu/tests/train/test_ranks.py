"""One training on two devices of a machine: it gives what one device gives, and a lost rank costs steps, not the result."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import World
from method_cases import CASES, SHORT
from pair import Pair, paired
from safetensors.torch import load_file

from lamdagent_gpu.childprocess import ChildDied
from lamdagent_gpu.context import OutOfMemory, Rejected
from lamdagent_gpu.leftovers import clear_work
from lamdagent_gpu.publish import publish_model
from lamdagent_gpu.supervisor import JobFailed, JobSpec
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.fit import Fit
from lamdagent_gpu.train.run import first_fit, share_of_batch

LEARNT = ["sft", "sft packed", "dpo", "kto of pairs", "cpo", "distil", "grpo", "rft", "reward model"]
"""Cases that together reach each way in which a batch is divided."""


@pytest.fixture
async def pair(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    async with paired(world, tmp_path / "points", monkeypatch) as made:
        yield made


async def test_two_devices_give_what_one_gives_but_for_rounding(pair: Pair) -> None:
    for name in LEARNT:
        job = CASES[name].job(pair.world)
        context = pair.world.context(job)
        alone = run_training(context)
        expected = load_file(context.output_folder / "model.safetensors")
        clear_work(pair.world.store, job.stageId)
        built = await pair.build(job)
        for key, weight in pair.weights(job).items():
            assert torch.allclose(weight, expected[key], atol=2e-5, rtol=1e-3), (name, key)
        for figure in ("loss", "tokens"):
            assert built.metrics[figure] == pytest.approx(alone.metrics[figure], rel=1e-4), (name, figure)


async def test_a_rank_that_is_killed_ends_all_and_what_follows_ends_the_same_to_the_bit(pair: Pair) -> None:
    # Noise is drawn by each rank, so its random numbers have to come back too.
    parameters = {**SHORT, "steps": 8, "neftuneAlpha": 5}
    job = pair.world.build_job("sft", parameters, checkpoint_seconds=0, model=[pair.world.model], data=[pair.world.sft])
    await pair.build(job)
    expected = pair.weights(job)
    pair.forget(job)
    for point in ("checkpoint.committed", "rank.step"):
        (pair.points / point).write_text("kill", "utf8")
        with pytest.raises(ChildDied, match="SIGKILL"):
            await pair.build(job)
    again = await pair.build(job)
    assert [one.end for one in again.attempts] == ["lost", "lost", "completed"]
    for key, weight in pair.weights(job).items():
        assert torch.equal(weight, expected[key]), key


async def test_a_stop_is_heard_by_all_and_saved_by_one(pair: Pair) -> None:
    job = CASES["dpo"].job(pair.world, steps=200)
    progress = pair.supervisor

    def stop() -> str | None:
        latest = progress.latest
        return "notice" if latest is not None and latest["phase"] == "training" and latest["step"] >= 3 else None

    spec = JobSpec(kind="build", job=job.model_dump(), work_id=job.stageId, max_stalled=3)
    with pytest.raises(JobFailed, match=r"notice; saved at step \d+ of 200") as stopped:
        await pair.supervisor.run(spec, stop, lambda end: publish_model(pair.world.store, job, end))
    assert stopped.value.kind == "Preempted"
    resumed = pair.world.context(job).resume
    assert resumed is not None
    names = {path.name for path in resumed.folder.iterdir()}
    assert {"rng_state.pth", "rng_state_0.pth", "rng_state_1.pth"} <= names


async def test_what_is_wrong_with_the_data_is_said_once_and_the_next_job_runs(pair: Pair) -> None:
    data = pair.world.publish("dataset", {"data.jsonl": '{"question": "x"}\n'}, {"shape": "sft"})
    wrong = pair.world.build_job("sft", SHORT, model=[pair.world.model], data=[data])
    with pytest.raises(JobFailed, match="row 1: expected messages") as failed:
        await pair.build(wrong)
    assert failed.value.kind == "Rejected"
    built = await pair.build(CASES["sft"].job(pair.world, steps=1))
    assert built.steps == 1


@pytest.mark.parametrize("point", ["train.step", "rank.step"])
async def test_a_batch_that_does_not_fit_one_of_them_is_divided_on_all(pair: Pair, point: str) -> None:
    (pair.points / point).write_text("memory", "utf8")
    built = await pair.build(CASES["sft"].job(pair.world))
    assert [one.end for one in built.attempts] == ["completed"]
    assert (pair.points / f"{point}.fired").exists()


def test_each_device_gets_the_same_share(world: World) -> None:
    context = replace(world.context(CASES["sft"].job(world)), ranks=2)
    assert share_of_batch(context) == 3
    with pytest.raises(Rejected, match="batchSize: expected a multiple of the worker's 4 devices, got 6"):
        share_of_batch(replace(context, ranks=4))


def test_each_shortage_of_a_device_makes_less_fit(world: World) -> None:
    context = replace(world.context(CASES["sft"].job(world)), ranks=2)
    fits = [first_fit(replace(context, halvings=times), 12, None) for times in range(5)]
    assert fits == [*(Fit(micro_batch=size) for size in (12, 6, 3, 1)), Fit(micro_batch=1, recompute=True)]
    with pytest.raises(OutOfMemory, match="micro-batch of 1 on each device"):
        first_fit(replace(context, halvings=5), 12, None)
