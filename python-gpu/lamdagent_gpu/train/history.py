"""What a training's log of its steps becomes: the metrics of its result, and its curve."""

from __future__ import annotations

import math
from typing import Any

History = list[dict[str, Any]]
"""One entry a logged step, from the first step on, whatever was resumed: it travels with the checkpoints."""
REWARDS = {
    "rewards/accuracies": "rewardAccuracy",
    "rewards/margins": "rewardMargin",
    "reward": "reward",
    "accuracy": "rewardAccuracy",
    "margin": "rewardMargin",
}
"""What trainers of preferences and of sampled answers log, and our names for it."""
COLUMNS = {"loss": "loss", "learning_rate": "learningRate", "grad_norm": "gradNorm", "num_tokens": "tokens"}
"""What all trainers log, and the columns of a curve that it becomes."""
COUNTED = "tokens"
TAIL = 10
"""Logged steps that the last loss is a mean of."""
MOST_POINTS = 200
DIGITS = 9
"""Of a curve's numbers: as many as tell every float32 from the next."""


def metrics_of(history: History) -> dict[str, float | None]:
    """Of the logged steps: TRL's own summary divides by all steps and is wrong after a resume."""
    losses = logged(history, "loss")
    metrics = {
        "firstLoss": losses[0] if losses else None,
        "loss": tail_mean(losses),
        "tokens": next(iter(logged(history, "num_tokens")[-1:]), None),
    }
    for key, name in REWARDS.items():
        if values := logged(history, key):
            metrics[name] = tail_mean(values)
    return {name: value if value is not None and math.isfinite(value) else None for name, value in metrics.items()}


def curve_of(history: History, *, stage_id: str, offset: int) -> dict[str, Any]:
    """The contract's TrainingCurve. `offset`: steps that the job did before the first one of the training."""
    steps = [entry for entry in history if "loss" in entry]
    points = [steps[place] for place in kept_places(len(steps))]
    rewards = {key: name for key, name in REWARDS.items() if any(key in entry for entry in steps)}
    return {
        "schemaVersion": 1,
        "stageId": stage_id,
        "logged": len(steps),
        "step": [offset + entry["step"] for entry in points],
        **{name: [rounded(entry.get(key), name) for entry in points] for key, name in (COLUMNS | rewards).items()},
    }


def kept_places(count: int, most: int = MOST_POINTS) -> list[int]:
    """The first and the last of `count` places, and evenly between them, at most `most`: a rule of the number alone."""
    if count <= most:
        return list(range(count))
    gaps = most - 1
    return [(2 * place * (count - 1) + gaps) // (2 * gaps) for place in range(most)]


def rounded(value: float | None, column: str) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return int(value) if column == COUNTED else float(f"{value:.{DIGITS}g}")


def logged(history: History, key: str) -> list[float]:
    return [float(entry[key]) for entry in history if key in entry]


def tail_mean(values: list[float]) -> float | None:
    tail = values[-TAIL:]
    return sum(tail) / len(tail) if tail else None
