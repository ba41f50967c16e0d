"""Merging against hand-computed cases and the papers' equations in plain NumPy."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import World
from safetensors.torch import load_file, save_file

from lamdagent_gpu.context import Diverged, Rejected
from lamdagent_gpu.merge import run_merge
from lamdagent_gpu.merge.registry import METHODS
from lamdagent_gpu.merge.ties import threshold, trim


def test_ties_by_hand() -> None:
    base = torch.zeros(4)
    one = torch.tensor([4.0, -3.0, 0.5, 1.0])
    two = torch.tensor([2.0, 2.0, -0.1, -5.0])
    merged = METHODS["ties"].merge([one, two], base, [1, 1], {"density": 0.5, "lambda": 1})
    # kept: one → 4, -3; two → 2, 2 (a tie), -5. Signs of the sums: +, -, +, -.
    assert merged.tolist() == [3.0, -3.0, 0.0, -5.0]


def test_ties_keeps_every_delta_that_equals_the_threshold() -> None:
    delta = torch.tensor([1.0, -1.0, 1.0, 0.5])
    assert threshold(delta, 0.5) == 1.0
    assert trim(delta, 0.5).tolist() == [1.0, -1.0, 1.0, 0.0]


def numpy_ties(
    models: list[np.ndarray[Any, Any]], base: np.ndarray[Any, Any], weights: list[float], density: float, scale: float
) -> Any:
    deltas = []
    for model, weight in zip(models, weights, strict=True):
        delta = model - base
        cut = np.sort(np.abs(delta).ravel())[::-1][ceil(density * delta.size) - 1]
        deltas.append(np.where(np.abs(delta) >= cut, delta, 0) * np.float32(weight))
    total = np.sum(deltas, axis=0)
    sign = np.where(total >= 0, 1, -1)
    agree = [np.sign(delta) == sign for delta in deltas]
    mean = sum(np.where(a, d, 0) for a, d in zip(agree, deltas, strict=True))
    weight_sum = sum(a * w for a, w in zip(agree, weights, strict=True))
    return base + np.float32(scale) * mean / np.where(weight_sum == 0, 1, weight_sum)


@pytest.mark.parametrize("density", [0.1, 0.5, 0.73, 1.0])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_methods_equal_their_equations(density: float, count: int) -> None:
    rng = np.random.default_rng(count)
    base, *models = (rng.normal(size=(17, 9)).astype(np.float32) for _ in range(count + 1))
    weights = [float(w) for w in rng.uniform(0.5, 2, size=count)]
    tensors = [torch.from_numpy(model) for model in models]
    origin = torch.from_numpy(base)

    def merged(method: str, **parameters: float) -> Any:
        return METHODS[method].merge(tensors, origin, weights, parameters).numpy()

    linear = sum(w * m for w, m in zip(weights, models, strict=True)) / sum(weights)
    np.testing.assert_allclose(merged("linear"), linear, rtol=2e-5, atol=1e-6)
    arithmetic = base + 0.7 * sum(w * (m - base) for w, m in zip(weights, models, strict=True))
    np.testing.assert_allclose(merged("taskArithmetic", **{"lambda": 0.7}), arithmetic, rtol=2e-5, atol=2e-6)
    expected = numpy_ties(models, base, weights, density, 0.7)
    np.testing.assert_allclose(merged("ties", **{"lambda": 0.7, "density": density}), expected, rtol=2e-5, atol=2e-6)


def merge(world: World, models: list[str], **parameters: Any) -> Path:
    needs_base = METHODS[parameters["method"]].needs_base
    inputs = {"models": models, **({"base": [world.model]} if needs_base else {})}
    context = world.context(world.build_job("merge", {**parameters, "weights": [1] * len(models)}, **inputs))
    run_merge(context)
    return context.output_folder


def test_a_merged_model_loads_and_is_the_mean(world: World) -> None:
    from transformers import AutoModelForCausalLM

    other = world.publish_model("other", seed=3)
    output = merge(world, [world.model, other], method="linear")
    first, second = (load_file(world.store.open(one) / "model.safetensors") for one in (world.model, other))
    for name, tensor in load_file(output / "model.safetensors").items():
        torch.testing.assert_close(tensor, (first[name] + second[name]) / 2)
    AutoModelForCausalLM.from_pretrained(output)


@pytest.mark.parametrize("method", ["linear", "taskArithmetic", "ties"])
def test_the_order_of_models_does_not_matter(world: World, method: str) -> None:
    other = world.publish_model("other", seed=3)
    settings = {"method": method, "lambda": 1, "density": 0.5}
    left = load_file(merge(world, [world.model, other], **settings) / "model.safetensors")
    right = load_file(merge(world, [other, world.model], **settings) / "model.safetensors")
    for name, tensor in left.items():
        torch.testing.assert_close(tensor, right[name])


def test_sharded_and_bfloat16_inputs_are_read(world: World) -> None:
    half = world.publish_model("half", seed=4, dtype=torch.bfloat16)
    folder = world.store.open(half)
    tensors = load_file(folder / "model.safetensors")
    names = sorted(tensors)
    shards = world.store.new_folder()
    for path in folder.iterdir():
        if path.suffix == ".json" and path.name != "manifest.json":
            (shards / path.name).write_bytes(path.read_bytes())
    save_file({name: tensors[name] for name in names[::2]}, shards / "model-1.safetensors")
    save_file({name: tensors[name] for name in names[1::2]}, shards / "model-2.safetensors")
    sharded = "cd" * 32
    world.store.publish(sharded, "model", shards, {})
    whole = load_file(merge(world, [half, world.model], method="linear") / "model.safetensors")
    parts = load_file(merge(world, [sharded, world.model], method="linear") / "model.safetensors")
    assert all(tensor.dtype == torch.bfloat16 for tensor in whole.values())
    assert all(torch.equal(tensor, parts[name]) for name, tensor in whole.items())


def with_tensors(world: World, name: str, change: Any) -> str:
    """A copy of the base whose tensors were changed."""
    source = world.store.open(world.model)
    folder = world.store.new_folder()
    for path in source.iterdir():
        if path.suffix != ".safetensors" and path.name != "manifest.json":
            (folder / path.name).write_bytes(path.read_bytes())
    tensors = load_file(source / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")
    world.store.publish(name * 64, "model", folder, {})
    return name * 64


def test_faults_name_the_tensor(world: World) -> None:
    norm = "model.norm.weight"
    lacking = with_tensors(world, "1", lambda tensors: tensors.pop(norm))
    with pytest.raises(Rejected, match=f"tensor {norm}: expected in every model"):
        merge(world, [world.model, lacking], method="linear")
    longer = with_tensors(world, "2", lambda tensors: tensors.update({norm: torch.zeros(33)}))
    with pytest.raises(Rejected, match=rf"tensor {norm}: expected shape \[32\].*got \[33\]"):
        merge(world, [world.model, longer], method="linear")
    broken = with_tensors(world, "3", lambda tensors: tensors[norm].fill_(float("nan")))
    with pytest.raises(Diverged, match=f"tensor {norm}"):
        merge(world, [world.model, broken], method="linear")


def test_another_vocabulary_is_refused(world: World) -> None:
    other = world.publish_model("other", seed=3)
    source = world.store.open(other)
    folder = world.store.new_folder()
    for path in source.iterdir():
        if path.name != "manifest.json":
            (folder / path.name).write_bytes(path.read_bytes())
    text = (folder / "tokenizer.json").read_text("utf8")
    (folder / "tokenizer.json").write_text(text.replace('"~"', '"\u00e9"'), "utf8")
    world.store.publish("4" * 64, "model", folder, {})
    with pytest.raises(Rejected, match=r"tokenizer.json: expected the vocabulary"):
        merge(world, [world.model, "4" * 64], method="linear")
