"""The product's training recipes as plain torch loops (TRL's overhead left out), and its own merge methods."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.nn.functional import log_softmax, logsigmoid
from world import (
    ROOT,
    Encoded,
    State,
    base_state,
    encode,
    model_of,
    rows,
    spec,
    state_of,
)

from lamdagent_gpu.merge.registry import METHODS

WARMUP_STEPS = 8
SEED = 1
Parameters = dict[str, Any]


def padded(batch: Sequence[Encoded]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """ids, labels, mask: each [batch, longest]."""
    longest = max(len(ids) for ids, _ in batch)
    ids = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in batch])
    labels = torch.tensor([labels + [-100] * (longest - len(labels)) for _, labels in batch])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in batch])
    return ids, labels, mask


def batches(examples: Sequence[Any], size: int) -> Iterator[list[Any]]:
    """Epochs in a fresh order each; a last, smaller batch is left out."""
    rng = random.Random(SEED)
    while True:
        order = rng.sample(list(examples), len(examples))
        for start in range(0, len(order) - size + 1, size):
            yield order[start : start + size]


def optimise(
    model: Any,
    parameters: Parameters,
    examples: Sequence[Any],
    loss_of: Callable[[Any], Any],
) -> None:
    """AdamW without weight decay, linear warm-up then linear decay, gradient norm clipped to 1."""
    steps = parameters["steps"]
    optimizer = torch.optim.AdamW(model.parameters(), lr=parameters["learningRate"], weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda s: s / WARMUP_STEPS if s < WARMUP_STEPS else (steps - s) / (steps - WARMUP_STEPS),
    )
    source = batches(examples, parameters["batchSize"])
    model.train()
    for _ in range(steps):
        loss_of(next(source)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()


def sft(state: State, datasets: Sequence[str], parameters: Parameters) -> State:
    paths = [ROOT / spec()["datasets"][name]["path"] for name in datasets]
    examples = [encode(row["messages"]) for path in paths for row in rows(path)]
    model = model_of(state)

    def loss_of(batch: list[Encoded]) -> torch.Tensor:
        ids, labels, mask = padded(batch)
        loss: torch.Tensor = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        return loss

    optimise(model, parameters, examples, loss_of)
    return state_of(model)


def answer_log_probabilities(model: Any, batch: Sequence[Encoded]) -> torch.Tensor:
    """Sum over the answer's tokens, [batch]."""
    ids, labels, mask = padded(batch)
    logits = log_softmax(model(input_ids=ids, attention_mask=mask).logits[:, :-1], -1)
    targets = labels[:, 1:]
    picked = logits.gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return (picked * (targets != -100)).sum(-1)


def dpo(state: State, datasets: Sequence[str], parameters: Parameters) -> State:
    """Rafailov et al. 2023, arXiv 2305.18290, eq. 7, plus sftWeight times the mean loss of the chosen tokens."""
    paths = [ROOT / spec()["datasets"][name]["path"] for name in datasets]
    pairs = [
        (encode(row["prompt"] + row["chosen"]), encode(row["prompt"] + row["rejected"]))
        for path in paths
        for row in rows(path)
    ]
    model, reference = model_of(state), model_of(state).eval()

    def loss_of(batch: list[tuple[Encoded, Encoded]]) -> torch.Tensor:
        both = [chosen for chosen, _ in batch] + [rejected for _, rejected in batch]
        with torch.no_grad():
            before = answer_log_probabilities(reference, both)
        now = answer_log_probabilities(model, both)
        chosen, rejected = (now - before).chunk(2)
        tokens = sum(label != -100 for (_, labels), _ in batch for label in labels)
        supervised = -now[: len(batch)].sum() / tokens
        preferred = -logsigmoid(parameters["beta"] * (chosen - rejected)).mean()
        return preferred + parameters["sftWeight"] * supervised

    optimise(model, parameters, pairs, loss_of)
    return state_of(model)


def merge(states: Sequence[State], parameters: Parameters) -> State:
    """The product's merge method, tensor by tensor, with equal weights."""
    method = METHODS[parameters["method"]]
    base = base_state()
    weights = [1.0] * len(states)
    return {name: method.merge([one[name] for one in states], base[name], weights, parameters) for name in base}
