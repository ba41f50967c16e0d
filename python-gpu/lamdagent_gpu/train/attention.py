"""Attention over rows that lie one after another in one sequence: no padding, and no mask of tokens x tokens.

torch's kernel takes where each row begins (FlashAttention-2, Dao 2023, arXiv 2307.08691). transformers calls it by the
name `VARLEN`; it makes no mask for a name that has none registered, and hands on the rows' bounds that the collator of
`layout.py` puts beside the token ids.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from transformers import AttentionInterface

VARLEN = "lamdagent_varlen"


def varlen_forward(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: torch.Tensor | None,
    *, scaling: float | None = None, dropout: float = 0.0, sliding_window: int | None = None,
    cu_seq_lens_q: torch.Tensor | None = None, max_length_q: int | None = None, **others: Any,
) -> tuple[torch.Tensor, None]:  # fmt: skip
    """Of a batch of one: query [1, heads, tokens, size], key and value with as many heads or a divisor of them.

    `cu_seq_lens_q`: where each row begins, and the end of the last one, int32 [rows + 1]; `max_length_q`: tokens of the
    longest row. Returns [1, tokens, heads, size].

    Raises:
        ValueError: the kernel cannot do what the model asks for.
    """
    asked = {"softcap": others.get("softcap"), "sinks": others.get("s_aux"), "bias": others.get("position_bias")}
    refused = [name for name, value in asked.items() if value is not None] + ["dropout"] * (dropout > 0)
    if refused or attention_mask is not None or cu_seq_lens_q is None or max_length_q is None:
        raise ValueError(
            f"attention by rows: expected rows' bounds, no mask and nothing else, got {refused or 'others'}"
        )
    dtype = torch.get_autocast_dtype(query.device.type) if torch.is_autocast_enabled(query.device.type) else value.dtype
    queries, keys, values = (one[0].transpose(0, 1).to(dtype) for one in (query, key, value))
    out = kernel(queries, keys, values, cu_seq_lens_q, max_length_q, scale=scaling, window=sliding_window)
    return out.unsqueeze(0), None


def kernel(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bounds: torch.Tensor, longest: int,
    *, scale: float | None, window: int | None,
) -> torch.Tensor:  # fmt: skip
    """torch's, causal; [tokens, heads, size] of all. `window`: tokens that a token sees, itself included; None: all."""
    from torch.nn.attention.varlen import varlen_attn

    known = inspect.signature(varlen_attn).parameters
    named: dict[str, Any] = {"scale": scale} if "scale" in known else {}
    if "window_size" in known:
        named["window_size"] = (-1 if window is None else window - 1, 0)
    elif window is None:
        named["is_causal"] = True
    else:
        raise ValueError("attention by rows: expected a torch with windows, got one without. Use torch 2.11 or newer.")
    if scale is not None and "scale" not in known:
        query = query * (scale * query.shape[-1] ** 0.5)
    groups = query.shape[1] // key.shape[1]
    if "enable_gqa" in known:
        named["enable_gqa"] = groups > 1
    elif groups > 1:
        key, value = (one.repeat_interleave(groups, dim=1) for one in (key, value))
    out = varlen_attn(query, key, value, bounds, bounds, longest, longest, **named)
    return out if isinstance(out, torch.Tensor) else out[0]


AttentionInterface.register(VARLEN, varlen_forward)
