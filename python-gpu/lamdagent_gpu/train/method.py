"""What a training method is: its name, the parameters it reads, and what makes its trainer. The orchestrator's table
(`domain/actionTypes.ts`) has their ranges and meanings; a test holds both together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.train.trainer import DurableTrainer

Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One entry of a stage's parameters. `unsaid`: its value where the stage leaves it out; None: it never does."""

    name: str
    choices: tuple[str, ...] = ()
    """Of words: all there are."""
    unsaid: str | float | None = None

    def of(self, values: Values) -> Any:
        """The value; raises Rejected for a missing one and for a word that is none of the choices."""
        value = values.get(self.name, self.unsaid)
        if value is None:
            raise Rejected(f"{self.name}: expected a value, got none")
        if self.choices and value not in self.choices:
            raise Rejected(f"{self.name}: expected one of {', '.join(self.choices)}, got {value!r}")
        return value


class Maker(Protocol):
    def __call__(
        self, context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None
    ) -> DurableTrainer: ...


@dataclass(frozen=True, kw_only=True)
class TrainMethod:
    kind: str
    paper: str
    formula: str
    make: Maker
    parameters: tuple[Parameter, ...]
    roles: tuple[str, ...] = ("model",)
    """The inputs that are models; the first is trained."""
    scores: bool = False
    """What is made is no language model but gives a sequence one number."""
    undivided: str | None = None
    """Where the model cannot lie in shards over several devices: why."""

    def check(self, values: Values) -> None:
        """Raises Rejected for a parameter that nothing here would read."""
        known = {one.name for one in self.parameters} | {SHARE}
        unknown = sorted(set(values) - known)
        if unknown:
            raise Rejected(f"parameters: expected those of {self.kind}, got {', '.join(unknown)}")


SHARE = "dataFraction"
"""Of the rung, not of the method: the share of the rows (`subset.py`)."""

TUNING = Parameter(name="tuning", choices=("full", "lora", "qlora"))
TRAINING = (
    Parameter(name="learningRate"),
    Parameter(name="steps"),
    Parameter(name="batchSize"),
    Parameter(name="warmupSteps"),
    Parameter(name="scheduler", choices=("linear", "cosine", "constant")),
    Parameter(name="maxLength"),
    Parameter(name="weightDecay"),
    TUNING,
    Parameter(name="loraRank"),
    Parameter(name="loraAlpha"),
)
BETA = Parameter(name="beta")
SFT_WEIGHT = Parameter(name="sftWeight")
