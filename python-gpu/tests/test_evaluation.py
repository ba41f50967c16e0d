"""Evaluation: the metrics by hand, and generation against transformers' own."""

from __future__ import annotations

from math import isclose, sqrt
from typing import Any

import pytest
import torch
from conftest import World

from lamdagent_gpu.context import Preempted, Rejected
from lamdagent_gpu.evaluate import run_evaluation
from lamdagent_gpu.evaluate.generate import ROW_TOKENS, generate_all
from lamdagent_gpu.evaluate.metrics import METRICS
from lamdagent_gpu.evaluate.run import mean_and_error


@pytest.mark.parametrize(
    ("metric", "prediction", "answers", "expected"),
    [
        ("exactMatch", " Paris\n", ["London", "Paris"], 1.0),
        ("exactMatch", "paris", ["Paris"], 0.0),
        ("exactMatch", "café", ["cafe\u0301"], 0.0),
        ("f1", "the cat sat", ["a cat"], 2 / 3),
        ("f1", "", ["cat"], 0.0),
        ("f1", "", [""], 1.0),
        ("regex", " 42 ", [r"\d+"], 1.0),
        ("regex", "42 apples", [r"\d+"], 0.0),
        ("toolCallAst", '{"a": [1, 2]}', ['{"a":[1.0,2]}'], 1.0),
        ("toolCallAst", '{"b":1,"a":2}', ['{"a":2,"b":1}'], 1.0),
        ("toolCallAst", '{"a":[2,1]}', ['{"a":[1,2]}'], 0.0),
        ("toolCallAst", '{"a":true}', ['{"a":1}'], 0.0),
        ("toolCallAst", '{"a":1,"a":1}', ['{"a":1}'], 0.0),
        ("toolCallAst", '{"a":1} and more', ['{"a":1}'], 0.0),
        ("toolCallAst", "[" * 100_000, ["[]"], 0.0),
    ],
)
def test_metrics_by_hand(metric: str, prediction: str, answers: list[str], expected: float) -> None:
    assert isclose(METRICS[metric](prediction, answers), expected)


def test_the_standard_error_is_that_of_the_mean() -> None:
    mean, error = mean_and_error([1.0, 0.0, 1.0, 1.0])
    assert mean == 0.75
    assert isclose(error, sqrt(0.25 / 4))
    assert mean_and_error([1.0]) == (1.0, 0.0)


def tiny(world: World) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = world.store.open(world.model)
    return AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("rows", [1, 3, 64])
def test_batched_generation_equals_one_by_one(world: World, rows: int) -> None:
    model, tokenizer = tiny(world)
    texts = ["<u>a<a>", "<u>longer question<a>", "<u>xyz<a>", "<u>1 2 3 4 5 6<a>", "<u><a>", "<u>Q?<a>", "<u>ab<a>"]
    prompts = [tokenizer(text)["input_ids"] for text in texts]
    ends = {3, 40, 41, 42, 50, 60}
    got = generate_all(
        model, prompts, max_new_tokens=12, end_ids=ends, pad_id=0, between=lambda _: None, limit=rows * ROW_TOKENS
    )
    for prompt, answer in zip(prompts, got, strict=True):
        out = model.generate(
            torch.tensor([prompt]), max_new_tokens=12, do_sample=False, eos_token_id=sorted(ends), pad_token_id=0
        )
        expected = out[0, len(prompt) :].tolist()
        stop = next((i for i, token in enumerate(expected) if token in ends), len(expected))
        assert answer == expected[:stop]


def items(count: int) -> list[dict[str, Any]]:
    return [
        {"id": f"i{n}", "messages": [{"role": "user", "content": "x" * (n % 5)}], "answers": ["1"]}
        for n in range(count)
    ]


def test_every_split_gets_rows_in_item_order(world: World) -> None:
    first, second = world.benchmark(items(9)), world.benchmark(items(4), metric="f1", tokens=3)
    context = world.context(world.evaluate_job(world.model, [first, second]))
    scored = run_evaluation(context)
    assert [split.items for split in scored] == [9, 4]
    assert [row["id"] for row in scored[0].rows] == [f"i{n}" for n in range(9)]
    assert set(scored[0].rows[0]) == {"id", "promptSha256", "prediction", "score"}
    assert isclose(scored[0].score, sum(float(str(row["score"])) for row in scored[0].rows) / 9)


def test_an_evaluation_stops_when_asked(world: World) -> None:
    context = world.context(world.evaluate_job(world.model, [world.benchmark(items(3))]), stop=lambda _: "notice")
    with pytest.raises(Preempted, match="notice"):
        run_evaluation(context)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"id": "x"}, "items.jsonl:1: expected id, messages and answers"),
        ({**items(1)[0], "answers": [1]}, "expected answers as"),
    ],
)
def test_bad_items_are_rejected_by_line(world: World, line: dict[str, Any], message: str) -> None:
    with pytest.raises(Rejected, match=message):
        run_evaluation(world.context(world.evaluate_job(world.model, [world.benchmark([line])])))
