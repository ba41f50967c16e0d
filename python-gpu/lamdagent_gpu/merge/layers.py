"""Which layer a tensor belongs to, told by its name, as transformers names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LAYER = re.compile(r"(?P<stem>(?:^|.*?\.)(?:layers|layer|h|blocks|block)\.)(?P<index>\d+)(?P<rest>\..*)")
FIRST = ("embed_tokens.", "wte.", "wpe.", "embed_in.", "word_embeddings.", "embeddings.", "embed_positions.")
"""Parts of names of what stands before the layers."""


@dataclass(frozen=True, kw_only=True)
class Layered:
    """A name such as `model.layers.3.mlp.up_proj.weight` in parts: stem `model.layers.`, index 3, rest."""

    stem: str
    index: int
    rest: str

    def moved(self, index: int) -> str:
        return f"{self.stem}{index}{self.rest}"


def layered(name: str) -> Layered | None:
    """None: outside the layers."""
    found = LAYER.fullmatch(name)
    return None if found is None else Layered(stem=found["stem"], index=int(found["index"]), rest=found["rest"])


def layer_counts(names: Iterable[str]) -> dict[str, int]:
    """The number of layers under each stem."""
    counts: dict[str, int] = {}
    for name in names:
        if place := layered(name):
            counts[place.stem] = max(counts.get(place.stem, 0), place.index + 1)
    return counts


def precedes(name: str) -> bool:
    """Whether the tensor, outside the layers, stands before them: an embedding."""
    return any(part in f"{name}." for part in FIRST)


def depths(names: Iterable[str]) -> Mapping[str, float]:
    """Where each tensor stands: 0 before and in the first layer, 1 in the last one and behind it."""
    listed = list(names)
    counts = layer_counts(listed)

    def depth(name: str) -> float:
        place = layered(name)
        if place is None:
            return 0.0 if precedes(name) else 1.0
        return place.index / max(1, counts[place.stem] - 1)

    return {name: depth(name) for name in listed}
