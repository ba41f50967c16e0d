"""The store, fences, checkpoints and attempt records: what survives a kill, and what must not get through."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import World

from lamdagent_gpu import attempts, fence
from lamdagent_gpu.attempts import AttemptRecord
from lamdagent_gpu.checkpoint import Checkpoints
from lamdagent_gpu.contract.messages import Stage
from lamdagent_gpu.fence import StaleFence
from lamdagent_gpu.files import create_exclusively
from lamdagent_gpu.pace import Pace
from lamdagent_gpu.stage import InvalidJob, check_id, check_stage_id, stage_id_of
from lamdagent_gpu.store import CorruptObject, FolderStore
from lamdagent_gpu.weights import parameter_count, weights_sha256

ID = "ab" * 32


def published(store: FolderStore, text: str = "content") -> Path:
    folder = store.new_folder()
    (folder / "file.txt").write_text(text, "utf8")
    store.publish(ID, "model", folder, {"fact": 1})
    return store.root / "objects" / ID


def test_an_object_is_there_with_its_manifest_or_not_at_all(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    assert store.manifest(ID) is None
    folder = published(store)
    manifest = store.manifest(ID)
    assert manifest is not None
    assert [file.path for file in manifest.files] == ["file.txt"]
    (folder / "manifest.json").unlink()
    assert store.manifest(ID) is None


def test_publishing_again_keeps_the_first(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    folder = published(store, "first")
    published(store, "second")
    assert (folder / "file.txt").read_text("utf8") == "first"
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize(("damage", "message"), [("cut", "expected 7 bytes, got 5"), ("flip", "expected SHA-256")])
def test_a_damaged_object_is_never_opened(tmp_path: Path, damage: str, message: str) -> None:
    published(FolderStore(tmp_path)).joinpath("file.txt").write_text("conte" if damage == "cut" else "Content", "utf8")
    with pytest.raises(CorruptObject, match=message):
        FolderStore(tmp_path).open(ID)


def test_a_manifest_cannot_point_outside_its_object(tmp_path: Path) -> None:
    folder = published(FolderStore(tmp_path))
    manifest = json.loads((folder / "manifest.json").read_text("utf8"))
    manifest["files"][0]["path"] = "../../escape"
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf8")
    with pytest.raises(CorruptObject, match="inside the object"):
        FolderStore(tmp_path).open(ID)


@pytest.mark.parametrize("bad", ["", "../x", "AB" * 32, ID + "\n", ID[:-1]])
def test_only_ids_become_paths(bad: str) -> None:
    with pytest.raises(InvalidJob):
        check_id(bad)


def test_the_stage_id_is_the_one_typescript_computes() -> None:
    stage = {
        "kind": "sft",
        "recipeVersion": 1,
        "inputs": {"model": ["a" * 64], "data": ["b" * 64]},
        "parameters": {"learningRate": 3e-4, "steps": 60, "tuning": "full"},
        "seed": "1",
    }
    expected = "6b6af3237d58e73dc0f891bc51ed0e88a3d5e7c710719a9dd2f8738741af43a2"
    assert stage_id_of(stage) == expected
    check_stage_id(Stage.model_validate(stage), expected)
    with pytest.raises(InvalidJob, match="expected 6b6af"):
        check_stage_id(Stage.model_validate(stage), ID)


def test_racing_claims_each_get_their_own_epoch(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        epochs = list(pool.map(lambda _: fence.claim(FolderStore(tmp_path), ID, "w"), range(24)))
    assert sorted(epochs) == list(range(1, 25))


def test_only_the_newest_epoch_passes(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    first = fence.claim(store, ID, "zombie")
    fence.check(store, ID, first)
    second = fence.claim(store, ID, "successor")
    fence.check(store, ID, second)
    with pytest.raises(StaleFence, match="expected to hold epoch 1, got 2"):
        fence.check(store, ID, first)


def test_of_two_writers_one_creates(tmp_path: Path) -> None:
    target = tmp_path / "record"
    assert create_exclusively(target, "first")
    assert not create_exclusively(target, "second")
    assert target.read_text("utf8") == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["record"]


def checkpoints(root: Path, stage_id: str = ID) -> Checkpoints:
    store = FolderStore(root)
    return Checkpoints(store=store, stage_id=stage_id, epoch=fence.claim(store, stage_id, "w"))


def write(folder: Path) -> None:
    (folder / "state").write_text("state", "utf8")


def test_a_checkpoint_that_fails_to_be_written_leaves_the_older_one(tmp_path: Path) -> None:
    layer = checkpoints(tmp_path)
    layer.commit(3, write)

    def full_disk(folder: Path) -> None:
        write(folder)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        layer.commit(4, full_disk)
    newest = layer.newest()
    assert newest is not None
    assert newest.step == 3
    assert [path.name for path in layer.folder.iterdir()] == ["00000003"]


@pytest.mark.parametrize("damage", ["manifest", "file", "stage", "libraries"])
def test_torn_and_foreign_checkpoints_are_refused(tmp_path: Path, damage: str) -> None:
    layer = checkpoints(tmp_path)
    layer.commit(3, write)
    manifest = layer.folder / "00000003" / "manifest.json"
    if damage == "manifest":
        manifest.unlink()
    elif damage == "file":
        (manifest.parent / "state").write_text("stat", "utf8")
    else:
        content = json.loads(manifest.read_text("utf8"))
        content.update({"stageId": "cd" * 32} if damage == "stage" else {"libraries": {"torch": "1.0"}})
        manifest.write_text(json.dumps(content), "utf8")
    assert layer.newest() is None


def record(attempt: int, **fields: object) -> AttemptRecord:
    base = {"attempt": attempt, "worker": "w", "device": "cpu", "startedAt": "t"}
    return AttemptRecord(**{**base, **fields})  # type: ignore[arg-type]


def test_a_killed_attempt_is_closed_as_lost_by_the_next(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    attempts.save(store, ID, record(1, lastStep=9, checkpoint=6, gpuSeconds=9.0))
    closed = attempts.close_lost(store, ID, attempts.load(store, ID))
    assert [one.end for one in closed] == ["lost"]
    assert attempts.load(store, ID) == closed


def test_what_a_killed_attempt_did_after_its_last_sign_of_life_is_known_to_the_step(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    attempts.save(store, ID, record(1, lastStep=9, checkpoint=6, gpuSeconds=0.0))
    pace = Pace(store.local_work(ID), 1)
    time.sleep(0.01)
    for step in (9, 10, 12):
        pace.step(step)
    closed = attempts.close_lost(store, ID, attempts.load(store, ID))
    assert closed[0].lastStep == 12
    assert closed[0].gpuSeconds > 0


def test_what_was_lost_is_what_was_done_again() -> None:
    killed = record(1, end="lost", lastStep=9, checkpoint=6, gpuSeconds=9.0)
    finished = record(2, end="completed", resumedStep=6, lastStep=20, gpuSeconds=14.0)
    wire = attempts.to_wire([killed, finished])
    assert [(one.stepsKept, one.stepsLost, one.lostGpuSeconds) for one in wire] == [(6, 3, 3.0), (14, 0, 0.0)]


def test_a_preemption_with_notice_loses_nothing() -> None:
    stopped = record(1, end="preempted", lastStep=9, checkpoint=9, gpuSeconds=9.0)
    wire = attempts.to_wire([stopped, record(2, end="completed", resumedStep=9, lastStep=20, gpuSeconds=1.0)])
    assert (wire[0].stepsLost, wire[0].lostGpuSeconds) == (0, 0.0)


def kept_and_lost(*records: AttemptRecord) -> list[tuple[int, int]]:
    return [(one.stepsKept, one.stepsLost) for one in attempts.to_wire(list(records))]


def test_steps_behind_a_checkpoint_that_turned_out_torn_are_lost_though_an_attempt_began_there() -> None:
    first = record(1, end="lost", lastStep=60, checkpoint=60)
    idle = record(2, end="lost", resumedStep=60, lastStep=60, checkpoint=60)
    last = record(3, end="completed", resumedStep=50, lastStep=100)
    assert kept_and_lost(first, idle, last) == [(50, 10), (0, 0), (50, 0)]


def test_a_detour_over_an_older_checkpoint_is_lost_and_the_steps_of_the_newer_one_are_not() -> None:
    first = record(1, end="lost", lastStep=60, checkpoint=60)
    detour = record(2, end="lost", resumedStep=50, lastStep=55, checkpoint=50)
    last = record(3, end="completed", resumedStep=60, lastStep=100)
    assert kept_and_lost(first, detour, last) == [(60, 0), (0, 5), (40, 0)]


def test_steps_that_only_a_checkpoint_shows_were_done_by_the_attempt_before_it() -> None:
    unseen = record(1, end="lost", lastStep=50, checkpoint=45)
    last = record(2, end="completed", resumedStep=57, lastStep=100)
    assert kept_and_lost(unseen, last) == [(57, 0), (43, 0)]


def test_only_attempts_without_progress_count_as_stalled() -> None:
    progress = record(1, end="failed", checkpoint=5)
    stuck = record(2, end="failed", resumedStep=5, checkpoint=5)
    preempted = record(3, end="preempted", resumedStep=5, checkpoint=5)
    lost = record(4, end="lost", resumedStep=5, checkpoint=5)
    assert attempts.stalled_in_a_row([progress, stuck, preempted, lost]) == (1, 1)
    assert attempts.stalled_in_a_row([stuck, progress]) == (0, 0)


def test_the_weights_hash_ignores_how_tensors_are_spread(world: World, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = world.store.open(world.model)
    tensors = load_file(folder / "model.safetensors")
    names = sorted(tensors)
    save_file({name: tensors[name] for name in names[::2]}, tmp_path / "a.safetensors", metadata={"x": "y"})
    save_file({name: tensors[name] for name in names[1::2]}, tmp_path / "b.safetensors")
    assert weights_sha256(tmp_path) == weights_sha256(folder)
    assert parameter_count(tmp_path) == sum(tensor.numel() for tensor in tensors.values())
    tensors[names[0]].view(-1)[0] += 1
    save_file({name: tensors[name] for name in names[::2]}, tmp_path / "a.safetensors")
    assert weights_sha256(tmp_path) != weights_sha256(folder)
