"""Generation equals transformers' own, one by one; batches change nothing; lack of memory halves them."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch

from lamdagent_gpu.context import OutOfMemory
from lamdagent_gpu.evaluate import generate
from lamdagent_gpu.evaluate.generate import generate_all

ENDS = {3, 11, 27}


def random_llama(dtype: torch.dtype = torch.float32) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=50, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64, initializer_range=0.3, eos_token_id=3, pad_token_id=0,
    )  # fmt: skip
    return LlamaForCausalLM(config).to(dtype).eval()


def random_prompts(count: int = 24) -> list[list[int]]:
    choose = random.Random(2)
    return [[choose.randrange(4, 50) for _ in range(choose.randrange(1, 20))] for _ in range(count)]


def run(model: Any, prompts: list[list[int]], **own: Any) -> list[list[int]]:
    settings: dict[str, Any] = {"max_new_tokens": 16, "end_ids": ENDS, "pad_id": 0, "between": lambda done: None}
    return generate_all(model, prompts, **{**settings, **own})


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_batches_equal_transformers_one_by_one(dtype: torch.dtype) -> None:
    model, prompts = random_llama(dtype), random_prompts()
    got = run(model, prompts, **({"batch": 1} if dtype == torch.bfloat16 else {}))
    for prompt, answer in zip(prompts, got, strict=True):
        out = model.generate(
            torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False,
            max_new_tokens=16, eos_token_id=sorted(ENDS), pad_token_id=0,
        )[0, len(prompt) :].tolist()  # fmt: skip
        assert answer == (out[:-1] if out[-1] in ENDS else out)
    assert len({len(answer) for answer in got}) > 3  # rows left the batch at different times


def test_the_size_of_the_batches_changes_no_answer() -> None:
    model, prompts = random_llama(), random_prompts()
    whole = run(model, prompts)
    assert all(run(model, prompts, batch=size) == whole for size in (1, 5, 23))


def test_the_order_of_the_prompts_changes_no_answer() -> None:
    model, prompts = random_llama(), random_prompts()
    assert run(model, prompts[::-1], batch=5)[::-1] == run(model, prompts, batch=5)


def test_an_answer_ends_where_the_context_is_full() -> None:
    prompts = [[5], [6] * 10]
    full = run(random_llama(), prompts, end_ids=set())
    cut = run(random_llama(), prompts, end_ids=set(), context_length=12)
    assert [len(answer) for answer in cut] == [11, 2]
    assert [answer == longer[: len(answer)] for answer, longer in zip(cut, full, strict=True)] == [True, True]


def test_progress_is_told_around_every_batch() -> None:
    seen: list[int] = []
    run(random_llama(), random_prompts(), batch=10, between=seen.append)
    assert seen == [0, 10, 20, 24]


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_out_of_memory_halves_the_batch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: RuntimeError
) -> None:
    model, prompts, sizes = random_llama(), random_prompts(), []
    whole, real = run(model, prompts), generate.generate_batch

    def scarce(model: Any, rows: Any, *rest: Any) -> Any:
        sizes.append(len(rows))
        if len(rows) > 6:
            raise error
        return real(model, rows, *rest)

    monkeypatch.setattr(generate, "generate_batch", scarce)
    assert run(model, prompts) == whole
    assert sizes == [24, 12, 6, 6, 6, 6]
    assert "batches of 6" in capsys.readouterr().out


def test_one_row_that_does_not_fit_ends_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(generate, "generate_batch", never)
    with pytest.raises(OutOfMemory, match="expected one row of 3 tokens to fit"):
        run(random_llama(), [[4, 5, 6]])


def test_other_errors_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(generate, "generate_batch", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        run(random_llama(), [[4]])
