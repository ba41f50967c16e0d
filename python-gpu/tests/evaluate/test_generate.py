"""Generation equals transformers' own, one by one; batches change nothing; lack of memory halves them."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from tiny_models import MODELS, tiny_model

from lamdagent_gpu.context import OutOfMemory
from lamdagent_gpu.evaluate import attention, cache, generate
from lamdagent_gpu.evaluate.generate import ROW_TOKENS, generate_all, generate_shards

ENDS = {3, 11, 27}


def random_llama(dtype: torch.dtype = torch.float32) -> Any:
    return tiny_model("llama", dtype)


def random_prompts(count: int = 24) -> list[list[int]]:
    choose = random.Random(2)
    return [[choose.randrange(4, 50) for _ in range(choose.randrange(1, 20))] for _ in range(count)]


def run(model: Any, prompts: list[list[int]], **own: Any) -> list[list[int]]:
    settings: dict[str, Any] = {"max_new_tokens": 16, "end_ids": ENDS, "pad_id": 0, "between": lambda done: None}
    return generate_all(model, prompts, **{**settings, **own})


def alone(model: Any, prompt: list[int]) -> list[int]:
    """transformers' own answer, without its end token."""
    out = model.generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False,
        max_new_tokens=16, eos_token_id=sorted(ENDS), pad_token_id=0,
    )[0, len(prompt) :].tolist()  # fmt: skip
    return out[:-1] if out[-1] in ENDS else out


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("name", sorted(MODELS))
def test_batches_equal_transformers_one_by_one(name: str, own: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "ROOM", 3)
    model, prompts = tiny_model(name), random_prompts()
    prompts += [[*prompts[0], *more] for more in prompts[1:9]]
    expected = [alone(model, prompt) for prompt in prompts]
    got = run(attention.use(model) if own else model, prompts)
    assert got == expected
    assert len({len(answer) for answer in got}) > 3  # rows left the batch at different times


def test_one_by_one_bfloat16_equals_transformers_too() -> None:
    model, prompts = random_llama(torch.bfloat16), random_prompts()
    assert run(model, prompts, limit=1) == [alone(model, prompt) for prompt in prompts]


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_beginning_that_all_prompts_share_is_run_once_and_changes_no_answer(name: str) -> None:
    model, fed = tiny_model(name), []
    beginning = random_prompts(1)[0] * 40
    prompts = [[*beginning[:40], *prompt] for prompt in random_prompts()]
    expected = [alone(model, prompt) for prompt in prompts]
    model.register_forward_pre_hook(lambda *given: fed.append(given[2]["input_ids"].shape), with_kwargs=True)
    answers: dict[int, list[int]] = {}
    for shard in generate_shards(model, prompts, max_new_tokens=16, end_ids=ENDS, pad_id=0):
        answers.update(shard)
    assert [answers[place] for place in range(len(prompts))] == expected
    longest = max(map(len, prompts))
    windows = name in ("gemma2", "mistral")  # they count slots: padding must not stand within a row
    assert fed[:2] == [(1, 40), (24, longest if windows else longest - 40)]


def test_the_size_of_the_batches_changes_no_answer() -> None:
    model, prompts = random_llama(), random_prompts()
    whole = run(model, prompts)
    assert all(run(model, prompts, limit=rows * ROW_TOKENS) == whole for rows in (1, 5, 23))


def test_the_order_of_the_prompts_changes_no_answer() -> None:
    model, prompts = random_llama(), random_prompts()
    limit = 5 * ROW_TOKENS
    assert run(model, prompts[::-1], limit=limit)[::-1] == run(model, prompts, limit=limit)


def test_an_answer_ends_where_the_context_is_full() -> None:
    prompts = [[5], [6] * 10]
    full = run(random_llama(), prompts, end_ids=set())
    cut = run(random_llama(), prompts, end_ids=set(), context_length=12)
    assert [len(answer) for answer in cut] == [11, 2]
    assert [answer == longer[: len(answer)] for answer, longer in zip(cut, full, strict=True)] == [True, True]


def test_progress_is_told_around_every_batch() -> None:
    seen: list[int] = []
    run(random_llama(), random_prompts(), limit=10 * ROW_TOKENS, between=seen.append)
    assert seen == [0, 10, 20, 24]


def test_long_rows_are_fewer_in_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "ROW_TOKENS", 8)
    monkeypatch.setattr(generate, "BATCH_TOKENS", 80)
    model, sizes = random_llama(), []
    real = generate.generate_batch
    monkeypatch.setattr(generate, "generate_batch", lambda *given: (sizes.append(len(given[1])), real(*given))[1])
    run(model, [[5]] * 12 + [[6] * 10] * 5, max_new_tokens=4)
    assert sizes == [10, 5, 2]  # ten rows of 8 tokens; two short ones with three of 14; two of 14


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_out_of_memory_halves_the_batch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: RuntimeError
) -> None:
    model, prompts, sizes = random_llama(), random_prompts(), []
    whole, real = run(model, prompts), generate.generate_batch

    def scarce(model: Any, rows: Any, *rest: Any, **own: Any) -> Any:
        sizes.append(len(rows))
        if len(rows) > 6:
            raise error
        return real(model, rows, *rest, **own)

    monkeypatch.setattr(generate, "generate_batch", scarce)
    assert run(model, prompts) == whole
    assert sizes == [24, 12, 6, 6, 6, 6]
    assert f"batches of {6 * ROW_TOKENS} tokens" in capsys.readouterr().out


def test_one_row_that_does_not_fit_ends_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(generate, "generate_batch", never)
    with pytest.raises(OutOfMemory, match="expected one row of 3 tokens to fit"):
        run(random_llama(), [[4, 5, 6]])


def test_other_errors_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(generate, "generate_batch", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        run(random_llama(), [[4]])
