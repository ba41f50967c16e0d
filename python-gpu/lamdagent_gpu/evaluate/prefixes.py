"""Contexts, and what may follow each, as a tree: what several begin with is one path, each of whose tokens is run once.

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
    branch_of: torch.Tensor
    """[rows, longest]: 0 for a context's tokens, 1, 2, … for those of its branches, -1 for padding."""
    begins: list[int]
    """[rows]: a row's first place among the flattened rows; the context stands first, then branch after branch."""

    @property
    def mask(self) -> torch.Tensor:
        """[rows, longest]: 1 where a row has a token."""
        return (self.branch_of >= 0).long()

    @property
    def ends(self) -> torch.Tensor:
        """[rows]: the node of each row's last token."""
        return self.node_of[:, -1]

    def sees(self, before: torch.Tensor | None = None) -> torch.Tensor:
        """[rows, 1, longest, slots]: whether a place attends to a slot. It does to its row's context and its own branch as
        far as itself, and to what the cache already holds, where `before` [rows, slots of the cache] is 1."""
        own = self.branch_of
        order = torch.arange(own.shape[-1], device=own.device)
        along = (own == 0)[:, None, :] | (own[:, :, None] == own[:, None, :])
        seen = along & (own >= 0)[:, None, :] & (order <= order[:, None])
        if before is not None:
            seen = torch.cat([before.bool()[:, None, :].expand(-1, len(order), -1), seen], dim=-1)
        return seen[:, None]

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


def tree_of(contexts: Sequence[list[int]], device: Any, branches: Sequence[Sequence[list[int]]] | None = None) -> Tree:
    """Of contexts of at least one token each, and the branches that each of them has, if any."""
    parts = [[context, *(branches[row] if branches else [])] for row, context in enumerate(contexts)]
    sizes = [sum(map(len, some)) for some in parts]
    longest = max(sizes)
    found: dict[tuple[int, int], int] = {}
    """(parent, token) -> node; the parent of a first token is -1."""
    depths: list[int] = []
    places: list[int] = []
    begins = [(row + 1) * longest - size for row, size in enumerate(sizes)]
    node_of: list[list[int]] = []
    branch_of: list[list[int]] = []
    for some, size, begin in zip(parts, sizes, begins, strict=True):
        nodes, numbers = [0] * (longest - size), [-1] * (longest - size)
        stem, place = -1, begin
        for number, part in enumerate(some):
            parent, depth = stem, len(some[0]) if number > 0 else 0
            for token in part:
                node = found.setdefault((parent, token), len(found))
                if node == len(depths):
                    depths.append(depth)
                    places.append(place)
                nodes.append(node)
                parent, depth, place = node, depth + 1, place + 1
            numbers += [number] * len(part)
            stem = parent if number == 0 else stem
        node_of.append(nodes)
        branch_of.append(numbers)
    return Tree(
        tokens=torch.tensor([token for _, token in found], device=device),
        depths=torch.tensor(depths, device=device),
        node_of=torch.tensor(node_of, device=device),
        place_of=torch.tensor(places, device=device),
        branch_of=torch.tensor(branch_of, device=device),
        begins=begins,
    )


def left_mask(contexts: Sequence[list[int]], device: Any) -> torch.Tensor:
    """[rows, longest]: 1 where a left-padded row has a token."""
    longest = max(map(len, contexts))
    return torch.tensor([[0] * (longest - len(one)) + [1] * len(one) for one in contexts], device=device)
