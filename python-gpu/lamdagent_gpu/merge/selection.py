"""Exact order statistics of delta magnitudes, without sorting and without holding the deltas of a large tensor.

A small even sample brackets the answer; one pass counts what lies above the bracket and keeps what lies inside;
the answer is then selected among those few. The sample decides the speed, never the result: where the bracket
misses, the tensor's magnitudes are selected from as a whole.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

import numpy as np
import numpy.typing as npt
import torch

from lamdagent_gpu.merge.method import Source, Tensor, spans

Bits = npt.NDArray[np.int32]
"""Magnitudes as bit patterns: float32 >= 0 order like their integers, NaN above all. Integers select faster."""

WHOLE = 1 << 20
"""Up to this many elements a tensor's magnitudes are held as a whole (4 MiB a model)."""
RUNS, RUN = 256, 256
"""The sample: evenly spaced runs of neighbours."""
MARGIN = 0.02
"""Half the bracket's width, as a share of the tensor."""


def kept(density: float, count: int) -> int:
    """k = ceil(density n), of the decimal number as it was written: 0.07 of 100 is 7, not 8; at least 1."""
    exact = (Decimal(repr(density)) * count).to_integral_value(rounding=ROUND_CEILING)
    return min(count, max(1, int(exact)))


def kth_largest(magnitudes: Tensor, k: int) -> float:
    """The k-th largest (k = 1: the largest) of flat float32 magnitudes >= 0."""
    return as_float(kth_largest_bits(bits_of(magnitudes), k))


def kth_largest_magnitudes(source: Source, k: int) -> tuple[float, ...]:
    """For each model the k-th largest |model - base| of the source's tensor."""
    if source.count <= WHOLE:
        return tuple(as_float(kth_largest_bits(bits, k)) for bits in magnitudes(source, 0, source.count))
    brackets = [Bracket(bits, k / source.count) for bits in sample(source)]
    for start, count in spans(source.count):
        for bracket, bits in zip(brackets, magnitudes(source, start, count), strict=True):
            bracket.take(bits)
    found = [bracket.answer(k) for bracket in brackets]
    return tuple(select_whole(source, i, k) if bits is None else as_float(bits) for i, bits in enumerate(found))


class Bracket:
    """Counts the magnitudes above `high` and holds those in [low, high]."""

    def __init__(self, sampled: Bits, share: float) -> None:
        ordered = np.sort(sampled)
        last = len(ordered) - 1
        place = (1 - share) * last
        margin = MARGIN * last
        self.low = int(ordered[max(0, int(place - margin))]) if place > margin else 0
        self.high = int(ordered[min(last, int(place + margin) + 1)]) if place + margin < last else int(MAX_BITS)
        self.above = 0
        self.within = 0
        self._held: list[Bits] = []

    def take(self, bits: Bits) -> None:
        inside = bits >= self.low
        beyond = bits > self.high
        self.above += int(np.count_nonzero(beyond))
        inside &= ~beyond
        self.within += int(np.count_nonzero(inside))
        if self.low < self.high:
            self._held.append(bits[inside])

    def answer(self, k: int) -> int | None:
        """The k-th largest of all that was taken, or None if it lies outside the bracket."""
        if not self.above < k <= self.above + self.within:
            return None
        return kth_largest_bits(np.concatenate(self._held), k - self.above) if self.low < self.high else self.low


MAX_BITS = np.iinfo(np.int32).max


def sample(source: Source) -> list[Bits]:
    """An even sample of each model's magnitudes."""
    starts = np.linspace(0, source.count - RUN, RUNS).astype(int)
    runs = [[bits.copy() for bits in magnitudes(source, int(start), RUN)] for start in starts]
    return [np.concatenate(model) for model in zip(*runs, strict=True)]


def select_whole(source: Source, model: int, k: int) -> float:
    """One model's k-th largest magnitude from all of them: 4 bytes an element."""
    every = np.concatenate([magnitudes(source, *span)[model].copy() for span in spans(source.count)])
    return as_float(kth_largest_bits(every, k))


def magnitudes(source: Source, start: int, count: int) -> list[Bits]:
    """|model - base| of each model, in the source's own buffers."""
    models, base = source.read(start, count)
    assert base is not None
    return [bits_of(model.sub_(base).abs_()) for model in models]


def kth_largest_bits(bits: Bits, k: int) -> int:
    place = len(bits) - k
    return int(np.partition(bits, place)[place])


def bits_of(values: Tensor) -> Bits:
    return values.contiguous().view(torch.int32).numpy()


def as_float(bits: int) -> float:
    return float(np.int32(bits).view(np.float32))
