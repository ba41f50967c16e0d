"""Tasks of lm-eval: our rows' scores are those of lm-eval's own HFLM, on the same model and documents.

lm-eval is an extra requirement (`requirements-lm-eval.txt`): these tests are skipped without it.
"""

from __future__ import annotations

import json
from math import exp
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import World

from lamdagent_gpu.context import Preempted, Rejected, ScoredSplit
from lamdagent_gpu.evaluate import harness, run_evaluation

pytest.importorskip(
    "lm_eval", reason="lm-eval is not installed: pip install --no-deps -r python-gpu/requirements-lm-eval.txt"
)
DOCUMENTS = 40
WORDS = ["one two", "three", "four five six", "7 8", "nine?"]
Task = dict[str, Any]


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAMDAGENT_ALLOW_COMMANDS", "1")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "datasets")
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)


def document(place: int) -> dict[str, Any]:
    words = [WORDS[(place + step) % len(WORDS)] for step in range(3)]
    long = " ".join(f"{(place + 1) * step * step % 97} is {WORDS[step % 5]}" for step in range(1, 8 + place % 20))
    text = f"{place} is " + " and ".join(WORDS[: 1 + place % 5])
    return {"text": text, "long": long, "choices": words, "answer": place % 3}


def task(**own: Any) -> Task:
    return {
        "task": "ours",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "data.jsonl", "train": "examples.jsonl"}},
        "test_split": "test",
        "fewshot_split": "train",
        "doc_to_text": "{{text}}",
        **own,
    }


def metrics(*names: str, higher: bool = True) -> list[dict[str, Any]]:
    return [{"metric": name, "aggregation": "mean", "higher_is_better": higher} for name in names]


CHOICE = task(
    output_type="multiple_choice", doc_to_choice="{{choices}}", doc_to_target="answer", num_fewshot=1,
    metric_list=metrics("acc", "acc_norm", "exact_match"),
)  # fmt: skip
GENERATED = task(
    output_type="generate_until",
    doc_to_target="{{choices[answer][0]}}",
    generation_kwargs={"until": ["e", "\n"], "max_gen_toks": 12, "do_sample": False},
    filter_list=[
        {"name": "whole", "filter": [{"function": "take_first"}]},
        {
            "name": "first-letter",
            "filter": [{"function": "regex", "regex_pattern": "([a-z0-9])"}, {"function": "take_first"}],
        },
    ],
    metric_list=metrics("exact_match"),
)
ROLLING = task(
    output_type="loglikelihood_rolling", doc_to_text="", doc_to_target="{{long}}",
    metric_list=[{"metric": "byte_perplexity"}, {"metric": "word_perplexity"}],
)  # fmt: skip
LAST_WORD = task(output_type="loglikelihood", doc_to_target="{{choices[0]}}", metric_list=metrics("acc"))


def files_of(of: Task) -> dict[str, str]:
    rows = "".join(json.dumps(document(place)) + "\n" for place in range(DOCUMENTS))
    examples = "".join(json.dumps(document(place)) + "\n" for place in range(100, 105))
    return {"ours.yaml": yaml.safe_dump(of), "data.jsonl": rows, "examples.jsonl": examples}


def benchmark(world: World, of: Task, **own: Any) -> str:
    facts = {
        "kind": "lmEval", "task": "ours", "seed": 0, "filter": None, "fewshot": None, "chatTemplate": False,
        "first": 0, "items": 20, "total": 40, **own,
    }  # fmt: skip
    return world.publish("benchmark", {**files_of(of), **own.pop("files", {})}, facts, **facts)


def scored(world: World, of: Task, **own: Any) -> ScoredSplit:
    (split,) = run_evaluation(world.context(world.evaluate_job(world.model, [benchmark(world, of, **own)])))
    return split


