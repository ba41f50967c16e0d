"""Work on many rows in batches that follow from the rows alone, so that a killed evaluation goes on with the same ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

import torch

from lamdagent_gpu.context import OutOfMemory

Result = TypeVar("Result")


def run_batches(
    order: Sequence[int], sizes: Sequence[int], run: Callable[[list[int]], list[Result]],
    *, limit: int, done: Collection[int] = (), one: Callable[[int], str], unit: str,
) -> Iterator[dict[int, Result]]:  # fmt: skip
    """Results by place, batch by batch. Batches are runs of `order`; those whose places are all `done` are passed over.

    `sizes` says what each place costs; a batch costs its number of places times the greatest of them, at most `limit`,
    or is one place. `one` says what a place is and `unit` what `limit` counts, for errors and warnings.

    Raises:
        OutOfMemory: one place alone does not fit. Before that, a batch that does not fit is halved and done again,
            as are those after it.
    """
    at = 0
    while at < len(order):
        end = end_of_batch(order, sizes, at, limit)
        chosen = list(order[at:end])
        if all(place in done for place in chosen):
            at = end
            continue
        try:
            found = run(chosen)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            if len(chosen) == 1:
                raise OutOfMemory(f"{one(chosen[0])} to fit, got {error}") from None
            limit = len(chosen) // 2 * max(sizes[place] for place in chosen)
            print(f"warning: evaluation: out of memory; going on with batches of {limit} {unit}", flush=True)
            release_memory()
            continue
        at = end
        yield dict(zip(chosen, found, strict=True))


def end_of_batch(order: Sequence[int], sizes: Sequence[int], begin: int, limit: int) -> int:
    """Where the longest batch from `begin` on ends."""
    greatest = 0
    for end in range(begin, len(order)):
        greatest = max(greatest, sizes[order[end]])
        if end > begin and (end + 1 - begin) * greatest > limit:
            return end
    return len(order)


def is_out_of_memory(error: RuntimeError) -> bool:
    """CUDA has its own exception; the CPU's allocator only a message."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def release_memory() -> None:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
