"""Log-likelihoods equal one plain forward pass a continuation, however requests are batched."""

from __future__ import annotations

import random
from math import exp, isclose
from typing import Any

import pytest
import torch
from conftest import World, make_tokenizer
from test_generate import random_llama
from tiny_models import MODELS, tiny_model

from lamdagent_gpu.context import Diverged, OutOfMemory, Rejected
from lamdagent_gpu.evaluate import attention, loglikelihood, run_evaluation
from lamdagent_gpu.evaluate.choices import ChoiceItem, requests_of
from lamdagent_gpu.evaluate.loglikelihood import Request, score_shards
from lamdagent_gpu.evaluate.perplexity import windows_of


def random_requests(count: int = 20) -> list[Request]:
    choose = random.Random(3)

    def tokens(most: int) -> list[int]:
        return [choose.randrange(4, 50) for _ in range(choose.randrange(1, most))]

    return [Request(tokens(20), [tokens(9) for _ in range(choose.randrange(1, 5))]) for _ in range(count)]


def plainly(model: Any, request: Request) -> list[float]:
    found = []
    for continuation in request.continuations:
        whole = [*request.context, *continuation]
        with torch.inference_mode():
            table = torch.log_softmax(model(input_ids=torch.tensor([whole])).logits[0].double(), dim=-1)
        begin = len(request.context) - 1
        found.append(sum(table[begin + at, token].item() for at, token in enumerate(continuation)))
    return found


def scored(model: Any, requests: list[Request], **own: Any) -> list[list[float]]:
    rows: dict[int, list[float]] = {}
    for shard in score_shards(model, requests, pad_id=0, **own):
        rows.update(shard)
    return [rows[place] for place in range(len(requests))]


@pytest.mark.parametrize("limit", [1, 60, 100_000])
@pytest.mark.parametrize("numbers", [1, 700, 1 << 27])
@pytest.mark.parametrize("own", [False, True])
def test_batches_equal_one_plain_pass_a_continuation(
    limit: int, numbers: int, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loglikelihood, "NUMBERS", numbers)
    model, requests = random_llama(), random_requests()
    if own:
        attention.use(model)
    for request, values in zip(requests, scored(model, requests, limit=limit), strict=True):
        assert values == pytest.approx(plainly(model, request), abs=1e-4)


@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize("shared", [0, 10, 40])
@pytest.mark.parametrize("own", [False, True])
def test_every_architecture_gives_what_plain_passes_give(name: str, shared: int, own: bool) -> None:
    model, beginning = tiny_model(name), [5, 9, 17, 30, 8] * 8
    requests = [Request([*beginning[:shared], *one.context], one.continuations) for one in random_requests(12)]
    expected = [plainly(model, request) for request in requests]
    for values, wanted in zip(scored(attention.use(model) if own else model, requests), expected, strict=True):
        assert values == pytest.approx(wanted, abs=1e-4)


def test_a_beginning_that_all_contexts_share_is_run_once() -> None:
    model, fed = random_llama(), []
    model.register_forward_pre_hook(lambda *given: fed.append(given[2]["input_ids"].shape), with_kwargs=True)
    scored(model, [Request([*[5] * 40, last], [[6], [7]]) for last in (8, 9)])
    assert fed == [(1, 40), (2, 1)]
    fed.clear()
    scored(model, [Request([5] * 40, [[6]]), Request([5] * 40, [[7]])])
    assert fed == [(1, 39), (2, 1)]  # each row has a last token of its own
    fed.clear()
    scored(model, [Request([5] * 20, [[6]]), Request([*[5] * 20, 7], [[6]])])
    assert fed == [(2, 21)]  # not worth a pass of its own


def test_the_same_requests_give_the_same_bits() -> None:
    model, requests = random_llama(), random_requests()
    assert scored(model, requests) == scored(model, requests)


def test_batches_that_are_done_are_passed_over_and_the_others_stay_the_same() -> None:
    model, requests = random_llama(), random_requests()
    shards = list(score_shards(model, requests, pad_id=0, limit=200))
    assert len(shards) > 2
    rest = list(score_shards(model, requests, pad_id=0, limit=200, done=[*shards[0], *shards[1]]))
    assert rest == shards[2:]


