"""What a merge method is: declared facts, and a pure function over equal pieces of one tensor of every model.

Elementwise mathematics runs piece by piece, so memory does not grow with the tensor. What a method must know
about a whole tensor first (TIES: its trim thresholds) it gathers in a `survey`, which reads the pieces once or twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch

from lamdagent_gpu.merge.draws import Draws
from lamdagent_gpu.merge.parameters import Choice, Parameter

Tensor = torch.Tensor
Parameters = Mapping[str, Any]
Facts = tuple[float, ...]
"""What a survey found, e.g. one threshold a model; empty without a survey."""

PIECE = 1 << 17
"""Elements in a piece: the buffers of a merge of a few models stay near the processor's caches."""
MOST_MODELS = 16


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Equal parts of one tensor, float32 and flat. The method may overwrite them; so does the source's next read."""

    start: int
    """The place of the first element in the tensor; of methods by rows: where a row begins."""
    columns: int
    """Elements in a row of the tensor, which is its last dimension; a vector is one row."""
    models: list[Tensor]
    base: Tensor | None

    def deltas(self) -> tuple[list[Tensor], Tensor]:
        """The models minus the base, in the models' own buffers; and the base."""
        assert self.base is not None
        for model in self.models:
            model.sub_(self.base)
        return self.models, self.base


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What holds for one tensor as a whole."""

    weights: Sequence[float]
    parameters: Parameters
    draws: Sequence[Draws] = ()
    """One a model, of methods that draw."""
    facts: Facts = ()


class Source(Protocol):
    """One tensor of every model (and of the base, where the method needs it), readable in pieces."""

    count: int
    columns: int

    def read(self, start: int, count: int) -> Piece:
        """The elements from `start`; in buffers that the next read uses again."""


Blend = Callable[[Piece, Setting], Tensor]
"""The merged piece, which may lie in the piece's own buffers."""
Survey = Callable[[Source, Setting], Facts]


@dataclass(frozen=True, kw_only=True)
class MergeMethod:
    name: str
    paper: str
    formula: str
    needs_base: bool
    blend: Blend
    parameters: tuple[Parameter | Choice, ...] = ()
    survey: Survey | None = None
    most_models: int = MOST_MODELS
    ordered: bool = False
    """The models' order means something; elsewhere sums run in the order of the models' ids."""
    weighted: bool = True
    """Models may have weights of their own."""
    by_rows: bool = False
    """Pieces hold whole rows."""
    draws: bool = False
    """It needs random numbers, one stream a model."""
    stacks: bool = False
    """The models' layers go on top of each other; nothing is blended."""

    def merge(
        self,
        models: Sequence[Tensor],
        base: Tensor | None,
        weights: Sequence[float],
        parameters: Parameters,
        draws: Sequence[Draws] = (),
    ) -> Tensor:
        """The method on whole float32 tensors of one shape, which stay as they are."""
        source = InMemory(models, base)
        setting = Setting(weights=weights, parameters=parameters, draws=draws)
        if self.survey:
            setting = replace(setting, facts=self.survey(source, setting))
        return self.blend(source.read(0, source.count), setting).reshape(models[0].shape)


class InMemory:
    """A source over tensors of one shape that are at hand."""

    def __init__(self, models: Sequence[Tensor], base: Tensor | None) -> None:
        self.count = models[0].numel()
        self.columns = columns_of(models[0].shape)
        self._models = [model.reshape(-1) for model in models]
        self._base = None if base is None else base.reshape(-1)

    def read(self, start: int, count: int) -> Piece:
        part = slice(start, start + count)
        base = None if self._base is None else self._base[part].clone()
        models = [model[part].clone() for model in self._models]
        return Piece(start=start, columns=self.columns, models=models, base=base)


def columns_of(shape: Sequence[int]) -> int:
    """Elements in a row; 1 for a scalar."""
    return shape[-1] if shape else 1


def spans(count: int, size: int = PIECE) -> Iterator[tuple[int, int]]:
    """(start, length) of the pieces of `count` elements."""
    for start in range(0, count, size):
        yield start, min(size, count - start)


def pieces_of(source: Source, *, by_rows: bool) -> Iterator[tuple[int, int]]:
    """(start, length) of the pieces a method is given."""
    if not by_rows:
        return spans(source.count)
    return spans(source.count, max(1, PIECE // max(1, source.columns)) * max(1, source.columns))