def theirs(
    world: World,
    of: Task,
    rows: list[dict[str, object]],
    folder: Path,
    *,
    logits_cache: bool = True,
    batch_size: int = 4,
    chat: bool = False,
) -> list[dict[str, Any]]:
    """lm-eval's samples of the same documents."""
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    folder.mkdir()
    for name, text in files_of(of).items():
        (folder / name).write_text(text, "utf8")
    paths = {split: str(folder / file) for split, file in of["dataset_kwargs"]["data_files"].items()}
    (folder / "ours.yaml").write_text(yaml.safe_dump({**of, "dataset_kwargs": {"data_files": paths}}), "utf8")
    model = HFLM(
        pretrained=str(world.store.open(world.model)), batch_size=batch_size, device="cpu", dtype="float32", logits_cache=logits_cache
    )  # fmt: skip
    end = simple_evaluate(
        model=model, tasks=["ours"], task_manager=TaskManager(include_path=str(folder), include_defaults=False),
        samples={"ours": sorted(int(str(row["id"])) for row in rows)}, bootstrap_iters=0, log_samples=True,
        apply_chat_template=chat,
    )  # fmt: skip
    found: list[dict[str, Any]] = end["samples"]["ours"]
    return found


@pytest.mark.parametrize(
    ("of", "metric", "filter_name", "chat"),
    [
        (CHOICE, "acc", "none", False),
        (CHOICE, "acc_norm", "none", True),
        (GENERATED, "exact_match", "first-letter", False),
        (GENERATED, "exact_match", "whole", True),
        (ROLLING, "byte_perplexity", "none", False),
        (ROLLING, "word_perplexity", "none", False),
        (LAST_WORD, "acc", "none", False),
    ],
)
def test_scores_are_those_of_lm_evals_own_model(
    world: World, of: Task, metric: str, filter_name: str, chat: bool, tmp_path: Path
) -> None:
    split = scored(world, of, metric=metric, filter=filter_name, chatTemplate=chat)
    samples = theirs(world, of, split.rows, tmp_path / "theirs", chat=chat)
    by_id = {str(one["doc_id"]): one for one in samples if one["filter"] == filter_name}
    assert list(by_id) == [row["id"] for row in split.rows]
    for row in split.rows:
        value = by_id[str(row["id"])][metric]
        assert row["score"] == pytest.approx(exp(value[0] / value[1]) if isinstance(value, tuple) else value, abs=1e-6)
        if of is GENERATED:
            assert row["prediction"] == by_id[str(row["id"])]["filtered_resps"][0]
        if of is CHOICE:
            likelihoods = [one[0] for one in by_id[str(row["id"])]["filtered_resps"]]
            assert row["logLikelihoods"] == pytest.approx(likelihoods, abs=1e-4)


def test_of_windows_with_equal_tokens_hflm_takes_one_for_the_other_and_we_do_not(world: World, tmp_path: Path) -> None:
    """HFLM groups windows by the tokens fed, and gives a shorter one the first log-probabilities of a longer one,
    where its own are the last. Without that cache it agrees with us."""
    repeating = {**ROLLING, "doc_to_target": "{{text * 12}}"}
    ours = scored(world, repeating, metric="byte_perplexity", items=DOCUMENTS)
    scores = [row["score"] for row in ours.rows]

    def harness_scores(name: str, logits_cache: bool) -> list[float]:
        samples = theirs(world, repeating, ours.rows, tmp_path / name, logits_cache=logits_cache, batch_size=64)
        return [exp(one["byte_perplexity"][0] / one["byte_perplexity"][1]) for one in samples]

    assert harness_scores("without", False) == pytest.approx(scores, abs=1e-6)
    assert harness_scores("with", True) != pytest.approx(scores, abs=1e-6)


