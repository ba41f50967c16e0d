"""Answers drawn from a model, their rewards, and what is made of them."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
import torch
from conftest import World
from method_cases import CASES, SAMPLED, Case, forget

from lamdagent_gpu.context import Preempted, Rejected
from lamdagent_gpu.train import run_training, sampled
from lamdagent_gpu.train.grpo import advantages
from lamdagent_gpu.train.model import load_model, load_tokenizer
from lamdagent_gpu.train.on_policy_dpo import best_and_worst
from lamdagent_gpu.train.registry import METHODS
from lamdagent_gpu.train.rft import kept
from lamdagent_gpu.train.sampled import Answer, read_sampled
from lamdagent_gpu.train.sampling import Draw, Sampling, sample, uniforms
from lamdagent_gpu.train.verifiable import encode_prompt, rule_of


def sampling(**changed: Any) -> Sampling:
    usual = {
        "temperature": 1.0,
        "max_new_tokens": 8,
        "max_length": 64,
        "end_ids": frozenset({3}),
        "pad_id": 0,
        "seed": 5,
    }
    return Sampling(**{**usual, **changed})


def test_tokens_come_as_often_as_the_model_says() -> None:
    logits = torch.log(torch.tensor([0.5, 0.2, 0.0, 0.3])).expand(1000, 4)
    numbers = ((torch.arange(1000, dtype=torch.float64) + 0.5) / 1000)[:, None]
    drawn = Draw(numbers, 1.0)(logits, list(range(1000)), 0)
    assert torch.bincount(drawn, minlength=4).tolist() == [500, 200, 0, 300]
    cold = Draw(numbers, 0.05)(logits, list(range(1000)), 0)
    assert torch.bincount(cold, minlength=4).tolist() == [1000, 0, 0, 0]


def test_each_answer_has_random_numbers_of_its_own() -> None:
    assert torch.equal(uniforms(1, "0 1", 5), uniforms(1, "0 1", 5))
    assert not torch.equal(uniforms(1, "0 1", 5), uniforms(1, "0 2", 5))
    assert not torch.equal(uniforms(1, "0 1", 5), uniforms(2, "0 1", 5))


def test_an_answer_depends_on_nothing_that_is_drawn_beside_it(world: World) -> None:
    model = load_model(world.store.open(world.model), "cpu")
    prompts = [[4 + place, 9, 7][: 1 + place % 3] for place in range(12)]
    names = [str(place) for place in range(12)]
    together = sample(model, prompts, names, sampling())
    alone = [sample(model, [prompt], [name], sampling())[0] for prompt, name in zip(prompts, names, strict=True)]
    assert together == alone
    assert len({tuple(answer) for answer in together}) > 6
    assert sample(model, prompts, names, sampling(seed=6)) != together


def test_an_answer_ends_with_its_end_token_or_where_its_room_does(world: World) -> None:
    model = load_model(world.store.open(world.model), "cpu")
    prompts = [[4, 5, 6]] * 200
    answers = sample(model, prompts, list(map(str, range(200))), sampling(max_length=9, temperature=3.0))
    ended = [answer for answer in answers if answer[-1] == 3]
    assert ended
    assert all(3 not in answer[:-1] for answer in answers)
    assert all(len(answer) == 6 for answer in answers if answer[-1] != 3)
    assert max(map(len, answers)) == 6


@pytest.mark.parametrize(
    ("reward", "row", "right", "wrong"),
    [
        ("exactMatch", {"answers": ["12"]}, " 12\n", "twelve"),
        ("regex", {"answers": [r"\d+ apples"]}, "7 apples", "apples"),
        ("toolCallAst", {"answers": ['{"name": "f", "arguments": {"a": 1}}']}, '{"arguments":{"a":1},"name":"f"}', "f(1)"),
        ("bfclAst", {"ground_truth": [{"add": {"a": [1], "b": [2]}}]}, "[add(a=1, b=2)]", "[add(a=2, b=1)]"),
    ],
)  # fmt: skip
def test_rewards_are_the_metrics_of_generated_answers(
    world: World, reward: str, row: dict[str, Any], right: str, wrong: str
) -> None:
    tokenizer = load_tokenizer(world.store.open(world.model))
    prompt = encode_prompt({"prompt": "say", "_where": "row 1", **row}, tokenizer, partial(rule_of, rule=reward))
    assert tokenizer.decode(prompt.ids) == "say"
    assert (prompt.reward(right), prompt.reward(wrong)) == (1.0, 0.0)
    chat = encode_prompt(
        {"prompt": [{"role": "user", "content": "say"}], "_where": "", **row}, tokenizer, partial(rule_of, rule=reward)
    )
    assert tokenizer.decode(chat.ids) == "<u>say<a>"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prompt": "x"}, "row 1: expected answers, got none"),
        ({"answers": ["x"]}, "row 1: expected prompt, got none"),
        ({"prompt": "x", "answers": "x"}, "row 1: expected answers as a list of texts, got 'x'"),
        ({"prompt": "x", "answers": ["("]}, r"row 1: expected a regular expression for regex, got '\('"),
        ({"prompt": 1, "answers": ["x"]}, "row 1: expected a row the chat template can render"),
    ],
)
def test_rows_without_what_the_reward_needs_are_named(world: World, row: dict[str, Any], message: str) -> None:
    data = world.publish("dataset", {"data.jsonl": json.dumps(row) + "\n"}, {"shape": "verifiable"})
    parameters = CASES["rft"].job(world).stage.parameters
    with pytest.raises(Rejected, match=message):
        run_training(world.context(world.build_job("rft", parameters, model=[world.model], data=[data])))


def answers(*rewards: float) -> list[Answer]:
    return [Answer(ids=[place], reward=reward) for place, reward in enumerate(rewards)]


def test_the_best_different_answers_with_a_reward_are_kept() -> None:
    assert kept(answers(0.5, 0, 1, 1), 2) == [[2], [3]]
    assert kept([*answers(1, 1), Answer(ids=[0], reward=1)], 9) == [[0], [1]]
    assert kept(answers(0, 0), 2) == []


def test_a_pair_is_the_best_and_the_worst_answer() -> None:
    assert best_and_worst(answers(0.5, 0, 1, 0, 1)) == ([2], [1])
    assert best_and_worst(answers(1, 1)) is None


def test_advantages_by_hand() -> None:
    rewards = torch.tensor([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
    assert advantages(rewards, "groupCentred").tolist() == [[0.75, -0.25, -0.25, -0.25], [0.0] * 4]
    # The others' mean: of the first 0, of each of the rest 1/3.
    torch.testing.assert_close(
        advantages(rewards, "leaveOneOut"), torch.tensor([[1.0, -1 / 3, -1 / 3, -1 / 3], [0.0] * 4])
    )
    torch.testing.assert_close(
        advantages(rewards, "group"), torch.tensor([[1.5, -0.5, -0.5, -0.5], [0.0] * 4]), atol=1e-3, rtol=0
    )


@pytest.mark.parametrize("name", ["rft", "on-policy dpo"])
def test_stopped_while_sampling_it_draws_only_what_is_missing(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = CASES[name].job(world)
    undisturbed = world.context(job)
    expected = run_training(undisturbed)
    forget(world, job)
    drawn: list[int] = []
    original = sampled.sample

    def counting(model: Any, prompts: Any, *rest: Any) -> Any:
        drawn.append(len(prompts))
        return original(model, prompts, *rest)

    monkeypatch.setattr(sampled, "sample", counting)
    with pytest.raises(Preempted, match="saved at step 2 of 6"):
        run_training(world.context(job, stop=lambda now: "notice" if now["step"] == 2 else None))
    assert drawn == [24, 24]  # 8 prompts of 3 answers in a round
    resumed = world.context(job)
    assert resumed.resume is not None
    assert len(read_sampled(resumed.resume.folder)) == 16
    assert run_training(resumed) == expected
    assert drawn == [24, 24, 24]
    weights = [context.output_folder / "model.safetensors" for context in (undisturbed, resumed)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


@pytest.mark.parametrize(
    ("name", "what"), [("rft", "a reward above 0"), ("on-policy dpo", "answers of different rewards")]
)
def test_answers_that_teach_nothing_end_the_trial_with_a_reason(world: World, name: str, what: str) -> None:
    data = world.publish("dataset", {"data.jsonl": '{"prompt": "say", "answers": ["never"]}\n'}, {})
    job = CASES[name].job(world)
    with pytest.raises(Rejected, match=f"sampled answers: expected a prompt with {what}, got none of 1"):
        run_training(
            world.context(world.build_job(job.stage.kind, job.stage.parameters, model=[world.model], data=[data]))
        )


def test_a_batch_of_broken_groups_is_refused(world: World) -> None:
    with pytest.raises(Rejected, match="batchSize: expected a multiple of samples, 4, got 6"):
        run_training(world.context(CASES["grpo"].job(world, samples=4)))


def test_the_gradient_is_the_policy_gradient(world: World) -> None:
    case = Case(kind="grpo", data="verifiable", parameters={**SAMPLED, "baseline": "groupCentred"})
    context = world.context(case.job(world))
    folder = world.store.open(world.model)
    model = load_model(folder, "cpu")
    trainer: Any = METHODS["grpo"].make(context, model, load_tokenizer(folder), 6, None)
    loader = iter([trainer.data_collator([trainer.examples[row] for row in trainer.order[:6]])])
    (batch,), tokens = trainer.get_batch_samples(loader, 1, "cpu")
    assert len(set(batch["advantages"].tolist())) > 1
    trainer.compute_loss(model, batch, num_items_in_batch=tokens).backward()
    found = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    model.zero_grad()
    total = torch.zeros(())
    for ids, labels, advantage in zip(batch["input_ids"], batch["labels"], batch["advantages"], strict=True):
        logps = torch.log_softmax(model(ids[None]).logits[0, :-1], dim=-1)
        for place, label in enumerate(labels[1:].tolist()):
            if label >= 0:
                total = total - advantage * logps[place, label] / tokens
    total.backward()
    for name, weight in model.named_parameters():
        torch.testing.assert_close(found[name], weight.grad, atol=1e-6, rtol=1e-4)


def test_reinforcement_raises_the_reward(world: World) -> None:
    case = Case(
        kind="grpo", data="verifiable", parameters={**SAMPLED, "samples": 8, "maxNewTokens": 2, "baseline": "group"}
    )
    changed = {"learningRate": 3e-3, "batchSize": 32, "warmupSteps": 0}
    start = run_training(world.context(case.job(world, **changed, steps=1))).metrics["reward"]
    end = run_training(world.context(case.job(world, **changed, steps=25))).metrics["reward"]
    assert start is not None
    assert end is not None
    assert start < 0.75
    assert end > start + 0.15
