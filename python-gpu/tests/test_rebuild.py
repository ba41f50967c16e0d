"""Recipes: what they begin with is found by content, and what they make is compared."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import TRAINING, World

from lamdagent_gpu import rebuild
from lamdagent_gpu.attempts import AttemptRecord, now_iso
from lamdagent_gpu.contract.messages import MadeWith
from lamdagent_gpu.made_with import differences, made_with
from lamdagent_gpu.publish import publish_model
from lamdagent_gpu.recipe import RecipeFault, read_recipe
from lamdagent_gpu.supervisor import JobEnd
from lamdagent_gpu.train import run_training


def source(world: World, kind: str, name: str, stage_id: str) -> dict[str, Any]:
    manifest = world.store.manifest(stage_id)
    assert manifest is not None
    files = [file.model_dump() for file in manifest.files]
    facts = {"name": name, "kind": kind, "stageId": stage_id, "stage": None, "origin": "", "facts": manifest.result}
    return {**facts, "folder": f"{'models' if kind == 'model' else 'data'}/{name}", "files": files}


@pytest.fixture
def exported(world: World, tmp_path: Path) -> Path:
    """The recipe of one SFT, with its data beside it; the base lies in the world's store."""
    job = world.build_job("sft", TRAINING, model=[world.model], data=[world.sft])
    context = world.context(job)
    result = run_training(context)
    end = JobEnd(
        result={"steps": result.steps, "metrics": result.metrics},
        output=context.output_folder,
        records=[completed()],
        guard=lambda: None,
    )
    built = publish_model(world.store, job, end)
    made = json.loads(world.store.read(f"made/{job.stageId}.json") or "null")
    step = {"name": "t0001", "does": "sft on base", "stageId": job.stageId, "stage": job.stage.model_dump()}
    recipe = {
        "schemaVersion": 1, "exploration": "tiny", "explorationId": "tiny-0", "trial": "t0001", "scores": [],
        "sources": [source(world, "model", "base", world.model), source(world, "dataset", "chats", world.sft)],
        "steps": [{**step, "weightsSha256": built.weightsSha256, "madeWith": made}],
    }  # fmt: skip
    folder = tmp_path / "exported"
    shutil.copytree(world.store.open(world.sft), folder / "data" / "chats")
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return folder / "recipe.yaml"


def completed() -> AttemptRecord:
    return AttemptRecord(
        attempt=1, worker="w", device="cpu", startedAt=now_iso(), endedAt=now_iso(), end="completed", lastStep=6
    )


def edit(recipe: Path, change: dict[str, Any]) -> None:
    content = yaml.safe_load(recipe.read_text())
    content["steps"][0].update(change)
    recipe.write_text(yaml.safe_dump(content))


def test_the_same_weights_come_out_and_a_second_run_reuses_them(
    world: World, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = str(world.store.open(world.model))
    assert rebuild.main([str(exported), "--from", base]) == 0
    assert "equal: the weights are those of tiny t0001" in capsys.readouterr().out
    assert (exported.parent / "rebuilt" / "model" / "model.safetensors").is_file()
    assert not (exported.parent / "rebuilt" / "model" / "manifest.json").exists()
    assert rebuild.main([str(exported)]) == 0  # the base is in its store now
    assert "made by an earlier run" in capsys.readouterr().out


def test_other_weights_are_told_with_what_may_have_caused_it(
    world: World, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = made_with("cpu").model_dump()
    edit(
        exported, {"weightsSha256": "0" * 64, "madeWith": {**made, "libraries": {**made["libraries"], "torch": "1.0"}}}
    )
    assert rebuild.main([str(exported), "--from", str(world.store.open(world.model))]) == 1
    out = capsys.readouterr().out
    assert "different: expected weights SHA-256 000000" in out
    assert "torch 1.0 then" in out


def test_what_is_missing_is_named_with_its_hash(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (exported.parent / "data" / "chats" / "data.jsonl").write_text("{}\n")
    assert rebuild.main([str(exported)]) == 2
    err = capsys.readouterr().err
    assert "models/base/config.json" in err
    assert "data/chats/data.jsonl" in err  # it is there, with other content
    assert "--from" in err


def test_a_recipe_that_was_edited_is_refused(exported: Path) -> None:
    stage = yaml.safe_load(exported.read_text())["steps"][0]["stage"]
    edit(exported, {"stage": {**stage, "seed": "9"}})
    with pytest.raises(RecipeFault, match=r"stage id: expected .* Take the recipe as it was exported"):
        read_recipe(exported)
    exported.write_text("schemaVersion: 2\n")
    with pytest.raises(RecipeFault, match="expected a recipe of this version"):
        read_recipe(exported)


def test_a_path_out_of_the_folder_is_refused(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = yaml.safe_load(exported.read_text())
    content["sources"][0]["files"][0]["path"] = "../../outside"
    exported.write_text(yaml.safe_dump(content))
    assert rebuild.main([str(exported)]) == 2
    assert "expected a path inside its folder" in capsys.readouterr().err


def test_differences_name_both_sides() -> None:
    now = made_with("cpu")
    assert differences(now, now) == []
    then = MadeWith.model_validate({**now.model_dump(), "device": "cuda", "threads": now.threads + 1})
    assert differences(then, now) == [
        "device cuda then, cpu now",
        f"threads {now.threads + 1} then, {now.threads} now",
    ]
