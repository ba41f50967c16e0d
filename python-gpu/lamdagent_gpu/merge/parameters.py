"""The parameters of merge methods as data: ranges, defaults and meanings, from which checks and documentation come."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A number the method takes: low <= value <= high, or low < value where `above_low`."""

    name: str
    low: float
    high: float
    default: float
    meaning: str
    above_low: bool = False
    by_layer: bool = True
    """It may be a gradient: another value in each layer (see `gradient`)."""

    def allows(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return self.low <= value <= self.high and not (self.above_low and value == self.low)

    @property
    def rule(self) -> str:
        return f"a number in {'(' if self.above_low else '['}{self.low:g}, {self.high:g}]"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of a few words. A stage that doesn't name it has the default: older stages knew no other."""

    name: str
    options: tuple[str, ...]
    default: str
    meaning: str

    def allows(self, value: object) -> bool:
        return value in self.options

    @property
    def rule(self) -> str:
        return f"one of {', '.join(self.options)}"


LAMBDA = Parameter(name="lambda", low=-8, high=8, default=1, meaning="scale of the merged task vector")
DENSITY = Parameter(
    name="density", low=0, high=1, default=0.5, above_low=True, meaning="share of each task vector that is kept"
)
T = Parameter(name="t", low=0, high=1, default=0.5, meaning="place between the first model, 0, and the second, 1")
