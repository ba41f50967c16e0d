"""Benchmarks that are tasks of lm-eval: its prompts, filters and metrics, with this package's engines for the model."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection, Iterator
from math import exp, isfinite
from typing import Any

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate import generate, loglikelihood
from lamdagent_gpu.evaluate.cache import ROOM
from lamdagent_gpu.evaluate.contexts import HOW
from lamdagent_gpu.evaluate.generation import end_ids
from lamdagent_gpu.evaluate.harness_task import HARNESS, Document, read_task
from lamdagent_gpu.evaluate.items import prompt_sha256
from lamdagent_gpu.evaluate.kind import Facts, Kind, Row, Subject

SHARD = 64
"""Documents that are scored together, of similar length."""
ROLLING = ("byte_perplexity", "word_perplexity", "bits_per_byte")
"""Metrics of which lm-eval keeps (log-likelihood, length) for a document, lower being better."""


def score_documents(
    subject: Subject, items: list[Document], facts: Facts, done: Collection[int]
) -> Iterator[dict[int, Row]]:
    """Rows by place. All requests are built, since examples are drawn in the documents' order; shards that are done are
    not run."""
    from lamdagent_gpu.evaluate.harness_model import HarnessModel

    model = HarnessModel(subject)
    task = items[0].task
    requests = requests_of(task, items, facts, model)
    order = sorted(range(len(items)), key=lambda at: (sum(size_of(one) for one in requests[at]), at))
    for begin in range(0, len(order), SHARD):
        shard = order[begin : begin + SHARD]
        if all(place in done for place in shard):
            continue
        subject.stop_if_asked()
        answer(model, [one for place in shard for one in requests[place]])
        filter_of(task, facts).apply([one for place in shard for one in requests[place]])
        yield {place: row_of(items[place], requests[place], facts, subject) for place in shard}


def requests_of(task: Any, items: list[Document], facts: Facts, model: Any) -> list[list[Any]]:
    """lm-eval's instances of each item, in their order."""
    chat = facts["chatTemplate"]
    talk = io.StringIO()
    try:
        with contextlib.redirect_stderr(talk):
            task.build_all_requests(
                samples=[one.index for one in items], apply_chat_template=chat, fewshot_as_multiturn=chat,
                chat_template=model.apply_chat_template if chat else None,
            )  # fmt: skip
    except Rejected:
        raise
    except Exception as error:  # templates and functions of tasks raise what they like
        raise Rejected(f"lm-eval task {facts['task']}: expected prompts for its documents, got {error!r}") from None
    found: list[list[Any]] = [[] for _ in items]
    for instance in task.instances:
        found[instance.doc_id].append(instance)  # numbered among the samples
    return [sorted(some, key=lambda one: int(one.idx)) for some in found]


def size_of(instance: Any) -> int:
    """Characters that the model reads."""
    return sum(len(one) for one in instance.args if isinstance(one, str))


def answer(model: Any, instances: list[Any]) -> None:
    """Puts the model's responses into the instances, each as often as the task repeats it: they are all the same."""
    for kind in dict.fromkeys(one.request_type for one in instances):
        asked = [one for one in instances if one.request_type == kind]
        for instance, response in zip(asked, getattr(model, kind)(asked), strict=True):
            instance.resps = [response] * (instance.repeats or 1)


def filter_of(task: Any, facts: Facts) -> Any:
    """The spec's filter, else the task's first one."""
    filters = {one.name: one for one in task._filters}
    name = facts["filter"] or next(iter(filters))
    if name not in filters:
        raise Rejected(f"lm-eval task {facts['task']}: expected a filter, one of {', '.join(filters)}, got {name}")
    return filters[name]


def row_of(item: Document, instances: list[Any], facts: Facts, subject: Subject) -> Row:
    name = filter_of(item.task, facts).name
    responses = [one.filtered_resps[name] for one in instances]
    try:
        metrics = item.task.process_results(instances[0].doc, responses)
    except Exception as error:
        raise Rejected(
            f"lm-eval task {facts['task']}: expected metrics of document {item.index}, got {error!r}"
        ) from None
    if facts["metric"] not in metrics:
        raise Rejected(
            f"lm-eval task {facts['task']}: expected a metric, one of {', '.join(metrics)}, got {facts['metric']}"
        )
    texts = isinstance(responses[0], str)
    return {
        "id": str(item.index),
        "docSha256": item.sha256,
        "promptSha256": prompt_sha256(subject.tokenizer.encode(instances[0].args[0])),
        **({"prediction": responses[0]} if texts else {"logLikelihoods": [log_likelihood(one) for one in responses]}),
        "score": score_of(metrics[facts["metric"]], item, facts),
    }


def log_likelihood(response: Any) -> Any:
    return response[0] if isinstance(response, (tuple, list)) and response else response


def score_of(value: Any, item: Document, facts: Facts) -> float:
    """In [0, 1]. Of perplexities exp(log-likelihood / length): the reciprocal of the document's own."""
    metric = facts["metric"]
    if metric in ROLLING and isinstance(value, tuple):
        return exp(value[0] / value[1])
    if item.task.higher_is_better().get(metric) is False:
        raise Rejected(f"lm-eval task {facts['task']}: expected a metric where higher is better, got {metric}")
    try:
        score = float(value)
    except (TypeError, ValueError):
        score = float("nan")
    if not isfinite(score) or not 0 <= score <= 1:
        raise Rejected(
            f"lm-eval task {facts['task']}: expected {metric} of each document from 0 to 1, got {value!r} of document "
            f"{item.index}. A metric of the whole split can't be used."
        )
    return score


def scoring_of(subject: Subject, facts: Facts) -> dict[str, Any]:
    return {
        "metric": facts["metric"],
        "scoring": f"lm-eval {HARNESS}",
        "task": facts["task"],
        "filter": facts["filter"],
        "fewshot": facts["fewshot"],
        "documents": facts["documents"],
        "endIds": sorted(end_ids(subject)),
        "contextLength": subject.context_length,
        "generationTokens": generate.BATCH_TOKENS,
        "rowTokens": generate.ROW_TOKENS,
        "batchTokens": loglikelihood.BATCH_TOKENS,
        "contexts": HOW,
        "room": ROOM,
        "shard": SHARD,
    }


def found_in(items: list[Document]) -> Facts:
    """The documents themselves, since the hub may have others tomorrow."""
    return {"documents": [one.sha256 for one in items]}


HARNESS_TASK = Kind(
    read=read_task,
    score=score_documents,
    scoring=scoring_of,
    template=lambda subject, facts: (subject.tokenizer.chat_template or None) if facts["chatTemplate"] else None,
    found=found_in,
)