def test_a_context_is_run_once_for_all_of_its_continuations() -> None:
    model, fed = random_llama(), []
    real = model.forward

    def counted(*args: Any, **settings: Any) -> Any:
        fed.append(settings["input_ids"].numel())
        return real(*args, **settings)

    model.forward = counted
    scored(model, [Request([5] * 40, [[6], [7], [8]]), Request([9] * 40, [[6], [7], [8]])])
    assert fed == [80]  # single tokens need no second pass
    fed.clear()
    scored(model, [Request([5] * 40, [[6, 7], [7, 8, 9]])])
    assert fed == [40, 4]


def test_continuations_are_branches_of_their_context_where_the_attention_is_ours() -> None:
    model, fed = attention.use(random_llama()), []
    model.register_forward_pre_hook(lambda *given: fed.append(given[2]["input_ids"].tolist()), with_kwargs=True)
    requests = [Request([5, 6], [[7, 8, 9], [7, 8, 4], [3]]), Request([5, 9], [[7]])]
    scored(model, requests)
    assert fed == [[[5, 9, 6, 7, 8]]]  # the shorter request first; no last token of what may follow, no token twice
    values, most = loglikelihood.run_batch(model, requests, 0, greedy=True)
    plain = loglikelihood.score_after_contexts(model, requests, 0, greedy=True)
    assert [value for some in values for value in some] == pytest.approx(plain[0], abs=1e-4)
    assert [one for some in most for one in some] == plain[1]


