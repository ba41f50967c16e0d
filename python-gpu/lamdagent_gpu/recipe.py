"""A recipe file: how a model was made. What it begins with is found by content, wherever it lies."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import yaml
from pydantic import ValidationError

from lamdagent_gpu.contract.messages import ObjectFile, Recipe, RecipeSource
from lamdagent_gpu.files import sha256_of
from lamdagent_gpu.stage import InvalidJob, check_stage_id
from lamdagent_gpu.store import Store


class RecipeFault(ValueError):
    """Something that the person with the recipe can mend."""


def read_recipe(file: Path) -> Recipe:
    """Raises RecipeFault unless it is a recipe whose stages are what their ids say."""
    try:
        recipe = Recipe.model_validate(yaml.safe_load(file.read_text("utf8")))
        for step in recipe.steps:
            check_stage_id(step.stage, step.stageId)
        for source in recipe.sources:
            if source.stage is not None:
                check_stage_id(source.stage, source.stageId)
    except OSError as error:
        raise RecipeFault(f"{file}: expected a recipe file, got {error.strerror}. Check the path.") from None
    except yaml.YAMLError as error:
        raise RecipeFault(f"{file}: expected YAML, got {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RecipeFault(f"{file}: {place}: expected a recipe of this version, got: {first['msg']}") from None
    except InvalidJob as error:
        raise RecipeFault(f"{file}: {error} Take the recipe as it was exported.") from None
    _check_order(recipe, file)
    return recipe


def _check_order(recipe: Recipe, file: Path) -> None:
    known = {source.stageId for source in recipe.sources}
    for step in recipe.steps:
        missing = {one for ids in step.stage.inputs.values() for one in ids} - known
        if missing:
            raise RecipeFault(f"{file}: {step.name}: expected its inputs before it, got none of {sorted(missing)}")
        known.add(step.stageId)


def take_in(recipe: Recipe, store: Store, folders: Sequence[Path], places: Sequence[Path]) -> None:
    """Publishes everything the recipe begins with. `folders`: the recipe's own; `places`: where else to look.

    Raises:
        RecipeFault: names every file that was not found.
    """
    found: dict[tuple[str, str], Path] = {}
    missing: list[str] = []
    fresh = [source for source in recipe.sources if store.manifest(source.stageId) is None]
    for source in fresh:
        for file in source.files:
            at = find(source, file, folders, places)
            if at is None:
                missing.append(
                    f"{source.folder}/{file.path} of {source.kind} {source.name} "
                    f"({file.bytes} bytes, SHA-256 {file.sha256[:12]}…{f', from {source.origin}' if source.origin else ''})"
                )
            else:
                found[source.stageId, file.path] = at
    if missing:
        raise RecipeFault(
            "recipe: expected these files beside it, got none with that content:\n  "
            + "\n  ".join(missing)
            + "\nName the file or the folder that has them with --from."
        )
    for source in fresh:
        _publish(store, source, {file.path: found[source.stageId, file.path] for file in source.files})


def find(source: RecipeSource, file: ObjectFile, folders: Sequence[Path], places: Sequence[Path]) -> Path | None:
    """The file of that content: at its place beside the recipe, else whatever its name in one of the places."""
    inside = PurePosixPath(source.folder) / file.path
    if inside.is_absolute() or ".." in inside.parts:
        raise RecipeFault(f"recipe: expected a path inside its folder, got {inside}")
    candidates = [folder / inside for folder in folders]
    for place in places:
        candidates += [place] if place.is_file() else _files_under(place)
    return next((one for one in candidates if _is(one, file)), None)


def _files_under(folder: Path) -> list[Path]:
    return [Path(parent) / name for parent, _, names in os.walk(folder) for name in sorted(names)]


def _is(path: Path, file: ObjectFile) -> bool:
    return path.is_file() and path.stat().st_size == file.bytes and sha256_of(path) == file.sha256


def _publish(store: Store, source: RecipeSource, files: dict[str, Path]) -> None:
    folder = store.new_folder()
    for path, at in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(at, target)
    store.publish(source.stageId, source.kind, folder, source.facts)
