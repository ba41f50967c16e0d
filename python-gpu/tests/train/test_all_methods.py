"""Every training method: stopped and resumed it ends bit for bit as undisturbed, and it reads what it declares."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import pytest
import torch
from conftest import LORA, World
from method_cases import CASES, QLORA_CASES, Case, forget
from safetensors.torch import load, load_file

from lamdagent_gpu import curve
from lamdagent_gpu.context import JobContext, Preempted, Rejected, TrainResult
from lamdagent_gpu.contract.messages import BuildJob
from lamdagent_gpu.train import reference, run, run_training
from lamdagent_gpu.train.registry import METHODS
from lamdagent_gpu.train.trainer import DurableTrainer

EVERY = {**CASES, **QLORA_CASES}
NEEDS_QLORA = pytest.mark.skipif(
    find_spec("bitsandbytes") is None, reason="an extra: python-gpu/requirements-qlora.txt"
)
Ending = tuple[TrainResult, dict[str, bytes], str]


def test_the_cases_reach_every_method() -> None:
    assert {case.kind for case in CASES.values()} == set(METHODS)


def ending(context: JobContext) -> Ending:
    """The result, all files of the output by name, and the recorded curve."""
    result = run_training(context)
    assert result.steps == context.parameters["steps"]
    folder = context.output_folder
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    recorded = context.store.read(curve.key_of(context.build.stageId))
    assert recorded is not None
    return result, {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}, recorded


def stop_at(world: World, job: BuildJob, step: int) -> None:
    context = world.context(
        job, stop=lambda latest: "notice" if latest["phase"] == "training" and latest["step"] >= step - 1 else None
    )
    with pytest.raises(Preempted, match=f"saved at step {step} of"):
        run_training(context)


def interrupted(world: World, case: Case) -> Ending:
    """Stopped in its second training step, and gone on with."""
    job, step = case.job(world), case.rounds + 2
    stop_at(world, job, step)
    resumed = world.context(job)
    assert resumed.resume is not None
    assert resumed.resume.step == step
    return ending(resumed)


def in_halves(world: World, job: BuildJob, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """The weights of a training whose device has room for half of a batch."""
    with monkeypatch.context() as patch:
        patch.setattr(run, "first_micro_batch", lambda batch, _: batch // 2)
        context = world.context(job)
        run_training(context)
    return load_file(context.output_folder / "model.safetensors")


@pytest.mark.parametrize("name", [*CASES, *(pytest.param(name, marks=NEEDS_QLORA) for name in QLORA_CASES)])
def test_stops_change_no_bit_and_smaller_micro_batches_nothing_but_rounding(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = EVERY[name]
    expected = ending(world.context(case.job(world)))
    assert expected[1]["model.safetensors"] != (world.store.open(world.model) / "model.safetensors").read_bytes()
    forget(world, case.job(world))
    assert interrupted(world, case) == expected
    if case.same_in_pieces:
        whole = load(expected[1]["model.safetensors"])
        forget(world, case.job(world))
        for key, weight in in_halves(world, case.job(world), monkeypatch).items():
            torch.testing.assert_close(weight, whole[key], atol=2e-5, rtol=1e-3)


@pytest.mark.parametrize("name", ["dpo", "kto"])
def test_a_reference_that_is_not_restored_is_noticed(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = ending(world.context(CASES[name].job(world)))
    original = reference.load_file
    monkeypatch.setattr(
        reference, "load_file", lambda file: {key: torch.zeros_like(one) for key, one in original(file).items()}
    )
    assert interrupted(world, CASES[name])[1]["model.safetensors"] != expected[1]["model.safetensors"]


def test_random_numbers_that_begin_again_are_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES["sft with noise"]
    expected = ending(world.context(case.job(world)))
    monkeypatch.setattr(DurableTrainer, "_load_rng_state", lambda *_: None)
    assert interrupted(world, case)[1]["model.safetensors"] != expected[1]["model.safetensors"]


class Recording(dict[str, Any]):
    """A stage's parameters that know which of them were asked for by name."""

    def __init__(self, values: dict[str, Any], read: set[str]) -> None:
        super().__init__(values)
        self.read = read

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    names: set[str] = set()
    monkeypatch.setattr(JobContext, "parameters", property(lambda self: Recording(self.build.stage.parameters, names)))
    return names


@pytest.mark.parametrize("kind", METHODS)
def test_every_parameter_that_a_method_declares_is_read(world: World, kind: str, read: set[str]) -> None:
    cases = [case for case in CASES.values() if case.kind == kind]
    if all("loraRank" not in case.parameters for case in cases):
        cases.append(replace(cases[0], parameters={**cases[0].parameters, **LORA}))
    for case in cases:
        run_training(world.context(case.job(world, steps=1, warmupSteps=0)))
    assert {one.name for one in METHODS[kind].parameters} <= read


@pytest.mark.parametrize("kind", METHODS)
def test_a_parameter_that_a_method_does_not_know_is_refused(world: World, kind: str) -> None:
    case = next(case for case in CASES.values() if case.kind == kind)
    with pytest.raises(Rejected, match=f"parameters: expected those of {kind}, got gama"):
        run_training(world.context(case.job(world, gama=1)))
