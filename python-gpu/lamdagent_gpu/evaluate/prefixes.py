"""Contexts as a tree: what several of them begin with is one path, and each of its tokens is run once.

The layers that work on single tokens (nine tenths of the arithmetic, and more) see the nodes of the tree in one row,
without padding. Attention sees rows again: what a token's node gave is handed to each row that goes through it. As in
RadixAttention (arXiv 2312.07104), for one batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, kw_only=True)
class Tree:
    tokens: torch.Tensor
    """[nodes]: every node's token, parents before their children."""
    depths: torch.Tensor
    """[nodes]: how many tokens stand before it."""
    node_of: torch.Tensor
    """[rows, longest]: the node of each place of each row, left-padded (with the first node)."""
    place_of: torch.Tensor
    """[nodes]: a place of the flattened rows where the node stands."""
    mask: torch.Tensor
    """[rows, longest]: 1 where a row has a token."""

    @property
    def ends(self) -> torch.Tensor:
        """[rows]: the node of each row's last token."""
        return self.node_of[:, -1]

    def rows(self, states: torch.Tensor) -> torch.Tensor:
        """[1, heads, nodes, size] -> [rows, heads, longest, size]."""
        _, heads, _, size = states.shape
        spread = states[0].transpose(0, 1).index_select(0, self.node_of.flatten())
        return spread.view(*self.node_of.shape, heads, size).transpose(1, 2)

    def nodes(self, states: torch.Tensor) -> torch.Tensor:
        """[rows, longest, heads, size] -> [1, nodes, heads, size]."""
        return states.flatten(0, 1).index_select(0, self.place_of).unsqueeze(0)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Within it the caches and the attention of `attention.py` take one row of nodes for these rows."""
        token = _tree.set(self)
        try:
            yield
        finally:
            _tree.reset(token)


_tree: ContextVar[Tree | None] = ContextVar("tree", default=None)


def tree_in_use() -> Tree | None:
    return _tree.get()


def tree_of(contexts: Sequence[list[int]], device: Any) -> Tree:
    """Of contexts of at least one token each."""
    longest = max(map(len, contexts))
    found: dict[tuple[int, int], int] = {}
    """(parent, token) -> node; the parent of a first token is -1."""
    depths: list[int] = []
    places: list[int] = []
    node_of: list[list[int]] = []
    for row, context in enumerate(contexts):
        path: list[int] = []
        parent, begin = -1, row * longest + longest - len(context)
        for depth, token in enumerate(context):
            node = found.setdefault((parent, token), len(found))
            if node == len(depths):
                depths.append(depth)
                places.append(begin + depth)
            path.append(node)
            parent = node
        node_of.append([0] * (longest - len(context)) + path)
    return Tree(
        tokens=torch.tensor([token for _, token in found], device=device),
        depths=torch.tensor(depths, device=device),
        node_of=torch.tensor(node_of, device=device),
        place_of=torch.tensor(places, device=device),
        mask=left_mask(contexts, device),
    )


def left_mask(contexts: Sequence[list[int]], device: Any) -> torch.Tensor:
    """[rows, longest]: 1 where a left-padded row has a token."""
    longest = max(map(len, contexts))
    return torch.tensor([[0] * (longest - len(one)) + [1] * len(one) for one in contexts], device=device)
