"""A reward of the user's own: `def reward(row, answer)` in a Python file whose bytes are an input of the stage."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.evaluate.command import ALLOWED
from lamdagent_gpu.train.rows import KEPT, Row

FILE, NAME = "reward.py", "reward"
Scored = Callable[[Row, str], float]
"""Of a row of the data, as it stands there, and an answer's text: any finite number, the higher the better."""


def load_function(context: JobContext) -> Scored:
    """Raises Rejected on a worker that runs no programs of specs, and for a file that does not define the function."""
    if os.environ.get(ALLOWED) != "1":
        raise Rejected(
            f"reward function: expected a GPU worker that was started with {ALLOWED}=1, got one without. The function can "
            "do all that the worker's user can; allow it where you trust who writes specs."
        )
    inputs = context.inputs("reward")
    if not inputs:
        raise Rejected("reward: expected a stage with a reward function among its inputs, got none")
    module = ModuleType("lamdagent_reward")
    text = (context.store.open(inputs[0]) / FILE).read_text("utf8")
    try:
        exec(compile(text, FILE, "exec"), module.__dict__)
    except Exception as error:
        raise Rejected(f"{FILE}: expected Python that can be imported, got {error!r}") from None
    function = getattr(module, NAME, None)
    if not callable(function):
        raise Rejected(f"{FILE}: expected a function {NAME}(row, answer), got none")
    return lambda row, answer: number(function, row, answer)


def number(function: Callable[[dict[str, Any], str], Any], row: Row, answer: str) -> float:
    shown = {key: value for key, value in row.items() if key not in ("_where", KEPT)}
    try:
        value = function(shown, answer)
    except Exception as error:
        raise Rejected(f"{row['_where']}: expected {NAME}(row, answer) to return, got {error!r}") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Rejected(f"{row['_where']}: expected {NAME}(row, answer) to return a finite number, got {value!r}")
    return float(value)
