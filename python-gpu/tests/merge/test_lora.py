"""Models made by LoRA are merged by what their adapters do to the weights, Delta W = (alpha / r) B A, never by factors.

The pool's models hold full weights with the adapter added in float32 (`train.model.save_model`); a merge reads those.
Mixing the factors A and B themselves (as `add_weighted_adapter(combination_type="linear")` of PEFT does) gives cross
terms B_1 A_2 that no model learned.
"""

from __future__ import annotations

from typing import Any

import torch
from conftest import World
from merge_cases import merged
from safetensors.torch import load_file

RANK, ALPHA = 4, 8


def with_adapter(world: World, name: str, seed: int) -> str:
    """The base with random adapters on all linear layers, saved as training saves it."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from lamdagent_gpu.train.model import save_model, saved_form

    source = world.store.open(world.model)
    model: Any = AutoModelForCausalLM.from_pretrained(source)
    form = saved_form(model, source)
    adapted = get_peft_model(
        model, LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules="all-linear", task_type="CAUSAL_LM")
    )
    generator = torch.Generator().manual_seed(seed)
    for key, weight in adapted.named_parameters():
        if "lora_" in key:
            weight.data = torch.randn(weight.shape, generator=generator)
    folder = world.store.new_folder()
    save_model(adapted, AutoTokenizer.from_pretrained(source), folder, form)
    stage_id = name * 64
    world.store.publish(stage_id, "sft", folder, {})
    return stage_id


def factors(world: World, stage_id: str) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """(B, A) by the weight's name."""
    tensors = load_file(world.store.open(stage_id) / "adapter" / "adapter_model.safetensors")
    names = {key.removeprefix("base_model.model.").split(".lora_")[0]: key.split(".lora_")[0] for key in tensors}
    return {
        f"{name}.weight": (tensors[f"{key}.lora_B.weight"], tensors[f"{key}.lora_A.weight"])
        for name, key in names.items()
    }


def test_a_merge_of_lora_models_adds_their_exact_updates(world: World) -> None:
    models = [with_adapter(world, digit, seed) for digit, seed in (("1", 5), ("2", 6))]
    base = load_file(world.store.open(world.model) / "model.safetensors")
    got = merged(world, models, "taskArithmetic", [1, -0.5], base=world.model, **{"lambda": 0.7})
    first, second = (factors(world, model) for model in models)
    assert len(first) == 14
    for name, tensor in got.items():
        if name not in first:
            assert torch.equal(tensor, base[name])
            continue
        updates = [ALPHA / RANK * (b.double() @ a.double()) for b, a in (first[name], second[name])]
        expected = base[name].double() + 0.7 * (updates[0] - 0.5 * updates[1])
        torch.testing.assert_close(tensor.double(), expected, rtol=1e-5, atol=1e-4)
        (b1, a1), (b2, a2) = first[name], second[name]
        by_factors = base[name] + 0.7 * ALPHA / RANK * (b1 - 0.5 * b2) @ (a1 - 0.5 * a2)
        assert not torch.allclose(tensor, by_factors, atol=1)
