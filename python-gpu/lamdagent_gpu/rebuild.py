"""Makes the model of a recipe again, step by step, and compares the weights. No server, no Node, no network.

    python -m lamdagent_gpu.rebuild recipe.yaml [--output FOLDER] [--from FILE_OR_FOLDER …] [--device cpu]

`--output` (default: `rebuilt` beside the recipe) holds the model, and all work: a run that was cut short goes on there.
Exit code 0: the last step has the recorded weights; 1: it has others, or was not made; 2: the recipe cannot be run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from temporalio.exceptions import ApplicationError

from lamdagent_gpu.activities import Activities
from lamdagent_gpu.contract.messages import BuildJob, JobOptions, Recipe, RecipeStep
from lamdagent_gpu.device import DEVICES, Device, NoDevice, detect
from lamdagent_gpu.direct import activity
from lamdagent_gpu.made_with import differences, made_with
from lamdagent_gpu.recipe import RecipeFault, read_recipe, take_in
from lamdagent_gpu.store import FolderStore, Store
from lamdagent_gpu.store.interface import MANIFEST
from lamdagent_gpu.supervisor import Supervisor
from lamdagent_gpu.weights import weights_sha256

EQUAL, DIFFERENT, UNUSABLE = 0, 1, 2
OPTIONS = JobOptions(checkpointSeconds=30, maxStalledAttempts=3)
REQUESTER = "rebuild"


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="rebuild", description="Makes the model of a recipe again and compares the weights."
    )
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--output", type=Path, help="where to (default: rebuilt, beside the recipe)")
    parser.add_argument(
        "--from", type=Path, action="append", default=[], dest="places", metavar="PLACE",
        help="a file or folder with what is not beside the recipe, e.g. the base model; may be given several times",
    )  # fmt: skip
    parser.add_argument("--device", choices=DEVICES, default="auto", help="default: that of the recipe, if it is here")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    output = options.output or options.recipe.resolve().parent / "rebuilt"
    try:
        recipe = read_recipe(options.recipe)
        threads = {step.madeWith.threads for step in recipe.steps if step.madeWith is not None}
        os.environ["OMP_NUM_THREADS"] = str(min(threads, default=1))  # sums depend on it
        output.mkdir(parents=True, exist_ok=True)
        store = FolderStore(output / "store")
        take_in(recipe, store, [options.recipe.resolve().parent], options.places)
        device = device_for(recipe, options.device)
        with (output / "log.txt").open("a") as log, contextlib.redirect_stderr(log):
            failure = asyncio.run(build_all(recipe, store, device))
    except RecipeFault as fault:
        print(fault, file=sys.stderr)
        return UNUSABLE
    if failure is not None:
        print(f"{failure}\nThe log: {output / 'log.txt'}", file=sys.stderr)
        return DIFFERENT
    return compare(recipe, store, output / "model", device)


def device_for(recipe: Recipe, wanted: str) -> Device:
    """What was asked for; else the CPU where that made the model, else the best there is. Raises RecipeFault."""
    made = recipe.steps[-1].madeWith
    try:
        return detect("cpu" if wanted == "auto" and made is not None and made.device == "cpu" else wanted)
    except NoDevice as error:
        raise RecipeFault(str(error)) from None


async def build_all(recipe: Recipe, store: Store, device: Device) -> str | None:
    """Makes every step that is not there yet; how one failed, or None."""
    supervisor = Supervisor(
        store=store, device=device.kind, worker=f"rebuild:{os.getpid()}", label=str(device),
        variables=device.variables(os.environ),
    )  # fmt: skip
    build = activity(Activities(store=store, supervisor=supervisor, queue="direct").build)
    try:
        for number, step in enumerate(recipe.steps, 1):
            print(f"step {number} of {len(recipe.steps)}, {step.name}: {step.does}", flush=True)
            is_there = store.manifest(step.stageId) is not None
            try:
                outcome = await build(job_of(step))
            except ApplicationError as error:
                return f"{step.name}: expected a model, got {error.type}: {error.message}"
            if outcome["status"] != "completed":
                return f"{step.name}: expected a model, got {outcome['status']}: {outcome['message']}"
            print(
                f"  {verdict(step, outcome['weightsSha256'])}{', made by an earlier run' if is_there else ''}",
                flush=True,
            )
    finally:
        await supervisor.close()
    return None


def job_of(step: RecipeStep) -> dict[str, object]:
    return BuildJob(
        schemaVersion=1, stageId=step.stageId, stage=step.stage, options=OPTIONS, requester=REQUESTER, label=step.does
    ).model_dump()


def verdict(step: RecipeStep, weights: str) -> str:
    if weights == step.weightsSha256:
        return f"equal: weights SHA-256 {weights}"
    return f"different: weights SHA-256 {weights}, recorded {step.weightsSha256}"


def compare(recipe: Recipe, store: Store, target: Path, device: Device) -> int:
    """Puts the model where people find it, hashes what lies there, and says whether it is the recorded one."""
    last = recipe.steps[-1]
    copy_model(store.open(last.stageId), target)
    actual = weights_sha256(target)
    print(f"model: {target}")
    if actual == last.weightsSha256:
        print(f"equal: the weights are those of {recipe.exploration} {recipe.trial}, bit by bit")
        return EQUAL
    print(f"different: expected weights SHA-256 {last.weightsSha256}, got {actual}.")
    if last.madeWith is None:
        print(
            "What it was made with is not recorded; another device or other versions of the packages give other bits."
        )
        return DIFFERENT
    causes = differences(last.madeWith, made_with(str(device)))
    if causes:
        print("Bits may differ where these do: " + "; ".join(causes) + ".")
    else:
        print("Device and packages are the recorded ones; another model of processor may still round otherwise.")
    return DIFFERENT


def copy_model(found: Path, target: Path) -> None:
    """A kill leaves the old folder, or none; never half of one."""
    fresh = target.with_name(f".{target.name}.fresh")
    for stale in (fresh, target):
        shutil.rmtree(stale, ignore_errors=True)
    shutil.copytree(found, fresh, ignore=shutil.ignore_patterns(MANIFEST))
    fresh.rename(target)


if __name__ == "__main__":
    sys.exit(main())
