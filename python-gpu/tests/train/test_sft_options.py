"""SFT's options: frozen weights, and noise on the embeddings."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from conftest import World
from method_cases import SHORT
from safetensors.torch import load_file

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.freezing import freeze
from lamdagent_gpu.train.model import load_model

EMBEDDING = "model.embed_tokens.weight"


def trained(world: World, **changed: Any) -> dict[str, torch.Tensor]:
    parameters = {**SHORT, "steps": 2, "warmupSteps": 0, **changed}
    context = world.context(world.build_job("sft", parameters, model=[world.model], data=[world.sft]))
    run_training(context)
    return load_file(context.output_folder / "model.safetensors")


def moved(world: World, **changed: Any) -> set[str]:
    """The names of the tensors that a training changes."""
    before = load_file(world.store.open(world.model) / "model.safetensors")
    return {name for name, one in trained(world, **changed).items() if not torch.equal(one, before[name])}


def test_frozen_weights_stay_and_all_others_move(world: World) -> None:
    every = moved(world)
    first = {name for name in every if name.startswith("model.layers.0.")}
    assert EMBEDDING in every
    assert first
    assert moved(world, freeze="embeddings") == every - {EMBEDDING}
    assert moved(world, freeze="lowerLayers", frozenShare=0.5) == every - {EMBEDDING} - first


def test_at_least_one_layer_is_frozen_and_at_most_all(world: World) -> None:
    def trained_layers(share: float) -> set[str]:
        model = load_model(world.store.open(world.model), "cpu")
        freeze(model, "lowerLayers", share)
        return {
            name.split(".")[2]
            for name, weight in model.named_parameters()
            if weight.requires_grad and name.startswith("model.layers.")
        }

    assert trained_layers(0.01) == {"1"}
    assert trained_layers(1) == set()


def test_a_training_of_nothing_is_refused(world: World) -> None:
    model = load_model(world.store.open(world.model), "cpu")
    model.requires_grad_(False)
    with pytest.raises(Rejected, match="freeze: expected weights left to train, got none of"):
        freeze(model, "embeddings", 0)


def test_noise_on_the_embeddings_changes_the_training_and_is_gone_afterwards(world: World) -> None:
    plain, noisy, again = trained(world), trained(world, neftuneAlpha=5), trained(world, neftuneAlpha=5)
    assert any(not torch.equal(plain[name], noisy[name]) for name in plain)
    assert all(torch.equal(again[name], noisy[name]) for name in noisy)
