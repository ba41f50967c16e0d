"""Checks on a GPU what the tests check on CPUs: each tuning trains, goes on from a checkpoint, and publishes what it should.

    python python-gpu/scripts/check_cuda.py [--device cuda] [--width 512] [--steps 40]

One line a check, passed or failed with its figures; exit code 1 if one failed. It needs no network and no service. Beside
requirements.txt (temporalio, boto3 and optuna apart) it needs pytest, whose worlds it shares with the tests, and for
QLoRA: pip install --no-deps -r python-gpu/requirements-qlora.txt
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "tests"))

import torch
from conftest import LORA, PREFERENCE, QLORA, TRAINING, World, make_world
from safetensors.torch import load_file

from lamdagent_gpu.context import JobContext, Preempted
from lamdagent_gpu.contract.messages import BuildJob
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.model import load_model
from lamdagent_gpu.train.quantized import BYTES_PER_WEIGHT

SAME = 0.02
"""The part of the largest change of a weight by which a resumed training may differ on a GPU; a CPU's differs by nothing."""
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Case:
    kind: str
    parameters: dict[str, Any]


CASES = {
    "sft full": Case(kind="sft", parameters={"learningRate": 3e-4}),
    "dpo lora": Case(kind="dpo", parameters={**PREFERENCE, **LORA}),
    "sft qlora": Case(kind="sft", parameters=QLORA),
    "dpo qlora": Case(kind="dpo", parameters={**PREFERENCE, **QLORA}),
}


