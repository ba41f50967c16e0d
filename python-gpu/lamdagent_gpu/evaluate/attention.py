"""PyTorch's scaled dot product attention, for rows that share tokens, and quicker for one token a row on a CPU.

It stands in transformers' table of attentions, for models that are only read, whose layers attend to all that came
before (no windows, no states) and that are made for such tables. Masks are [rows, 1, tokens, slots] and made here once,
not in every pass.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface, DynamicCache
from transformers.cache_utils import DynamicLayer
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from lamdagent_gpu.evaluate.prefixes import tree_in_use

NAME = "lamdagent"


def attend(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: torch.Tensor | None,
    scaling: float | None = None, **settings: Any,
) -> tuple[torch.Tensor, None]:  # fmt: skip
    """query: [rows, heads, tokens, size]; key, value: [rows, key heads, slots, size]. Gives [rows, tokens, heads, size].

    While a tree is in use, `query` has one row of nodes, and so has what is given back. The mask may have more slots.
    """
    if attention_mask is not None:
        attention_mask = attention_mask[..., : key.shape[2]]
    tree = tree_in_use()
    if tree is not None:
        found, _ = sdpa_attention_forward(
            module, tree.rows(query), key, value, attention_mask, scaling=scaling, **settings
        )
        return tree.nodes(found), None
    if query.shape[2] == 1 and query.device.type == "cpu" and settings.get("position_bias") is None:
        return attend_from_one(query, key, value, attention_mask, scaling), None
    plain: tuple[torch.Tensor, None] = sdpa_attention_forward(
        module, query, key, value, attention_mask, scaling=scaling, **settings
    )
    return plain


def attend_from_one(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, scaling: float | None
) -> torch.Tensor:
    """Two products of matrices: PyTorch's kernel is made for many tokens a row. Heads that share keys go together."""
    rows, heads, _, size = query.shape
    groups = query.reshape(rows, key.shape[1], -1, size) * (size**-0.5 if scaling is None else scaling)
    scores = torch.matmul(groups, key.transpose(2, 3))
    if mask is not None:
        scores = scores.masked_fill_(~mask, float("-inf")) if mask.dtype == torch.bool else scores.add_(mask)
    weights = torch.softmax(scores, dim=-1)
    return torch.matmul(weights, value).view(rows, 1, heads, -1)


def use(model: Any) -> Any:
    """The model with this attention, where it can have it; otherwise it is left alone."""
    config = model.config
    plain = config._attn_implementation == "sdpa" and getattr(model, "_supports_attention_backend", False)
    if plain and all(type(layer) is DynamicLayer for layer in DynamicCache(config=config).layers):
        model.set_attn_implementation(NAME)
    return model


def is_used(model: Any) -> bool:
    return bool(model.config._attn_implementation == NAME)


def added(seen: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Of the same shape: 0 where `seen` is True, else minus infinity; kernels would make it of `seen` in every layer."""
    return torch.zeros_like(seen, dtype=dtype).masked_fill_(~seen, float("-inf"))


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