@pytest.mark.parametrize("numbers", [399, 400])
def test_one_pass_is_for_what_fits(numbers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model, passes = attention.use(random_llama()), []
    monkeypatch.setattr(model.config, "vocab_size", 20)
    model.register_forward_pre_hook(lambda *_: passes.append(1))
    monkeypatch.setattr(loglikelihood, "NUMBERS", numbers)
    scored(model, [Request([5] * 11, [[6] * 6, [7] * 5])])  # 20 tokens in a row, 10 predictions of 20 logits
    assert (len(passes) == 1) == (numbers == 400)


@pytest.mark.parametrize("own", [False, True])
def test_greedy_answers_are_the_most_probable_tokens(own: bool) -> None:
    model = attention.use(random_llama()) if own else random_llama()
    context = [5, 9, 17]
    with torch.inference_mode():
        best = model.generate(torch.tensor([context]), do_sample=False, max_new_tokens=3, eos_token_id=None)[
            0, 3:
        ].tolist()
    others = [[*best[:at], (best[at] + 1) % 50, *best[at + 1 :]] for at in range(3)]
    found = list(loglikelihood.greedy_shards(model, [Request(context, [best, *others])], pad_id=0))
    assert [most for _, most in found[0][0]] == [True, False, False, False]


def test_out_of_memory_halves_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model, requests, sizes = random_llama(), random_requests(), []
    whole, real = scored(model, requests), loglikelihood.score_batch

    def scarce(model: Any, some: list[Request], pad_id: int) -> Any:
        sizes.append(len(some))
        if len(some) > 6:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(model, some, pad_id)

    monkeypatch.setattr(loglikelihood, "score_batch", scarce)
    for values, expected in zip(scored(model, requests), whole, strict=True):
        assert values == pytest.approx(expected, abs=1e-5)
    assert sizes[0] == 20
    assert sum(size for size in sizes if size <= 6) == 20

    def never(*_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loglikelihood, "score_batch", never)
    with pytest.raises(OutOfMemory, match="expected one item of 4 tokens to fit"):
        scored(model, [Request([5, 6, 7], [[8]])])


def test_broken_weights_are_no_score() -> None:
    model = random_llama()
    with torch.no_grad():
        model.model.norm.weight.fill_(float("nan"))
    with pytest.raises(Diverged, match="expected finite log-probabilities"):
        scored(model, [Request([5], [[6]])])


def choice(question: str, choices: list[str], answer: int = 0, **own: Any) -> dict[str, Any]:
    return {
        "id": question,
        "messages": [{"role": "user", "content": question}],
        "choices": choices,
        "answer": answer,
    } | own


def test_the_right_choice_is_the_most_probable_one_by_sum_or_per_byte(world: World) -> None:
    items = [choice(f"q{n}", ["a", "bcd ef", "ghi"], n % 3) for n in range(9)]
    for metric, by_byte in (("accuracy", False), ("accuracyNormalised", True)):
        benchmark = world.benchmark(items, metric, kind="multipleChoice")
        (split,) = run_evaluation(world.context(world.evaluate_job(world.model, [benchmark])))
        for item, row in zip(items, split.rows, strict=True):
            values = row["logLikelihoods"]
            assert isinstance(values, list)
            weighed = [
                value / (len(text) if by_byte else 1) for value, text in zip(values, item["choices"], strict=True)
            ]
            best = weighed.index(max(weighed))
            assert row["prediction"] == item["choices"][best]
            assert row["score"] == float(best == item["answer"])
        assert isclose(split.score, sum(float(str(row["score"])) for row in split.rows) / 9)


def test_white_space_before_the_answer_is_counted_to_the_choices() -> None:
    tokenizer = make_tokenizer()
    tokenizer.chat_template = ""
    item = ChoiceItem(id="a", messages=[{"role": "user", "content": "Q: "}], choices=["x", "yz"], answer=0, line=1)
    encode = lambda text: tokenizer(text)["input_ids"]  # noqa: E731
    assert requests_of([item], tokenizer, None) == [Request(encode("Q:"), [encode(" x"), encode(" yz")])]
    with pytest.raises(
        Rejected, match=r"items.jsonl:1 \(id a\): expected question and choice within .* 4 tokens, got 5"
    ):
        requests_of([item], tokenizer, 4)


@pytest.mark.parametrize(
    ("row", "kind", "metric", "message"),
    [
        (choice("q", ["a"]), "multipleChoice", "accuracy", "expected choices as a list of two or more texts"),
        (choice("q", ["a", "a"]), "multipleChoice", "accuracy", "expected choices that differ"),
        (
            choice("q", ["a", "b"], 2),
            "multipleChoice",
            "accuracy",
            "expected answer as a choice's place, 0 to 1, got 2",
        ),
        (choice("q", ["a", "b"], True), "multipleChoice", "accuracy", "expected answer as .*, got True"),
        (
            {"id": "x", "choices": []},
            "multipleChoice",
            "accuracy",
            "expected id, messages, choices and answer, got 'mess",
        ),
        ({"id": "x"}, "perplexity", "probabilityPerByte", "expected id and text, got 'text'"),
        ({"id": "x", "text": ""}, "perplexity", "probabilityPerByte", "expected text, not empty, got ''"),
        ({"id": "x", "text": "a"}, "puzzle", "f1", "benchmark kind: expected one of generation, .* got puzzle"),
    ],
)
def test_bad_items_are_rejected_by_line(
    world: World, row: dict[str, Any], kind: str, metric: str, message: str
) -> None:
    place = "" if kind == "puzzle" else r"items.jsonl:1: "
    with pytest.raises(Rejected, match=place + message):
        run_evaluation(world.context(world.evaluate_job(world.model, [world.benchmark([row], metric, kind=kind)])))


@pytest.mark.parametrize("size", [1, 7, 8, 9, 16, 23])
def test_every_token_of_a_text_is_predicted_in_one_window(size: int) -> None:
    tokens, context = list(range(100, 100 + size)), 8
    windows = windows_of(3, tokens, context)
    assert [token for window in windows for token in window.continuations[0]] == tokens
    for window in windows:
        fed = [*window.context, *window.continuations[0][:-1]]
        assert len(fed) <= context
        assert fed == [3, *tokens][tokens.index(window.continuations[0][-1]) + 1 - len(fed) :][: len(fed)]
    assert size <= context or len(windows[-1].context) + len(windows[-1].continuations[0]) - 1 == context


def test_a_texts_score_is_its_probability_to_the_power_of_one_over_its_bytes(world: World) -> None:
    texts = ["short", "a text that is longer than the context holds " * 4, "x"]
    benchmark = world.benchmark([{"id": t[:5], "text": t} for t in texts], "probabilityPerByte", kind="perplexity")
    (split,) = run_evaluation(world.context(world.evaluate_job(world.model, [benchmark])))
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(world.store.open(world.model)).eval()
    tokenizer = make_tokenizer()
    for text, row in zip(texts, split.rows, strict=True):
        tokens = tokenizer(text)["input_ids"]
        nll = -sum(plainly(model, window)[0] for window in windows_of(3, tokens, 128))
        assert row["nll"] == pytest.approx(nll, rel=1e-5)
        assert (row["tokens"], row["bytes"]) == (len(tokens), len(text.encode()))
        assert row["score"] == pytest.approx(exp(-nll / len(text.encode())), rel=1e-5)
    assert 0 < split.score < 1
    assert split.evaluator["templateSha256"] is None
