"""Whole merge jobs: streaming, dtypes, shards, order, faults by name."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
import torch
from conftest import World
from merge_cases import (
    BLENDS,
    CONFIG,
    TOKENIZER,
    add_model,
    merge,
    merge_job,
    merged,
    random_tensors,
    weights_of,
    whole,
)
from safetensors import safe_open

from lamdagent_gpu.context import Diverged, Preempted, Rejected
from lamdagent_gpu.merge import method as method_module
from lamdagent_gpu.merge import run_merge
from lamdagent_gpu.merge.registry import METHODS
from lamdagent_gpu.weights import weights_sha256

NAMES = BLENDS


def three(world: World, dtype: torch.dtype = torch.float32) -> list[str]:
    return [add_model(world, digit, random_tensors(int(digit), dtype)) for digit in "123"]


def models_for(world: World, name: str) -> list[str]:
    return three(world)[: METHODS[name].most_models]


@pytest.mark.parametrize("name", NAMES)
def test_a_job_equals_the_method_on_whole_tensors(world: World, name: str) -> None:
    models, weights = models_for(world, name), weights_of(name)
    base = add_model(world, "b", random_tensors(9))
    got = merged(world, models, name, weights, base=base)
    parts = [random_tensors(seed) for seed in (1, 2, 3)[: len(models)]]
    contents = [weights_sha256(world.store.open(model)) for model in models]
    for tensor, origin in random_tensors(9).items():
        of = [part[tensor] for part in parts]
        assert torch.equal(got[tensor], whole(name, of, origin, weights=weights, contents=contents, tensor=tensor))


@pytest.mark.parametrize("name", NAMES)
def test_the_size_of_the_pieces_changes_no_bit(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    models, base = models_for(world, name), add_model(world, "b", random_tensors(9))
    large = merged(world, models, name, base=base)
    monkeypatch.setattr(method_module.spans, "__defaults__", (4,))
    monkeypatch.setattr(method_module, "PIECE", 4)
    assert all(torch.equal(tensor, large[key]) for key, tensor in merged(world, models, name, base=base).items())


@pytest.mark.parametrize("name", [name for name in NAMES if not METHODS[name].ordered])
def test_the_order_of_models_with_their_weights_changes_no_bit(world: World, name: str) -> None:
    one, two, other = three(world)
    first, second, third = weights_of(name)
    base = add_model(world, "b", random_tensors(9))
    left = merged(world, [one, two, other], name, [first, second, third], base=base)
    right = merged(world, [other, one, two], name, [third, first, second], base=base)
    assert all(torch.equal(tensor, right[key]) for key, tensor in left.items())


@pytest.mark.parametrize("name", ["slerp", "nuslerp"])
def test_an_arc_runs_from_the_first_model_to_the_second(world: World, name: str) -> None:
    one, two, _ = three(world)
    base = add_model(world, "b", random_tensors(9))
    there, back = (merged(world, pair, name, base=base, t=t) for pair, t in (([one, two], 0.25), ([two, one], 0.75)))
    assert all(torch.allclose(tensor, back[key], atol=1e-6) for key, tensor in there.items())
    start = merged(world, [two, one], name, base=base, t=0)
    assert all(torch.allclose(tensor, start[key], atol=1e-6) for key, tensor in random_tensors(2).items())


@pytest.mark.parametrize("name", NAMES)
def test_a_merge_is_reproducible_to_the_byte(world: World, name: str) -> None:
    models, base = models_for(world, name), add_model(world, "b", random_tensors(9))
    first, second = (merge(world, models, name, base=base) / "model.safetensors" for _ in range(2))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_shards_equal_a_single_file(world: World, name: str) -> None:
    """Random masks too: they depend on the weights, not on how files or objects hold them."""
    tensors, base = random_tensors(1), add_model(world, "b", random_tensors(9))
    single, other = add_model(world, "1", tensors), add_model(world, "3", random_tensors(3))
    sharded = add_model(world, "2", tensors, shards=[list(tensors)[::2], list(tensors)[1::2]])
    left, right = (merge(world, [one, other], name, base=base) for one in (single, sharded))
    assert (left / "model.safetensors").read_bytes() == (right / "model.safetensors").read_bytes()
    assert not (right / "model.safetensors.index.json").exists()


def test_half_precision_is_merged_in_float32_and_rounded_once(world: World) -> None:
    for dtype in (torch.bfloat16, torch.float16):
        digit = "cd"[dtype == torch.float16]
        models = [add_model(world, digit, random_tensors(1, dtype)), *three(world)[1:]]
        got = merged(world, models, "linear")
        for name, tensor in random_tensors(1, dtype).items():
            parts = [tensor.float(), random_tensors(2)[name], random_tensors(3)[name]]
            expected = METHODS["linear"].merge(parts, None, [1, 1, 1], {}).to(dtype)
            assert torch.equal(got[name], expected)


def test_the_base_gives_the_dtype_and_the_configuration_says_so(world: World) -> None:
    base = add_model(world, "b", random_tensors(9, torch.bfloat16))
    folder = merge(world, three(world), "ties", base=base)
    with safe_open(folder / "model.safetensors", "pt") as file:
        assert file.get_tensor("norm").dtype == torch.bfloat16
    assert json.loads((folder / "config.json").read_text("utf8")) == {**CONFIG, "dtype": "bfloat16"}


def test_mixed_dtypes_in_one_file_stay_aligned(world: World) -> None:
    odd = {"a": torch.ones(3, dtype=torch.bfloat16), "b": torch.ones(5), "ids": torch.arange(3, dtype=torch.int64)}
    one, two = add_model(world, "1", odd), add_model(world, "2", odd)
    got = merged(world, [one, two], "linear")
    assert all(torch.equal(got[name], tensor) and got[name].dtype == tensor.dtype for name, tensor in odd.items())


def test_side_files_come_from_the_first_model_without_its_weights(world: World) -> None:
    files = {"chat_template.jinja": "one", "model.gguf": "weights", "model.onnx": "weights"}
    one = add_model(world, "2", random_tensors(1), files=files)
    two = add_model(world, "1", random_tensors(2), files={"chat_template.jinja": "two"})
    folder = merge(world, [one, two], "linear")
    found = {path.name: path for path in folder.iterdir()}
    assert set(found) == {"chat_template.jinja", "config.json", "model.safetensors", "tokenizer.json"}
    assert found["chat_template.jinja"].read_text("utf8") == "one"


def test_a_stored_tied_head_is_left_out_again(world: World) -> None:
    tensors = random_tensors(1)
    tied = add_model(world, "1", {**tensors, "lm_head.weight": tensors["model.embed_tokens.weight"].clone()})
    other = add_model(world, "2", random_tensors(2))
    assert set(merged(world, [tied, other], "linear")) == set(tensors)
    untied = add_model(world, "3", {**tensors, "lm_head.weight": torch.ones(3, 8)})
    with pytest.raises(Rejected, match=r"tensor lm_head.weight: expected in every model.*22222222 ties its embeddings"):
        merge(world, [untied, other], "linear")


def fault(world: World, message: str, change: dict[str, torch.Tensor | None], **own: Any) -> None:
    tensors: dict[str, torch.Tensor | None] = {**random_tensors(2), **change}
    good = add_model(world, "1", random_tensors(1))
    bad = add_model(world, "2", {name: tensor for name, tensor in tensors.items() if tensor is not None}, **own)
    with pytest.raises(Rejected, match=message):
        merge(world, [good, bad], "linear")


FAULTS: dict[str, tuple[str, dict[str, torch.Tensor | None], dict[str, Any]]] = {
    "lacking": (r"tensor norm: expected in every model, got it in 11111111 but not in 22222222", {"norm": None}, {}),
    "surplus": (r"tensor more: .*got it in 22222222 but not in 11111111", {"more": torch.ones(1)}, {}),
    "shape": (r"tensor norm: expected shape \[5\] as in 11111111, got \[6\] in 22222222", {"norm": torch.ones(6)}, {}),
    "padded": (
        r"tensor model.embed_tokens.weight: expected shape \[3, 8\].*got \[4, 8\].*padded or extended",
        {"model.embed_tokens.weight": torch.ones(4, 8)},
        {},
    ),
    "integer": (r"tensor norm: expected F32 .*got I64", {"norm": torch.arange(5)}, {}),
    "quantised": (
        r"tensor norm: expected one of .*got F8_E4M3 in 22222222",
        {"norm": torch.ones(5).to(torch.float8_e4m3fn)},
        {},
    ),
    "heads": (
        r"config.json num_attention_heads: expected 2 as in 11111111, got 4 in 22222222",
        {},
        {"config": {**CONFIG, "num_attention_heads": 4}},
    ),
    "token": (
        r"tokenizer.json: expected the vocabulary of 11111111, got another in 22222222: 'b' is 1 there and absent here",
        {},
        {"tokenizer": {**TOKENIZER, "model": {"vocab": {"a": 0, "c": 1}}}},
    ),
    "added token": (
        r"'<x>' is absent there and 3 here",
        {},
        {"tokenizer": {**TOKENIZER, "added_tokens": [{"content": "<e>", "id": 2}, {"content": "<x>", "id": 3}]}},
    ),
    "broken tokenizer": (r"tokenizer.json: expected model.vocab.*22222222", {}, {"tokenizer": {"model": {}}}),
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_models_that_do_not_fit_are_rejected_by_name(world: World, name: str) -> None:
    message, change, own = FAULTS[name]
    fault(world, message, change, **own)


def test_flags_of_tokens_may_differ(world: World) -> None:
    flagged = {**TOKENIZER, "added_tokens": [{"content": "<e>", "id": 2, "lstrip": True}]}
    one, two = add_model(world, "1", random_tensors(1)), add_model(world, "2", random_tensors(2), tokenizer=flagged)
    merge(world, [one, two], "linear")


def test_integers_must_be_equal_everywhere(world: World) -> None:
    one, two = (add_model(world, digit, {"ids": torch.tensor([1, int(digit)])}) for digit in "12")
    with pytest.raises(Rejected, match="tensor ids: expected equal I64 values"):
        merge(world, [one, two], "linear")


def test_a_torn_file_is_rejected(world: World) -> None:
    good = add_model(world, "1", random_tensors(1))
    folder = world.store.new_folder()
    for path in world.store.open(good).iterdir():
        if path.name != "manifest.json":
            (folder / path.name).write_bytes(path.read_bytes())
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-4])
    world.store.publish("2" * 64, "model", folder, {})
    with pytest.raises(Rejected, match=r"model 22222222: tensor .* expected bytes up to"):
        merge(world, [good, "2" * 64], "linear")


def test_a_header_whose_bytes_do_not_fit_its_shape_is_rejected(world: World) -> None:
    good = add_model(world, "1", {"w": torch.ones(2)})
    folder = world.store.new_folder()
    for path in world.store.open(good).iterdir():
        if path.suffix == ".json" and path.name != "manifest.json":
            (folder / path.name).write_bytes(path.read_bytes())
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    world.store.publish("2" * 64, "model", folder, {})
    with pytest.raises(Rejected, match=r"tensor w: expected 8 bytes for F32 \[2\], got 4 in 22222222"):
        merge(world, [good, "2" * 64], "linear")


@pytest.mark.parametrize(
    ("method", "weights", "own", "message"),
    [
        ("linear", [1, -1], {}, r"weights: expected a sum other than 0, got \[1, -1\]"),
        ("linear", [1], {}, r"weights: expected a finite number for each of 2 models, got \[1\]"),
        ("ties", [1, 1], {"density": 0}, r"density: expected a number in \(0, 1\], got 0"),
        ("ties", [1, 1], {"density": 1.5}, r"density: expected .*got 1.5"),
        ("taskArithmetic", [1, 1], {"lambda": None}, r"lambda: expected a number in \[-8, 8\], got None"),
        ("taskArithmetic", [1, 1], {"lambda": "1, 9"}, r"lambda: expected a number in \[-8, 8\], got 9.0 in '1, 9'"),
        ("taskArithmetic", [1, 1], {"lambda": "1, x"}, r"lambda: .*or anchors by layer such as '0.2, 0.8', got '1, x'"),
        ("ties", [1, 1], {"scope": "model"}, r"scope: expected one of tensor, vector, got model"),
        ("ties", [1, 1], {"scope": "vector", "density": "0.2, 0.4"}, r"density: expected one number with scope vector"),
        ("passthrough", [1, 1], {"share": "0.2, 1"}, r"share: expected .*the same in all layers, got '0.2, 1'"),
        ("slerp", [1, 2], {}, r"weights: expected equal ones for slerp, which has no use for others, got \[1, 2\]"),
        ("karcher", [1, -1], {}, r"weights: expected numbers above 0 for karcher, got \[1, -1\]"),
    ],
)
def test_settings_out_of_range_are_rejected(
    world: World, method: str, weights: list[float], own: dict[str, Any], message: str
) -> None:
    one, two, base = three(world)
    with pytest.raises(Rejected, match=message):
        merge(world, [one, two], method, weights, base=base, **own)


def test_an_arc_has_two_ends(world: World) -> None:
    with pytest.raises(Rejected, match="models: expected 2 models exactly for slerp, got 3"):
        merge(world, three(world), "slerp")


@pytest.mark.parametrize("method", NAMES)
def test_nan_and_overflow_name_the_tensor(world: World, method: str) -> None:
    broken = random_tensors(1)
    broken["layer.weight"][3, 2] = float("nan")
    bad, base = add_model(world, "1", broken), add_model(world, "b", random_tensors(9))
    with pytest.raises(Diverged, match=r"tensor layer.weight: .*float32, got NaN"):
        merge(world, [bad, three_more(world)], method, base=base)


def three_more(world: World) -> str:
    return add_model(world, "5", random_tensors(5))


def test_a_result_too_large_for_its_dtype_diverges(world: World) -> None:
    base = add_model(world, "b", {"w": torch.zeros(2, dtype=torch.float16)})
    one, two = (add_model(world, digit, {"w": torch.tensor([1.0, 60_000.0])}) for digit in "12")
    with pytest.raises(Diverged, match=r"tensor w: .*float16"):
        merge(world, [one, two], "taskArithmetic", base=base, **{"lambda": 1})


def test_progress_counts_tensors_and_a_notice_stops_between_them(world: World) -> None:
    models = three(world)
    seen: list[dict[str, Any]] = []
    run_merge(world.context(merge_job(world, models, "linear"), seen=seen))
    assert [(one["phase"], one["step"], one["steps"]) for one in seen] == [("merging", n, 5) for n in range(6)]
    with pytest.raises(Preempted, match="notice"):
        run_merge(
            world.context(
                merge_job(world, models, "linear"), stop=lambda now: "notice" if now.get("step", 0) >= 2 else None
            )
        )


def test_a_merged_model_loads_with_transformers(world: World) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    other, third = world.publish_model("other", seed=3, dtype=torch.bfloat16), world.publish_model("third", seed=4)
    folder = merge(world, sorted([other, third]), "ties", base=world.model)
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.dtype == torch.float32
    assert bool(torch.isfinite(model(torch.tensor([[1, 2, 3]])).logits).all())
    assert AutoTokenizer.from_pretrained(folder).chat_template
