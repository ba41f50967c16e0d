"""Answers drawn from a model: a stream of random numbers for each, so that neither batches nor a resume change them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from lamdagent_gpu.evaluate.batches import run_batches
from lamdagent_gpu.evaluate.generate import generate_batch
from lamdagent_gpu.train.method import Parameter, Values

BATCH = 64
"""Answers drawn at once; only a lack of memory lowers it."""
SAMPLES = Parameter(name="samples")
TEMPERATURE = Parameter(name="temperature")
MAX_NEW_TOKENS = Parameter(name="maxNewTokens")
MAX_LENGTH = Parameter(name="maxLength")


@dataclass(frozen=True, kw_only=True)
class Sampling:
    temperature: float
    max_new_tokens: int
    max_length: int
    end_ids: frozenset[int]
    pad_id: int
    seed: int


def sampling_of(values: Values, *, model: Any, tokenizer: Any, seed: int) -> Sampling:
    configured = model.generation_config.eos_token_id
    listed = configured if isinstance(configured, list) else [configured]
    return Sampling(
        temperature=TEMPERATURE.of(values),
        max_new_tokens=MAX_NEW_TOKENS.of(values),
        max_length=MAX_LENGTH.of(values),
        end_ids=frozenset(one for one in [*listed, tokenizer.eos_token_id] if one is not None),
        pad_id=tokenizer.pad_token_id,
        seed=seed,
    )


def uniforms(seed: int, name: str, count: int) -> torch.Tensor:
    """`count` numbers in [0, 1) that depend on the seed and the name alone, float64."""
    digits = hashlib.sha256(f"{seed} {name}".encode()).hexdigest()[:15]
    return torch.rand(count, generator=torch.Generator().manual_seed(int(digits, 16)), dtype=torch.float64)


class Draw:
    """Chooses tokens by inverting each row's distribution at its own number; remembers each row's last token."""

    def __init__(self, numbers: torch.Tensor, temperature: float) -> None:
        self.numbers = numbers
        self.temperature = temperature
        self.last: dict[int, int] = {}

    def __call__(self, logits: torch.Tensor, rows: list[int], at: int) -> torch.Tensor:
        mass = torch.softmax(logits.double() / self.temperature, dim=-1).cumsum(-1)
        numbers = self.numbers[rows, at].to(mass.device)[:, None] * mass[:, -1:]
        tokens = (mass <= numbers).sum(-1).clamp(max=mass.shape[-1] - 1)
        self.last.update(zip(rows, tokens.tolist(), strict=True))
        return tokens


@torch.no_grad()
def sample(model: Any, prompts: Sequence[list[int]], names: Sequence[str], sampling: Sampling) -> list[list[int]]:
    """One answer for each prompt (token ids, shorter than `max_length`), with its end token where the model gave one.

    `names`: of each answer's stream of random numbers.
    """
    order = sorted(range(len(prompts)), key=lambda place: (len(prompts[place]), place))

    def drawn(chosen: list[int]) -> list[list[int]]:
        room = [min(sampling.max_new_tokens, sampling.max_length - len(prompts[place])) for place in chosen]
        numbers = torch.stack([uniforms(sampling.seed, names[place], sampling.max_new_tokens) for place in chosen])
        draw = Draw(numbers, sampling.temperature)
        answers = generate_batch(
            model, [prompts[place] for place in chosen], room, set(sampling.end_ids), sampling.pad_id, draw
        )
        ends = ([draw.last[row]] if draw.last[row] in sampling.end_ids else [] for row in range(len(chosen)))
        return [answer + end for answer, end in zip(answers, ends, strict=True)]

    found: dict[int, list[int]] = {}
    was_training = model.training
    model.eval()
    try:
        for batch in run_batches(
            order, [1] * len(prompts), drawn, limit=BATCH,
            one=lambda place: f"sampling: expected one row of {len(prompts[place])} tokens", unit="rows",
        ):  # fmt: skip
            found.update(batch)
    finally:
        model.train(was_training)
    return [found[place] for place in range(len(prompts))]
