"""Rows without padding: by their lengths they give what they give padded, and models that cannot do that are found out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from conftest import TRAINING, World
from safetensors.torch import load_file
from torch.nn.functional import scaled_dot_product_attention

from lamdagent_gpu.train import attention, run_training, sft
from lamdagent_gpu.train.attention import VARLEN, varlen_forward
from lamdagent_gpu.train.data import IGNORED
from lamdagent_gpu.train.device import Gets, gets
from lamdagent_gpu.train.layout import flattened, layout
from lamdagent_gpu.train.model import load_model

Weights = dict[str, torch.Tensor]


def row_by_row(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bounds: torch.Tensor, longest: int,
    *, scale: float | None, window: int | None,
) -> torch.Tensor:  # fmt: skip
    """What the kernel promises, on any device: [tokens, heads, size]."""
    assert bounds.dtype == torch.int32
    assert int(bounds.diff().max()) == longest
    found = []
    for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        parts = [one[start:end].transpose(0, 1).unsqueeze(0) for one in (query, key, value)]
        place = torch.arange(end - start)
        seen = (place[:, None] >= place) & (place[:, None] - place < (window or end))
        out = scaled_dot_product_attention(*parts, attn_mask=seen, scale=scale, enable_gqa=True)
        found.append(out[0].transpose(0, 1))
    return torch.cat(found)


@pytest.fixture
def with_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "kernel", row_by_row)
    has = Gets(bfloat16=False, optimizer="adamw_torch", pinned=False, varlen=True)
    monkeypatch.setattr(sft, "gets", lambda device: has)


def trained(world: World, **parameters: Any) -> Weights:
    job = world.build_job("sft", {**TRAINING, "steps": 3, **parameters}, model=[world.model], data=[world.sft])
    context = world.context(job)
    run_training(context)
    return load_file(context.output_folder / "model.safetensors")


@pytest.mark.parametrize("parameters", [{}, {"packing": "bestFit", "maxLength": 24}])
def test_training_by_rows_learns_what_padded_training_learns(
    world: World, parameters: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    expected = trained(world, **parameters)
    request.getfixturevalue("with_kernel")
    seen: list[int] = []
    request.getfixturevalue("monkeypatch").setattr(
        attention, "kernel", lambda *given, **named: seen.append(len(given[3])) or row_by_row(*given, **named)
    )
    found = trained(world, **parameters, weightDecay=1e-12)  # another stage, the same training
    assert max(seen) > 2
    for name, weight in found.items():
        torch.testing.assert_close(weight, expected[name], atol=2e-5, rtol=1e-3)


def test_rows_lie_one_after_another_and_their_first_tokens_have_no_loss() -> None:
    packed = {"input_ids": [5, 6, 7, 8, 9], "labels": [IGNORED, 6, 7, 8, 9], "lengths": [3, 2]}
    batch = flattened([packed, {"input_ids": [4, 5], "labels": [4, 5]}])
    assert batch["input_ids"].tolist() == [[5, 6, 7, 8, 9, 4, 5]]
    assert batch["labels"].tolist() == [[IGNORED, 6, 7, IGNORED, 9, IGNORED, 5]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 0, 1, 0, 1]]
    assert batch["cu_seq_lens_q"].tolist() == [0, 3, 5, 7]
    assert batch["max_length_q"] == 3


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "mistral", "gemma3_text"])
def test_models_with_groups_and_windows_are_computed_as_alone(kind: str, with_kernel: None) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    sizes = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "sliding_window": 4}
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **sizes, **heads)).eval()
    rows = [[(7 * row + 3 * place) % 64 for place in range(5 + 3 * row)] for row in range(3)]
    with torch.no_grad():
        alone = torch.cat([model(input_ids=torch.tensor([row])).logits[0] for row in rows])
        assert layout(model, 0, packed=False, by_rows=True) is flattened
        batch = flattened([{"input_ids": row, "labels": row} for row in rows])
        together = model(**{name: one for name, one in batch.items() if name != "labels"}, use_cache=False).logits[0]
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


def test_a_model_that_cannot_do_it_keeps_its_attention_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = load_model(world.store.open(world.model), "cpu")
    before = model.config._attn_implementation
    blind = lambda query, *_, **__: torch.zeros_like(query)  # noqa: E731
    for kernel, fault in (
        (blind, "other logits than those of rows alone"),
        (attention.kernel, "RuntimeError|NotImplem"),
    ):
        monkeypatch.setattr(attention, "kernel", kernel)
        assert layout(model, 0, packed=False, by_rows=True) is None
        assert model.config._attn_implementation == before != VARLEN
        assert any(fault.split("|")[0] in line or fault.split("|")[-1] in line for line in caplog.messages)
        caplog.clear()


def test_what_the_kernel_cannot_do_is_refused() -> None:
    one = torch.zeros(1, 2, 4, 8)
    bounds = torch.tensor([0, 4], dtype=torch.int32)
    for asked in ({"softcap": 30.0}, {"dropout": 0.1}, {"s_aux": one}):
        with pytest.raises(ValueError, match="attention by rows: expected rows' bounds, no mask and nothing else"):
            varlen_forward(None, one, one, one, None, cu_seq_lens_q=bounds, max_length_q=4, **asked)
    with pytest.raises(ValueError, match="expected rows' bounds"):
        varlen_forward(None, one, one, one, None)


def test_a_cpu_gets_plain_float32() -> None:
    assert gets("cpu") == Gets(bfloat16=False, optimizer="adamw_torch", pinned=False, varlen=False)


@pytest.mark.parametrize(("capability", "varlen"), [((9, 0), True), ((7, 5), False)])
def test_a_gpu_gets_what_it_can_do(capability: tuple[int, int], varlen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert gets("cuda") == Gets(bfloat16=True, optimizer="adamw_torch_fused", pinned=True, varlen=varlen)
