"""Keys and values in buffers with room for what follows: a token is written in its place, nothing before it is copied.

transformers' own layers make new tensors for every token and for every row that leaves. Numbers are the same. Layers
that are more than a plain list of keys and values (sliding windows, states of linear attention) stay as they are.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicLayer

from lamdagent_gpu.evaluate.prefixes import tree_in_use

ROOM = 16
"""Tokens that a buffer is made longer by when it is full. Part of what makes rows reproducible to the last digit."""


class RoomyLayer(DynamicLayer):
    """`keys` and `values` [rows, heads, tokens, size] are views of buffers; empty until the first tokens come."""

    def __init__(self, keys: torch.Tensor | None = None, values: torch.Tensor | None = None) -> None:
        super().__init__()
        self.shows_room = False
        """Whether attention gets the room too, zeros, which it then has to mask."""
        if keys is not None and values is not None:
            self._hold(keys, values)

    def _hold(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        self.lazy_initialization(keys, values)
        self.keys, self.values = keys, values
        self._buffers = (keys, values)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        tree = tree_in_use()
        if tree is not None:
            key_states, value_states = tree.rows(key_states), tree.rows(value_states)
        if not self.is_initialized:
            self._hold(key_states[:, :, :0], value_states[:, :, :0])
        rows, begin = self.keys.shape[0], self.keys.shape[-2]
        end = begin + key_states.shape[-2]
        if self._buffers[0].shape[-2] < end:
            self._buffers = (with_room(self.keys, end + ROOM), with_room(self.values, end + ROOM))
        keys, values = self._buffers
        keys[:rows, :, begin:end] = key_states
        values[:rows, :, begin:end] = value_states
        self.keys, self.values = keys[:rows, :, :end], values[:rows, :, :end]
        return (keys[:rows], values[:rows]) if self.shows_room else (self.keys, self.values)

    def keep(self, count: int, gaps: torch.Tensor, fillers: torch.Tensor) -> None:
        """Keeps the first `count` rows, once the rows `fillers` have been put into the `gaps`."""
        for tensor in (self.keys, self.values):
            tensor[gaps] = tensor[fillers]
        self.keys, self.values = self.keys[:count], self.values[:count]

    def for_rows(self, rows: torch.Tensor, room: int) -> RoomyLayer:
        """Another layer of these rows, each as often as it is named, with room for so many tokens."""
        made = RoomyLayer(self.keys, self.values)
        length = self.keys.shape[-2]
        keys, values = with_room(self.keys, length + room, rows), with_room(self.values, length + room, rows)
        made._buffers = (keys, values)
        made.keys, made.values = keys[:, :, :length], values[:, :, :length]
        return made


class PassingLayer(DynamicLayer):
    """For a pass of a tree that nothing follows: holds nothing."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        tree = tree_in_use()
        assert tree is not None
        return tree.rows(key_states), tree.rows(value_states)


def with_room(tensor: torch.Tensor, length: int, rows: torch.Tensor | None = None) -> torch.Tensor:
    """A longer buffer that begins with the tensor's tokens, of all rows or those named; then zeros."""
    count, heads, tokens, size = tensor.shape
    buffer = tensor.new_empty(count if rows is None else len(rows), heads, length, size)
    buffer[:, :, :tokens] = tensor if rows is None else tensor[rows]
    buffer[:, :, tokens:] = 0
    return buffer


def roomy(cache: Cache) -> Cache:
    """The cache of a first pass, made ready for the next ones."""
    cache.layers = [
        RoomyLayer(layer.keys, layer.values) if type(layer) is DynamicLayer and layer.is_initialized else layer
        for layer in cache.layers
    ]
    return cache


def empty() -> Cache:
    """For models whose layers are all plain."""
    return Cache(layer_class_to_replicate=RoomyLayer)


def passing() -> Cache:
    """As `empty`, for a pass of a tree that nothing follows."""
    return Cache(layer_class_to_replicate=PassingLayer)


def show_room(cache: Cache) -> None:
    """From now on attention gets whole buffers. Views of them have gaps, and a processor that reads far more than its
    caches hold takes several times as long for them."""
    for layer in cache.layers:
        layer.shows_room = True


def is_roomy(cache: Cache) -> bool:
    return all(isinstance(layer, RoomyLayer) for layer in cache.layers)


def keep_rows(cache: Cache, kept: list[bool], device: Any) -> torch.Tensor:
    """Drops rows; those at the end fill the gaps. The place that each row that stays had before [rows]."""
    count = sum(kept)
    gaps = [place for place in range(count) if not kept[place]]
    fillers = [place for place in range(count, len(kept)) if kept[place]]
    rows = torch.arange(count, device=device)
    to, of = torch.tensor([gaps, fillers], dtype=torch.long, device=device)
    rows[to] = of
    for layer in cache.layers:
        if isinstance(layer, RoomyLayer):
            layer.keep(count, to, of)
        else:
            layer.batch_select_indices(rows)
    return rows


def for_rows(cache: Cache, rows: torch.Tensor, room: int) -> Cache:
    """A cache of these rows, each as often as it is named, for so many tokens more; the given one stays as it is."""
    other = copy.copy(cache)
    other.layers = [layer_for_rows(layer, rows, room) for layer in cache.layers]
    return other


def layer_for_rows(layer: Any, rows: torch.Tensor, room: int) -> Any:
    if isinstance(layer, RoomyLayer):
        return layer.for_rows(rows, room)
    made = copy.deepcopy(layer)
    made.batch_select_indices(rows)
    return made
