"""What sampled answers are worth: by a rule that checks them, or by a model or a function that is an input of the stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.merge.vocabulary import check_vocabularies
from lamdagent_gpu.train.method import Parameter
from lamdagent_gpu.train.model import load_model, load_tokenizer
from lamdagent_gpu.train.reward_function import load_function
from lamdagent_gpu.train.scores import score_sequences
from lamdagent_gpu.train.verifiable import RULES, Prompt, read_prompts, rule_of

MODEL = "model"
"""The reward of a reward model: any number, the higher the better."""
FUNCTION = "function"
"""The reward of a function of the user's."""
REWARD = Parameter(name="reward", choices=(*RULES, MODEL, FUNCTION))
Scorer = Callable[[Sequence[Prompt], Sequence[list[int]]], list[float]]
"""The rewards of answers, token ids, to prompts: one each."""


def is_by_model(context: JobContext) -> bool:
    return bool(REWARD.of(context.parameters) == MODEL)


def prompts_of(context: JobContext, tokenizer: Any) -> list[Prompt]:
    """Of the stage's data; only a rule needs right answers beside them."""
    reward = REWARD.of(context.parameters)
    if reward == MODEL:
        return read_prompts(context, tokenizer, lambda row: unchecked)
    if reward == FUNCTION:
        function = load_function(context)
        return read_prompts(context, tokenizer, lambda row: partial(function, row))
    return read_prompts(context, tokenizer, partial(rule_of, rule=reward))


def unchecked(answer: str) -> float:
    raise TypeError(f"reward: expected a model to score the answer {answer[:40]!r}")


def scorer_of(context: JobContext, tokenizer: Any) -> Scorer:
    """Raises Rejected for a reward model of another vocabulary."""
    return model_scorer(context) if is_by_model(context) else text_scorer(tokenizer)


def text_scorer(tokenizer: Any) -> Scorer:
    def score(prompts: Sequence[Prompt], answers: Sequence[list[int]]) -> list[float]:
        texts = tokenizer.batch_decode(answers, skip_special_tokens=True)
        return [prompt.reward(text) for prompt, text in zip(prompts, texts, strict=True)]

    return score


def model_scorer(context: JobContext) -> Scorer:
    """The model takes an answer as its training took one: as token ids behind those of its prompt."""
    inputs = [context.inputs(role) for role in ("model", "reward")]
    if not inputs[1]:
        raise Rejected("reward: expected a stage with a reward model among its inputs, got none")
    folders = [context.store.open(ids[0]) for ids in inputs]
    check_vocabularies(["the model", "the reward model"], folders)
    model = load_model(folders[1], context.device, scores=True).eval().requires_grad_(False)
    pad_id = load_tokenizer(folders[1]).pad_token_id

    def score(prompts: Sequence[Prompt], answers: Sequence[list[int]]) -> list[float]:
        sequences = [prompt.ids + answer for prompt, answer in zip(prompts, answers, strict=True)]
        return score_sequences(model, sequences, pad_id)

    return score


def reward_model_metrics(context: JobContext) -> dict[str, float | None]:
    """How good the reward model is, beside what was learnt from it."""
    ids = context.inputs("reward")
    if not ids or not is_by_model(context):
        return {}
    manifest = context.store.manifest(ids[0])
    known = {} if manifest is None else manifest.result.get("metrics") or {}
    return {"rewardModelAccuracy": known.get("heldOutAccuracy")}
