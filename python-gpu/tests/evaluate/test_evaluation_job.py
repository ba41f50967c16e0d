"""Whole evaluation jobs: rows, scores, standard errors, progress, notices."""

from __future__ import annotations

import hashlib
import json
from math import isclose, sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
from conftest import World

from lamdagent_gpu.context import Preempted, Rejected
from lamdagent_gpu.evaluate import run_evaluation
from lamdagent_gpu.evaluate.generate import generate_all
from lamdagent_gpu.evaluate.items import Item, checked_prompts
from lamdagent_gpu.evaluate.kind import Subject
from lamdagent_gpu.evaluate.run import mean_and_error


def items(count: int, length: int = 3) -> list[dict[str, Any]]:
    return [
        {"id": f"i{n}", "messages": [{"role": "user", "content": "x" * (n % length)}], "answers": ["a", "b"]}
        for n in range(count)
    ]


@pytest.mark.parametrize("points", [[0.0, 1.0], [0.25, 1.0, 0.5, 0.5, 0.0], [1.0] * 7])
def test_the_standard_error_is_the_sample_deviation_over_the_root_of_n(points: list[float]) -> None:
    score, error = mean_and_error(points)
    assert isclose(score, mean(points))
    assert isclose(error, stdev(points) / sqrt(len(points)))


def test_one_item_has_no_standard_error() -> None:
    assert mean_and_error([0.5]) == (0.5, 0.0)


def test_rows_do_not_depend_on_the_other_splits_of_the_job(world: World) -> None:
    first, second = world.benchmark(items(9)), world.benchmark(items(70, 11), metric="f1")
    both = run_evaluation(world.context(world.evaluate_job(world.model, [first, second])))
    alone = run_evaluation(world.context(world.evaluate_job(world.model, [second])))
    assert both[1] == alone[0]


def test_rows_name_the_prompt_by_the_hash_of_its_tokens(world: World) -> None:
    (split,) = run_evaluation(world.context(world.evaluate_job(world.model, [world.benchmark(items(1))])))
    assert split.rows[0]["promptSha256"] == hashlib.sha256(json.dumps([1, 2]).encode()).hexdigest()


def test_every_score_names_items_template_and_generation_by_their_hashes(world: World) -> None:
    def evaluator(**changes: Any) -> dict[str, str | None]:
        benchmark = world.benchmark(**{"items": items(2), **changes})
        (split,) = run_evaluation(world.context(world.evaluate_job(world.model, [benchmark])))
        return split.evaluator

    plain = evaluator()
    text = "".join(json.dumps(item) + "\n" for item in items(2))
    assert plain["benchmarkSha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert evaluator() == plain
    assert changed(plain, evaluator(items=items(3))) == {"benchmarkSha256"}
    assert changed(plain, evaluator(metric="f1")) == {"generationSha256"}
    assert changed(plain, evaluator(tokens=9)) == {"generationSha256"}


def test_the_template_is_part_of_what_a_score_was_measured_with(world: World) -> None:
    from lamdagent_gpu.evaluate.kinds import KINDS
    from lamdagent_gpu.evaluate.run import evaluator_of

    subject = Subject(world.store.open(world.model), "cpu")
    facts = {"metric": "f1", "maxNewTokens": 8, "contentSha256": "a" * 64}

    def evaluator(kind: str = "generation") -> dict[str, str | None]:
        return evaluator_of(KINDS[kind], subject, facts)

    before = evaluator()
    assert before["templateSha256"] == hashlib.sha256(subject.tokenizer.chat_template.encode()).hexdigest()
    subject.tokenizer.chat_template += "\n"
    assert changed(before, evaluator()) == {"templateSha256"}
    subject.tokenizer.chat_template = None
    assert evaluator()["templateSha256"] is None
    subject.model.config.max_position_embeddings = 32
    assert changed(before, evaluator()) == {"templateSha256", "generationSha256"}
    hashes = {evaluator(kind)["generationSha256"] for kind in ("generation", "multipleChoice", "perplexity")}
    assert len(hashes) == 3


def test_what_generated_answers_are_measured_with_changes_only_on_purpose(world: World) -> None:
    (split,) = run_evaluation(world.context(world.evaluate_job(world.model, [world.benchmark(items(2))])))
    assert split.evaluator["generationSha256"] == "bedec54089741d3044660cf805c9a3b9a79bd5cdcac4e1729838020e6957ac6f"
    assert list(split.rows[0]) == ["id", "promptSha256", "prediction", "score"]


def test_the_quickstarts_answers_are_those_of_version_0_1() -> None:
    """Tokens of all 192 answers to one of its benchmarks. float32 on a CPU; near-ties could differ on an odd one."""
    quickstart = Path(__file__).parents[3] / "examples/quickstart"
    subject = Subject(quickstart / "model", "cpu")
    lines = (quickstart / "benchmarks/format/test.jsonl").read_text("utf8").splitlines()
    asked = [
        Item(id=row["id"], messages=row["messages"], answers=row["answers"], line=1) for row in map(json.loads, lines)
    ]
    answers = generate_all(
        subject.model, checked_prompts(asked, subject.tokenizer, 256), max_new_tokens=40, end_ids={3},
        pad_id=0, between=lambda _: None, context_length=256,
    )  # fmt: skip
    found = hashlib.sha256(json.dumps(answers).encode()).hexdigest()
    assert found == "3a03216bb9cca3e7415eb4ebc904330fd9c9daa9a947ffd6a63b17fb42e168c7"


def changed(left: dict[str, str | None], right: dict[str, str | None]) -> set[str]:
    return {key for key in left if left[key] != right[key]}


def test_progress_runs_over_all_items_and_a_notice_stops_between_batches(world: World) -> None:
    splits = [world.benchmark(items(300)), world.benchmark(items(5))]
    seen: list[dict[str, Any]] = []
    run_evaluation(world.context(world.evaluate_job(world.model, splits), seen=seen))
    steps = [(one["step"], one["steps"]) for one in seen if one["phase"] == "evaluating"]
    assert steps == [(0, 305), (256, 305), (300, 305), (300, 305), (305, 305)]
    assert seen[-1]["etaS"] == 0
    with pytest.raises(Preempted, match="notice"):
        run_evaluation(
            world.context(
                world.evaluate_job(world.model, splits),
                stop=lambda now: "notice" if now.get("step", 0) >= 256 else None,
            )
        )


def test_a_prompt_longer_than_the_context_is_rejected_by_line(world: World) -> None:
    long = {**items(1)[0], "messages": [{"role": "user", "content": "x" * 126}]}
    with pytest.raises(Rejected, match=r"items.jsonl:1 \(id i0\): expected a prompt shorter .* 128 tokens, got 128"):
        run_evaluation(world.context(world.evaluate_job(world.model, [world.benchmark([long])])))


def test_broken_answers_are_the_benchmarks_fault(world: World) -> None:
    with pytest.raises(Rejected, match=r"items.jsonl:1: expected JSON for toolCallAst, got 'a'"):
        run_evaluation(world.context(world.evaluate_job(world.model, [world.benchmark(items(2), "toolCallAst")])))