@dataclass(frozen=True, kw_only=True)
class Bench:
    world: World
    device: str
    steps: int

    def job(self, case: Case) -> BuildJob:
        parameters = {**TRAINING, "steps": self.steps, "batchSize": 8, **case.parameters}
        data = self.world.sft if case.kind == "sft" else self.world.preference
        return self.world.build_job(case.kind, parameters, model=[self.world.model], data=[data])

    def context(self, case: Case, stop: Callable[[dict[str, Any]], str | None] = lambda _: None) -> JobContext:
        return self.world.context(self.job(case), stop=stop, device=self.device)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--width", type=int, default=512, help="hidden size of the random Llama")
    parser.add_argument("--steps", type=int, default=40)
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    warnings.filterwarnings("ignore")
    print(machine(given.device), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        world = make_world(Path(scratch), width=given.width, dtype=torch.bfloat16)
        bench = Bench(world=world, device=given.device, steps=given.steps)
        checks: dict[str, Callable[[], str]] = {
            **{name: lambda case=case: resumes(bench, case) for name, case in CASES.items()},
            "qlora memory": lambda: takes_less_memory(bench),
            "qlora merge": lambda: merges_into_exact_weights(bench),
        }
        passed = [says(name, check) for name, check in checks.items()]
    print(f"{sum(passed)} passed, {len(passed) - sum(passed)} failed", flush=True)
    sys.exit(0 if all(passed) else 1)


def machine(device: str) -> str:
    name = torch.cuda.get_device_name() if device == "cuda" else device
    return " ".join(
        [name, *(f"{one} {installed(one)}" for one in ("torch", "transformers", "trl", "peft", "bitsandbytes"))]
    )


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def says(name: str, check: Callable[[], str]) -> bool:
    began = time.monotonic()
    try:
        text, good = check(), True
    except Exception as error:  # one fault must not hide what the others find
        text, good = f"{type(error).__name__}: {error}", False
    print(f"{'passed' if good else 'failed'}: {name}: {text} ({time.monotonic() - began:.1f} s)", flush=True)
    return good


def resumes(bench: Bench, case: Case) -> str:
    """Stopped half-way and gone on with, it ends as undisturbed, with a lower loss than at its beginning."""
    undisturbed = bench.context(case)
    metrics = run_training(undisturbed).metrics
    half = bench.steps // 2
    stopped = bench.context(
        case, lambda latest: "notice" if latest["phase"] == "training" and latest["step"] >= half - 1 else None
    )
    try:
        run_training(stopped)
    except Preempted:
        pass
    else:
        raise AssertionError("expected the training to stop, got its end")
    resumed = bench.context(case)
    expect(resumed.resume is not None and resumed.resume.step == half, f"a checkpoint of step {half}", resumed.resume)
    run_training(resumed)
    before, one, two = (weights(folder) for folder in (base(bench), undisturbed.output_folder, resumed.output_folder))
    expect({weight.dtype for weight in one.values()} == {torch.bfloat16}, "bfloat16 weights", one)
    changed, difference = largest(before, one), largest(one, two)
    expect(changed > 0, "changed weights", changed)
    expect(difference <= SAME * changed, f"a difference of at most {SAME} x {changed:.2e}", difference)
    first, last = metrics["firstLoss"], metrics["loss"]
    expect(first is not None and last is not None and last < first, "a loss that falls", (first, last))
    same = "the same bits after a resume" if difference == 0 else f"after a resume {difference:.2e} of {changed:.2e}"
    return f"{same}, loss {first:.4f} to {last:.4f}"


def takes_less_memory(bench: Bench) -> str:
    """The quantised weights take as many bytes as the estimate of a training's memory says."""
    folder = base(bench)
    model = load_model(folder, bench.device, torch.bfloat16, quantized=True)
    packed = [module for module in model.modules() if type(module).__name__ == "Linear4bit"]
    expect(len(packed) == 7 * model.config.num_hidden_layers, "every linear layer quantised", len(packed))
    found = sum(module.weight.numel() + constants(module.weight.quant_state) for module in packed)
    number = sum(module.in_features * module.out_features for module in packed)
    expect(found <= 1.05 * number * BYTES_PER_WEIGHT + 4096 * len(packed), f"{BYTES_PER_WEIGHT} bytes a weight", found)
    return f"{found / number:.3f} bytes a weight, expected {BYTES_PER_WEIGHT:.3f}"


def constants(state: Any) -> int:
    """Bytes of a quantised weight's constants, of both levels; the table of 16 values apart."""
    outer = 0 if state.state2 is None else state.state2.absmax.nbytes
    return int(state.absmax.nbytes + outer)


def merges_into_exact_weights(bench: Bench) -> str:
    """What is published is the input as it was stored plus the adapters, added in float32 and rounded once."""
    context = bench.context(CASES["sft qlora"])
    run_training(context)
    before, after = weights(base(bench)), weights(context.output_folder)
    adapter = load_file(context.output_folder / "adapter" / "adapter_model.safetensors")
    scale = QLORA["loraAlpha"] / QLORA["loraRank"]
    compared = 0
    for name, weight in before.items():
        stem = f"base_model.model.{name.removesuffix('.weight')}"
        pair = [adapter.get(f"{stem}.lora_{half}.weight") for half in "BA"]
        expected = weight
        if pair[0] is not None and pair[1] is not None:
            expect(pair[0].dtype == torch.float32, "adapters in float32", pair[0].dtype)
            expected = (weight.float() + scale * (pair[0] @ pair[1])).bfloat16()
            compared += 1
        torch.testing.assert_close(after[name], expected, rtol=2**-7, atol=0)
    expect(compared > 0, "adapters", compared)
    return f"{compared} adapted tensors of {len(before)}, the others unchanged"


def base(bench: Bench) -> Path:
    return bench.world.store.open(bench.world.model)


def weights(folder: Path) -> Weights:
    return load_file(folder / "model.safetensors")


def largest(one: Weights, two: Weights) -> float:
    return max(float((one[name].float() - two[name].float()).abs().max()) for name in one)


def expect(holds: bool, rule: str, got: object) -> None:
    if not holds:
        raise AssertionError(f"expected {rule}, got {got}")


if __name__ == "__main__":
    main()
