"""Reward models and functions: what they learn, what they leave, and how sampled answers are scored by them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from conftest import LORA, TRAINING, World
from method_cases import CASES, SAMPLED, SHORT, prompts, scorer_of
from safetensors.torch import load_file
from torch.nn.functional import logsigmoid

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.model import load_model, load_tokenizer
from lamdagent_gpu.train.registry import METHODS
from lamdagent_gpu.train.reward_model import held_out_prompts, scored_pairs
from lamdagent_gpu.train.scores import score_sequences

LEARNING = {**TRAINING, "steps": 30, "batchSize": 8, "learningRate": 3e-3, "heldOut": 0.25}


def context_of(world: World, **changed: Any) -> JobContext:
    job = world.build_job("rewardModel", {**LEARNING, **changed}, model=[world.model], data=[world.preference])
    return world.context(job)


@pytest.mark.parametrize("tuning", [{}, LORA])
def test_it_learns_to_rank_pairs_that_it_never_saw(world: World, tuning: dict[str, Any]) -> None:
    context = context_of(world, **tuning)
    metrics = run_training(context).metrics
    assert metrics["heldOutPairs"] == 6
    assert metrics["heldOutAccuracy"] == 1.0
    assert metrics["loss"] is not None
    assert metrics["firstLoss"] is not None
    assert metrics["loss"] < metrics["firstLoss"]
    weights = load_file(context.output_folder / "model.safetensors")
    assert weights["score.weight"].shape == (1, 32)
    config = json.loads((context.output_folder / "config.json").read_text("utf8"))
    assert config["architectures"] == ["LlamaForSequenceClassification"]
    assert config["pad_token_id"] == 0


def test_what_is_published_scores_as_the_training_did(world: World) -> None:
    context = context_of(world)
    accuracy = run_training(context).metrics["heldOutAccuracy"]
    model = load_model(context.output_folder, "cpu", scores=True)
    pairs = scored_pairs(context, load_tokenizer(context.output_folder))
    apart = held_out_prompts(pairs, 0.25, context.seed)
    held = [pair for pair in pairs if tuple(pair["prompt_ids"]) in apart]
    chosen, rejected = (
        score_sequences(model, [pair[f"{half}_ids"] for pair in held], 0) for half in ("chosen", "rejected")
    )
    assert sum(one > other for one, other in zip(chosen, rejected, strict=True)) / len(held) == accuracy


def test_the_loss_is_that_of_bradley_and_terry(world: World) -> None:
    context = context_of(world)
    folder = world.store.open(world.model)
    torch.manual_seed(3)
    model = load_model(folder, "cpu", scores=True)
    model.config.pad_token_id = 0
    trainer: Any = METHODS["rewardModel"].make(context, model, load_tokenizer(folder), 4, None)
    batch = trainer.data_collator([trainer.examples[row] for row in trainer.order[:4]])
    found = trainer.compute_loss(model.eval(), dict(batch))
    rewards = [
        model.score(model.model(input_ids=torch.tensor([[*ids]])).last_hidden_state[:, -1]).squeeze()
        for half in ("chosen", "rejected")
        for ids in (trainer.examples[row][f"{half}_ids"] for row in trainer.order[:4])
    ]
    expected = torch.stack([-logsigmoid(rewards[at] - rewards[at + 4]) for at in range(4)]).mean()
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_a_prompt_is_held_out_with_all_of_its_pairs() -> None:
    pairs = [{"prompt_ids": [number // 2]} for number in range(20)]
    apart = held_out_prompts(pairs, 0.3, seed=5)
    assert len(apart) == 3
    assert apart == held_out_prompts(pairs, 0.3, seed=5)
    assert held_out_prompts(pairs, 0, seed=5) == set()


def test_scores_do_not_depend_on_the_batch(world: World) -> None:
    model = load_model(world.store.open(scorer_of(world)), "cpu", scores=True)
    sequences = [list(range(4, 4 + length)) for length in (3, 30, 7, 12, 5)]
    alone = [score_sequences(model, [one], 0)[0] for one in sequences]
    assert score_sequences(model, sequences, 0) == pytest.approx(alone, abs=1e-5)


def test_an_answer_that_the_model_likes_more_is_learnt(world: World) -> None:
    case = CASES["grpo by a model"]
    result = run_training(world.context(case.job(world, steps=1)))
    assert result.metrics["rewardModelAccuracy"] == 0.5
    assert result.metrics["reward"] is not None


def test_a_reward_model_of_another_vocabulary_is_refused(world: World) -> None:
    scorer = world.store.open(scorer_of(world))
    text = (scorer / "tokenizer.json").read_text("utf8")
    folder = world.store.new_folder()
    for file in scorer.iterdir():
        if file.name != "manifest.json":
            (folder / file.name).write_bytes(file.read_bytes())
    (folder / "tokenizer.json").write_text(text.replace('"Q": ', '"QQ": '), "utf8")
    world.store.publish("ab" * 32, "rewardModel", folder, {})
    parameters = {**SHORT, **SAMPLED, "reward": "model", "baseline": "group"}
    job = world.build_job("grpo", parameters, model=[world.model], data=[prompts(world)], reward=["ab" * 32])
    with pytest.raises(Rejected, match="expected the vocabulary of the model, got another in the reward model"):
        run_training(world.context(job))


def test_a_reward_by_a_model_needs_one(world: World) -> None:
    parameters = {**SHORT, **SAMPLED, "reward": "model", "baseline": "group"}
    job = world.build_job("grpo", parameters, model=[world.model], data=[prompts(world)])
    with pytest.raises(Rejected, match="expected a stage with a reward model among its inputs"):
        run_training(world.context(job))
