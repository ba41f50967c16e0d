"""Exact order statistics of delta magnitudes, without sorting and without holding the deltas of a large tensor.

A small even sample brackets the answer; one pass counts what lies above the bracket and keeps what lies inside;
the answer is then selected among those few. The sample decides the speed, never the result: where the bracket
misses, and for a whole task vector, whose few would be many, bit patterns are counted in two passes.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal

import numpy as np
import numpy.typing as npt
import torch

from lamdagent_gpu.merge.method import Source, Tensor, spans

Bits = npt.NDArray[np.int32]
"""Magnitudes as bit patterns: float32 >= 0 order like their integers, NaN above all. Integers select faster."""

Values = Callable[[Source, int, int], list[Bits]]
"""(source, start, count) -> one or more rows of values for those elements; used before the next call."""

WHOLE = 1 << 20
"""Up to this many elements a tensor's magnitudes are held as a whole (4 MiB a model)."""
VAST = 1 << 27
"""Above, no share of the values is held (brackets hold about 4 %)."""
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
    return kth_largest_of(source, k, magnitudes)


def kth_largest_of(source: Source, k: int, values: Values) -> tuple[float, ...]:
    """The k-th largest of each row of values >= 0 that `values` makes of the source's pieces."""
    if source.count <= WHOLE:
        return tuple(as_float(kth_largest_bits(bits, k)) for bits in values(source, 0, source.count))
    if source.count > VAST:
        return tuple(as_float(bits) for bits in counted(source, k, values))
    brackets = [Bracket(bits, k / source.count) for bits in sample(source, values)]
    for start, count in spans(source.count):
        for bracket, bits in zip(brackets, values(source, start, count), strict=True):
            bracket.take(bits)
    found = [bracket.answer(k) for bracket in brackets]
    if None in found:
        found = list(counted(source, k, values))
    return tuple(as_float(bits) for bits in found if bits is not None)


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
        self.above += int(np.count_nonzero(bits > self.high))
        places = np.flatnonzero((bits >= self.low) & (bits <= self.high))  # places index faster than a mask
        self.within += len(places)
        if self.low < self.high:
            self._held.append(bits[places])

    def answer(self, k: int) -> int | None:
        """The k-th largest of all that was taken, or None if it lies outside the bracket."""
        if not self.above < k <= self.above + self.within:
            return None
        return kth_largest_bits(np.concatenate(self._held), k - self.above) if self.low < self.high else self.low


MAX_BITS = np.iinfo(np.int32).max


def sample(source: Source, values: Values) -> list[Bits]:
    """An even sample of each row of values."""
    starts = np.linspace(0, source.count - RUN, RUNS).astype(int)
    runs = [[bits.copy() for bits in values(source, int(start), RUN)] for start in starts]
    return [np.concatenate(row) for row in zip(*runs, strict=True)]


def counted(source: Source, k: int, values: Values) -> list[int]:
    """The k-th largest by counting in two passes: the upper 15 bits of all values, then the lower 16 of one bin."""
    upper = bin_counts(source, values, lambda row, bits: bits >> 16)
    bins, above = zip(*(bin_of(counts, k) for counts in upper), strict=True)
    lower = bin_counts(source, values, lambda row, bits: bits[bits >> 16 == bins[row]] & 0xFFFF)
    last = [bin_of(counts, k - over)[0] for counts, over in zip(lower, above, strict=True)]
    return [(one << 16) + two for one, two in zip(bins, last, strict=True)]


def bin_counts(source: Source, values: Values, keys: Callable[[int, Bits], Bits]) -> list[npt.NDArray[np.int64]]:
    total: list[npt.NDArray[np.int64]] = []
    for start, count in spans(source.count):
        parts = [
            np.bincount(keys(row, bits), minlength=1 << 16) for row, bits in enumerate(values(source, start, count))
        ]
        total = parts if not total else [one + part for one, part in zip(total, parts, strict=True)]
    return total


def bin_of(counts: npt.NDArray[np.int64], k: int) -> tuple[int, int]:
    """The bin of the k-th largest, and how many lie in bins above it."""
    down = np.cumsum(counts[::-1])
    place = int(np.searchsorted(down, k))
    return len(counts) - 1 - place, int(down[place] - counts[::-1][place])


def magnitudes(source: Source, start: int, count: int) -> list[Bits]:
    """|model - base| of each model, in the source's own buffers."""
    deltas, _ = source.read(start, count).deltas()
    return [bits_of(delta.abs_()) for delta in deltas]


def kth_largest_bits(bits: Bits, k: int) -> int:
    place = len(bits) - k
    return int(np.partition(bits, place)[place])


def bits_of(values: Tensor) -> Bits:
    return values.contiguous().view(torch.int32).numpy()


def as_float(bits: int) -> float:
    return float(np.int32(bits).view(np.float32))
