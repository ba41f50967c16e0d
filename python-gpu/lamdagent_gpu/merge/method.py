"""What a merge method is: declared facts, and a pure function over equal pieces of one tensor of every model.

Elementwise mathematics runs piece by piece, so memory does not grow with the tensor. What a method must know
about a whole tensor first (TIES: its trim thresholds) it gathers in a `survey`, which reads the pieces once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

Tensor = torch.Tensor
Parameters = Mapping[str, Any]
Facts = tuple[float, ...]
"""What a survey found, e.g. one threshold a model; empty without a survey."""

PIECE = 1 << 17
"""Elements in a piece: the buffers of a merge of a few models stay near the processor's caches."""


class Source(Protocol):
    """One tensor of every model (and of the base, where the method needs it), flat, readable in pieces."""

    count: int

    def read(self, start: int, count: int) -> tuple[list[Tensor], Tensor | None]:
        """Float32 copies [count] of the models' and the base's elements from `start`.

        The caller may overwrite them; so does the next read.
        """


Blend = Callable[[list[Tensor], "Tensor | None", Sequence[float], Parameters, Facts], Tensor]
"""(models' pieces, base's piece or None, weights, parameters, facts) -> merged piece. May overwrite its inputs."""
Survey = Callable[[Source, Parameters], Facts]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A number the method takes: low <= value <= high, or low < value where `above_low`."""

    name: str
    low: float
    high: float
    default: float
    meaning: str
    above_low: bool = False

    def allows(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return self.low <= value <= self.high and not (self.above_low and value == self.low)

    @property
    def rule(self) -> str:
        return f"a number in {'(' if self.above_low else '['}{self.low:g}, {self.high:g}]"


LAMBDA = Parameter(name="lambda", low=-8, high=8, default=1, meaning="scale of the merged task vector")


@dataclass(frozen=True, kw_only=True)
class MergeMethod:
    name: str
    paper: str
    formula: str
    needs_base: bool
    blend: Blend
    parameters: tuple[Parameter, ...] = ()
    survey: Survey | None = None

    def merge(
        self, models: Sequence[Tensor], base: Tensor | None, weights: Sequence[float], parameters: Parameters
    ) -> Tensor:
        """The method on whole float32 tensors of one shape, which stay as they are."""
        source = InMemory([model.reshape(-1) for model in models], None if base is None else base.reshape(-1))
        facts = self.survey(source, parameters) if self.survey else ()
        pieces, origin = source.read(0, source.count)
        return self.blend(pieces, origin, weights, parameters, facts).reshape(models[0].shape)


class InMemory:
    """A source over flat tensors that are at hand."""

    def __init__(self, models: list[Tensor], base: Tensor | None) -> None:
        self.count = models[0].numel()
        self._models = models
        self._base = base

    def read(self, start: int, count: int) -> tuple[list[Tensor], Tensor | None]:
        part = slice(start, start + count)
        return [model[part].clone() for model in self._models], None if self._base is None else self._base[part].clone()


def spans(count: int, size: int = PIECE) -> Iterator[tuple[int, int]]:
    """(start, length) of the pieces of `count` elements."""
    for start in range(0, count, size):
        yield start, min(size, count - start)