def test_splits_are_disjoint_and_a_document_that_stands_twice_counts_once(world: World) -> None:
    twice = {"data.jsonl": files_of(CHOICE)["data.jsonl"] * 2}
    splits = [
        scored(world, CHOICE, metric="acc", first=first, items=items, files=twice)
        for first, items in ((0, 8), (8, 12), (20, 20))
    ]
    ids = [str(row["id"]) for split in splits for row in split.rows]
    assert len(set(ids)) == DOCUMENTS == len(ids)
    assert all(int(one) < DOCUMENTS for one in ids)
    assert len({split.evaluator["generationSha256"] for split in splits}) == 3
    other = scored(world, CHOICE, metric="acc", items=8, seed=1)
    assert [row["id"] for row in other.rows] != [row["id"] for row in splits[0].rows]


def test_a_stopped_evaluation_goes_on_where_it_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "SHARD", 4)
    job = world.evaluate_job(world.model, [benchmark(world, GENERATED, metric="exact_match")], checkpoint_seconds=1e9)
    whole = run_evaluation(world.context(job))
    with pytest.raises(Preempted):
        run_evaluation(world.context(job, stop=lambda now: "notice" if now.get("step", 0) >= 8 else None))
    asked: list[int] = []
    real = harness.answer
    monkeypatch.setattr(harness, "answer", lambda model, some: (asked.append(len(some)), real(model, some)))
    assert run_evaluation(world.context(job)) == whole
    assert asked == [4, 4, 4]


@pytest.mark.parametrize(
    ("of", "own", "message"),
    [
        (CHOICE, {"metric": "f1"}, "expected a metric, one of acc, acc_norm, exact_match, got f1"),
        (CHOICE, {"filter": "strict"}, "expected a filter, one of none, got strict"),
        (CHOICE, {"task": "other"}, "lm-eval task: expected one that there is, such as ours, got other"),
        (CHOICE, {"total": 41}, "expected at least 41 different documents, .* got 40"),
        ({**CHOICE, "dataset_kwargs": {"data_files": {"test": "/etc/hosts"}}}, {}, "among the benchmark's files, .*/etc/hosts"),
        ({**CHOICE, "doc_to_text": "{{absent}}"}, {}, "lm-eval task ours: expected .*absent"),
        ({**CHOICE, "dataset_path": "someone/something", "dataset_kwargs": {}}, {}, "expected a task that loads offline"),
        ({**GENERATED, "generation_kwargs": {"do_sample": True, "temperature": 0.7}}, {}, "expected greedy decoding"),
        ({**GENERATED, "generation_kwargs": {"until": ["e"]}}, {}, "less than the model's 128 tokens, got 256"),
        ({**ROLLING, "metric_list": metrics("byte_perplexity", higher=False)}, {"metric": "acc"}, "one of byte_perplexity"),
        ({**LAST_WORD, "metric_list": [{"metric": "perplexity"}]}, {"metric": "perplexity"}, "where higher is better"),
    ],
)  # fmt: skip
def test_a_task_that_cannot_be_scored_is_rejected_and_says_why(
    world: World, of: Task, own: dict[str, Any], message: str
) -> None:
    metric = "exact_match" if of.get("output_type") == "generate_until" else "acc"
    with pytest.raises(Rejected, match=message):
        scored(world, of, **{"metric": metric, **own})


def test_a_task_of_ones_own_runs_only_where_programs_may(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMDAGENT_ALLOW_COMMANDS")
    with pytest.raises(Rejected, match=r"lm-eval task ours: expected a GPU worker .*LAMDAGENT_ALLOW_COMMANDS=1"):
        scored(world, CHOICE, metric="acc")


def test_a_task_with_functions_leaves_nothing_behind(world: World, tmp_path: Path) -> None:
    functions = {"more.py": "def text(doc):\n    return doc['text']\n"}
    of = yaml.safe_dump(CHOICE).replace("'{{text}}'", "!function more.text")
    assert "!function" in of
    found = scored(world, CHOICE, metric="acc", files={**functions, "ours.yaml": of})
    assert found.score == scored(world, CHOICE, metric="acc").score
    assert not list(world.store.root.rglob("__pycache__"))
    assert not (tmp_path / "datasets").exists()
