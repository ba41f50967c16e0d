"""Random bits for the elements of a tensor that depend on nothing but a key and the element's place.

Philox4x64-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") is a function of key and counter, so
that any piece of the stream can be made alone: neither the order of tensors nor the size of pieces changes a bit. The
raw stream of NumPy's bit generator is part of its compatibility promise; no distribution of NumPy's is used.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import torch

Bits = npt.NDArray[np.uint32]
A_BLOCK = 8
"""32-bit words that one counter gives."""


class Draws:
    """The stream of one tensor of one model.

    Args:
        seed: the stage's seed.
        content: SHA-256 of the model's weights: another file layout or id draws the same.
        tensor: the tensor's name.
    """

    def __init__(self, seed: str | int, content: str, tensor: str) -> None:
        digest = hashlib.sha256(f"{seed}\n{content}\n{tensor}".encode()).digest()
        self._key = np.frombuffer(digest[:16], "<u8")

    def bits(self, start: int, count: int) -> Bits:
        """Uniform 32-bit words [count] of the elements from `start`."""
        block, skipped = divmod(start, A_BLOCK)
        words = skipped + count
        generator = np.random.Philox(key=self._key, counter=block)
        raw = generator.random_raw((words + 1) // 2)
        return np.asarray(raw, "<u8").view("<u4")[skipped:words].astype(np.uint32, copy=False)

    def kept(self, start: int, count: int, share: float) -> torch.Tensor:
        """Which of the elements are kept, bool [count]: each by itself with probability `share`, to within 2^-32."""
        return torch.from_numpy(self.bits(start, count) < min(round(share * 2**32), 2**32))

    def kept_each(self, start: int, shares: torch.Tensor) -> torch.Tensor:
        """The same with a probability for each element, float64 [count]."""
        return torch.from_numpy(self.bits(start, shares.numel()) < shares.numpy() * 2.0**32)
