"""Scores a model's weights with the product's own generation and metrics."""

from __future__ import annotations

from typing import Any

from world import ROOT, State, base_state, model_of, rows, spec, tokenizer

from lamdagent_gpu.evaluate.generate import generate_all
from lamdagent_gpu.evaluate.metrics import METRICS

Scores = dict[str, float]
"""Percent by benchmark, and their weighted `mean`."""


def benchmark_score(model: Any, name: str, split: str) -> float:
    benchmark = spec()["benchmarks"][name]
    items = rows(ROOT / benchmark["path"] / f"{split}.jsonl")
    prompts = [
        list(
            tokenizer().apply_chat_template(
                item["messages"],
                tokenize=True,
                return_dict=True,
                add_generation_prompt=True,
            )["input_ids"]
        )
        for item in items
    ]
    answers = generate_all(
        model,
        prompts,
        max_new_tokens=benchmark["maxNewTokens"],
        end_ids={tokenizer().eos_token_id},
        pad_id=tokenizer().pad_token_id,
        between=lambda done: None,
    )
    metric = METRICS[benchmark.get("metric", "exactMatch")]
    texts = [tokenizer().decode(answer, skip_special_tokens=True) for answer in answers]
    points = [metric(text, item["answers"]) for text, item in zip(texts, items, strict=True)]
    return 100 * sum(points) / len(points)


def score(state: State, split: str = "search") -> Scores:
    model = model_of(state).eval()
    scores = {name: benchmark_score(model, name, split) for name in spec()["benchmarks"]}
    weights = {name: one.get("weight", 1) for name, one in spec()["benchmarks"].items()}
    mean = sum(weight * scores[name] for name, weight in weights.items()) / sum(weights.values())
    return {**scores, "mean": mean}


def bound(base: Scores) -> dict[str, float]:
    """The lowest score, in percent, that each constraint (`base - 0.05`) allows."""
    constraints = spec().get("objective", {}).get("constraints", [])
    offsets = {one["benchmark"]: float(one["atLeast"].replace("base", "").replace(" ", "") or 0) for one in constraints}
    return {name: base[name] + 100 * offset for name, offset in offsets.items()}


def feasible(scores: Scores, base: Scores) -> bool:
    return all(scores[name] >= least - 1e-9 for name, least in bound(base).items())


if __name__ == "__main__":
    print({name: round(value, 1) for name, value in score(base_state()).items()})
