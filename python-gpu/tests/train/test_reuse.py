"""What trainings keep for each other: it saves work, never changes a bit, and is never believed when it is broken."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import World
from method_cases import CASES, Case

from lamdagent_gpu.reuse import Reuse, digest_of
from lamdagent_gpu.train import data, encoding, reference, run_training
from lamdagent_gpu.train.data import SFT_ROWS
from lamdagent_gpu.train.encoding import encoded_data, identity_of, packed, unpacked
from lamdagent_gpu.train.model import load_tokenizer

REFERENCES = ("dpo", "dpo robust", "kto", "on-policy dpo")


def folder_of(world: World) -> Path:
    return world.store.root / "reuse"


def entries(world: World) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder_of(world).iterdir())}


def weights(world: World, case: Case, **changed: Any) -> bytes:
    job = case.job(world, **changed)
    shutil.rmtree(world.store.local_work(job.stageId), ignore_errors=True)
    context = world.context(job)
    run_training(context)
    return (context.output_folder / "model.safetensors").read_bytes()


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was computed, not found."""
    seen: list[str] = []
    encode = data.encode_sft
    monkeypatch.setattr(data, "encode_sft", lambda *given: (seen.append("row"), encode(*given))[1])
    return seen


@pytest.mark.parametrize("name", ["sft", "sft packed", "distil", "orpo", *REFERENCES])
def test_a_training_that_finds_all_of_it_ends_with_the_same_bits(world: World, name: str) -> None:
    cold = weights(world, CASES[name])
    kept = entries(world)
    assert len(kept) == (2 if name in REFERENCES and "on-policy" not in name else 1)
    assert weights(world, CASES[name]) == cold
    assert entries(world) == kept
    shutil.rmtree(folder_of(world))
    assert weights(world, CASES[name]) == cold
    assert entries(world) == kept


def test_rows_are_encoded_once_for_all_trainings_on_them(world: World, computed: list[str]) -> None:
    weights(world, CASES["sft"])
    assert computed.count("row") == 24
    for changed in ({"learningRate": 1e-4}, {"steps": 2}, {"maxLength": 32}, {"packing": "bestFit"}):
        weights(world, CASES["sft"], **changed)
    assert computed.count("row") == 24
    weights(world, CASES["sft"], dataFraction=0.5)
    assert computed.count("row") == 36


def test_other_trainings_find_the_reference_of_the_same_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    original = reference.reference_table

    def counting(*given: Any, compute: Callable[..., Any], **named: Any) -> Any:
        return original(*given, **named, compute=lambda rows: (asked.append(len(rows)), compute(rows))[1])

    from lamdagent_gpu.train import dpo

    monkeypatch.setattr(dpo, "reference_table", counting)
    every_row = {"steps": 4, "batchSize": 6}
    weights(world, CASES["dpo"], **every_row)
    assert sum(asked) == 24
    for changed in ({"beta": 0.3}, {"learningRate": 1e-4}, {"steps": 6}, {"loss": "ipo"}):
        weights(world, CASES["dpo"], **{**every_row, **changed})
    assert sum(asked) == 24
    for changed in ({"maxLength": 20}, {"batchSize": 12, "steps": 2}, {"steps": 2}):
        asked.clear()
        weights(world, CASES["dpo"], **{**every_row, **changed})
        assert asked


def test_another_model_has_another_reference(world: World) -> None:
    weights(world, CASES["dpo"])
    before = set(entries(world))
    other = World(world.root, world.store, world.publish_model("other", seed=3), world.sft, world.preference)
    weights(other, CASES["dpo"])
    assert len(set(entries(world)) - before) == 1  # the tokenizer is the same


def broken_byte(path: Path) -> None:
    text = bytearray(path.read_bytes())
    text[-3] ^= 1
    path.write_bytes(text)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [broken_byte, cut, empty])
def test_a_broken_entry_is_made_again(
    world: World, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    expected = weights(world, CASES["dpo"])
    kept = entries(world)
    for path in folder_of(world).iterdir():
        damage(path)
    assert weights(world, CASES["dpo"]) == expected
    assert entries(world) == kept
    assert sum("it is made again" in line for line in caplog.messages) == 2


def test_what_cannot_be_written_costs_nothing_but_the_work(world: World, caplog: pytest.LogCaptureFixture) -> None:
    expected = weights(world, CASES["dpo"])
    shutil.rmtree(folder_of(world))
    folder_of(world).write_text("in the way", "utf8")
    assert weights(world, CASES["dpo"]) == expected
    assert any("the next job does the work again" in line for line in caplog.messages)


def test_the_longest_unused_go_first_and_leftovers_too(tmp_path: Path) -> None:
    reuse = Reuse(folder=tmp_path, budget=3 * 4200)
    for number in range(3):
        reuse.write({"number": number}, {"x": torch.full((1000,), number)[:1000].to(torch.int32)})
    for age, path in enumerate(sorted(tmp_path.iterdir(), key=lambda one: one.stat().st_mtime_ns)):
        os.utime(path, (age, age))
    leftover, fresh = tmp_path / ".staged", tmp_path / ".another"
    leftover.write_bytes(b"x")
    os.utime(leftover, (1, 1))
    fresh.write_bytes(b"x")
    assert reuse.read({"number": 0}) is not None  # is the newest now
    reuse.write({"number": 3}, {"x": torch.zeros(1000, dtype=torch.int32)})
    assert [number for number in range(4) if reuse.read({"number": number}) is not None] == [0, 2, 3]
    assert (leftover.exists(), fresh.exists()) == (False, True)


def test_rows_come_back_as_they_were() -> None:
    rows = [{"a": [1, 2, 3], "b": []}, {"a": [], "b": [-100]}, {"a": [7], "b": [5, 6]}]
    assert unpacked(packed(rows)) == rows


def test_a_digest_tells_lists_apart() -> None:
    assert len({digest_of(rows) for rows in ([[1, 2]], [[1], [2]], [[2, 1]], [[1, 2], []], [])}) == 5


def test_what_decides_about_ids_is_in_the_key(world: World) -> None:
    tokenizer = load_tokenizer(world.store.open(world.model))
    plain = identity_of(tokenizer)
    template = tokenizer.chat_template
    tokenizer.chat_template = template + " "
    assert identity_of(tokenizer) not in (None, plain)
    tokenizer.chat_template = template + "{{ strftime_now('%d') }}"
    assert identity_of(tokenizer) is None
    context = world.context(world.build_job("sft", CASES["sft"].parameters, model=[world.model], data=[world.sft]))
    assert len(encoded_data(context, tokenizer, SFT_ROWS)) == 24
    assert not folder_of(world).exists()
    tokenizer.chat_template = template
    tokenizer.add_tokens(["say"])
    assert identity_of(tokenizer) not in (None, plain)


def test_a_raised_version_encodes_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    context = world.context(CASES["sft"].job(world))
    tokenizer = load_tokenizer(world.store.open(world.model))
    encoded_data(context, tokenizer, SFT_ROWS)
    assert len(entries(world)) == 1
    encoded_data(context, tokenizer, replace(SFT_ROWS, version=2))
    monkeypatch.setattr(encoding, "version", lambda name: "0")
    encoded_data(context, tokenizer, SFT_ROWS)
    assert len(entries(world)) == 3
