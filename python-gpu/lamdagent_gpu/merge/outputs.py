"""The tensors of the merged model, and which tensors of the inputs each of them is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.merge.layers import Layered, layer_counts, layered, precedes
from lamdagent_gpu.merge.passthrough import stacked_layers
from lamdagent_gpu.merge.tensors import Headers
from lamdagent_gpu.weights import TensorEntry


@dataclass(frozen=True, kw_only=True)
class Output:
    """One tensor: `like` gives its dtype and shape."""

    like: TensorEntry
    models: Sequence[TensorEntry]
    base: TensorEntry | None


Outputs = Mapping[str, Output]


def blended(models: Sequence[Headers], base: Headers | None, reference: Headers) -> Outputs:
    """Every tensor from its namesakes in all models; the reference, base or first model, gives the dtypes."""
    return {
        name: Output(like=like, models=[model[name] for model in models], base=base[name] if base else None)
        for name, like in reference.items()
    }


def stacked(models: Sequence[Headers], share: float) -> Outputs:
    """Runs of layers on top of each other, in the order of the models."""
    first, last = models[0], models[-1]
    (stem, layers) = the_stem(first)
    alone = {name: first[name] if precedes(name) else last[name] for name in first if layered(name) is None}
    runs = {
        place.moved(number): models[model][name]
        for number, (model, layer) in enumerate(stacked_layers(len(models), layers, share))
        for name, place in layers_of(models[model], stem, layer)
    }
    return {name: Output(like=entry, models=[entry], base=None) for name, entry in sorted({**alone, **runs}.items())}


def the_stem(header: Headers) -> tuple[str, int]:
    """The only stack of layers, and its number of layers.

    Raises:
        Rejected: there is none, or more than one (an encoder and a decoder, a vision tower).
    """
    counts = layer_counts(header)
    if len(counts) != 1:
        raise Rejected(
            f"passthrough: expected tensors of one stack of layers, got {sorted(counts) or 'none'}. Use another method."
        )
    return next(iter(counts.items()))


def layers_of(header: Headers, stem: str, index: int) -> list[tuple[str, Layered]]:
    """The names of one layer's tensors, and their parts."""
    found = ((name, layered(name)) for name in header)
    return [(name, place) for name, place in found if place and (place.stem, place.index) == (stem, index)]
