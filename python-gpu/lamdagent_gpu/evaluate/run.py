"""One evaluation job: a model against several benchmark splits."""

from __future__ import annotations

import hashlib
import json
from math import sqrt
from time import monotonic
from typing import Any

from lamdagent_gpu import failpoints
from lamdagent_gpu.context import JobContext, Rejected, ScoredSplit
from lamdagent_gpu.contract.messages import IdentifiedStage
from lamdagent_gpu.evaluate.generate import BATCH, generate_all
from lamdagent_gpu.evaluate.items import FILE, Item, checked_prompts, prompt_sha256, read_items
from lamdagent_gpu.evaluate.metrics import METRICS


def run_evaluation(context: JobContext) -> list[ScoredSplit]:
    """Scores every split of the job; the model is loaded once.

    Raises:
        Rejected: malformed items, an unknown metric, or a prompt longer than the model's context.
        OutOfMemory: not even one row fits the device.
        Preempted: asked to stop, between batches.
    """
    from lamdagent_gpu.train.model import load_model, load_tokenizer

    splits = [(one, load_split(context, one)) for one in context.evaluations()]
    total = sum(len(items) for _, (items, _) in splits)
    context.progress("loading", 0, total)
    folder = context.store.open(context.evaluation.modelStageId)
    tokenizer = load_tokenizer(folder)
    model = load_model(folder, context.device).eval()
    meter = Meter(context, total)
    scored = []
    for one, (items, facts) in splits:
        scored.append(score_split(meter, model, tokenizer, one, items, facts))
        meter.before += len(items)
    return scored


class Meter:
    """Progress over all splits, in items, with the time left; stops the job when it is asked to."""

    def __init__(self, context: JobContext, total: int) -> None:
        self.before = 0
        self._context = context
        self._total = total
        self._started = monotonic()

    def __call__(self, done: int) -> None:
        """`done` items of the split at hand."""
        so_far = self.before + done
        left = (monotonic() - self._started) / so_far * (self._total - so_far) if so_far else None
        self._context.progress("evaluating", so_far, self._total, eta_seconds=left)
        self._context.stop_if_asked()
        failpoints.reach("evaluate/between-batches")


def load_split(context: JobContext, one: IdentifiedStage) -> tuple[list[Item], dict[str, Any]]:
    benchmark = one.stage.inputs["benchmark"][0]
    folder = context.store.open(benchmark)
    manifest = context.store.manifest(benchmark)
    assert manifest is not None
    if manifest.result["metric"] not in METRICS:
        raise Rejected(f"metric: expected one of {sorted(METRICS)}, got {manifest.result['metric']}")
    content = next(file.sha256 for file in manifest.files if file.path == FILE)
    return read_items(folder, str(manifest.result["metric"])), {**manifest.result, "contentSha256": content}


def score_split(
    meter: Meter, model: Any, tokenizer: Any, one: IdentifiedStage, items: list[Item], facts: dict[str, Any]
) -> ScoredSplit:
    metric = METRICS[facts["metric"]]
    ends = end_ids(model, tokenizer)
    context_length = getattr(model.config, "max_position_embeddings", None)
    prompts = checked_prompts(items, tokenizer, context_length)
    answers = generate_all(
        model, prompts, max_new_tokens=facts["maxNewTokens"], end_ids=ends,
        pad_id=tokenizer.pad_token_id, between=meter, context_length=context_length,
    )  # fmt: skip
    rows: list[dict[str, object]] = []
    points: list[float] = []
    for item, prompt, answer in zip(items, prompts, answers, strict=True):
        text = tokenizer.decode(answer, skip_special_tokens=True)
        points.append(metric(text, item.answers))
        rows.append({"id": item.id, "promptSha256": prompt_sha256(prompt), "prediction": text, "score": points[-1]})
    mean, error = mean_and_error(points)
    evaluator = evaluator_of(tokenizer, facts, ends, context_length)
    return ScoredSplit(
        stage_id=one.stageId, rows=rows, score=mean, standard_error=error, items=len(rows), evaluator=evaluator
    )


def evaluator_of(
    tokenizer: Any, facts: dict[str, Any], ends: set[int], context_length: int | None
) -> dict[str, str | None]:
    """What the score was measured with: hashes of the items, of the chat template, of all that decides the decoding."""
    template = tokenizer.chat_template or None
    generation = {
        "metric": facts["metric"],
        "decoding": "greedy",
        "maxNewTokens": facts["maxNewTokens"],
        "endIds": sorted(ends),
        "contextLength": context_length,
        "batch": BATCH,
    }
    return {
        "benchmarkSha256": facts["contentSha256"],
        "templateSha256": None if template is None else sha256_of(template),
        "generationSha256": sha256_of(generation),
    }


def sha256_of(value: object) -> str:
    """Of text as it is; of other values of their JSON with sorted keys and no spaces, as RFC 8785 has it for these."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def end_ids(model: Any, tokenizer: Any) -> set[int]:
    """All tokens that end an answer: the generation config's and the tokenizer's."""
    configured = model.generation_config.eos_token_id
    listed = configured if isinstance(configured, list) else [configured]
    return {one for one in [*listed, tokenizer.eos_token_id] if one is not None}


def mean_and_error(points: list[float]) -> tuple[float, float]:
    """Mean, and its standard error: sample standard deviation (n - 1) over sqrt(n); 0 for fewer than two items."""
    count = len(points)
    mean = sum(points) / count
    if count < 2:
        return mean, 0.0
    variance = sum((point - mean) ** 2 for point in points) / (count - 1)
    return mean, sqrt(variance / count)
