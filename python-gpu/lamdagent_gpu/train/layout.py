"""How the rows of a batch lie in memory: padded to one width, or one after another where the device's attention can tell
them apart by their lengths."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import torch

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.train.attention import VARLEN
from lamdagent_gpu.train.data import IGNORED
from lamdagent_gpu.train.device import gets
from lamdagent_gpu.train.packing import positions, size

log = logging.getLogger("lamdagent.layout")
Collate = Callable[[list[dict[str, Any]]], dict[str, Any]]
PROBE = 8
"""Tokens of each of the rows that `separates` lays beside each other."""
STRIDES = ((1, 3), (2, 7), (0, 5))
"""First token and step of the probes' rows: any that differ."""
SAME = 1e-3
"""How much of the largest logit rounding may change where the same kernel does the same work."""
ALIKE = 0.1
"""How much of it another kernel may change, in bfloat16."""


def layout(model: Any, pad_id: int, *, packed: bool, by_rows: bool) -> Collate | None:
    """What makes batches of `input_ids`, `labels` and, of packed rows, their `lengths`; None: TRL's own padding.

    Sets the attention of the model where rows are laid out without padding: `by_rows`, and the model takes it.

    Raises:
        Rejected: `packed`, and the model lets packed rows see each other.
    """
    if by_rows and takes_rows(model):
        return flattened
    if not packed:
        return None
    if model.device.type == "cuda":
        log.warning("packing: no attention by rows for this training; a mask of tokens x tokens is slower")
    if not separates(model, padded_packs(pad_id)):
        raise Rejected(
            "packing: expected a model whose packed rows do not see each other, got one whose do. Use packing: none."
        )
    return padded_packs(pad_id)


def takes_rows(model: Any) -> bool:
    """Whether the model computes rows one after another as it does alone; if so its attention is set to do that."""
    before = model.config._attn_implementation
    expected = row_alone(model)
    try:
        fault = "attention dropout" if getattr(model.config, "attention_dropout", 0) else None
        model.set_attn_implementation(VARLEN)
        if fault is None and model.config._attn_implementation != VARLEN:
            fault = "an attention of the model's own"
        if fault is None and not separates(model, flattened, expected):
            fault = "other logits than those of rows alone"
    except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
        fault = f"{type(error).__name__}: {error}"
    if fault is None:
        return True
    model.set_attn_implementation(before)
    log.warning("attention by rows: expected a model that takes it, got %s; rows are padded instead", fault)
    return False


def separates(model: Any, collate: Collate, expected: torch.Tensor | None = None) -> bool:
    """Whether a row is computed the same whatever stands before it, and about as `expected`, its logits alone.

    State-space and linear attention layers, say, carry their state on from row to row.
    """
    first, other, row = probes(model)
    one, two = (logits_of(model, collate, [before, row])[-PROBE:] for before in (first, other))
    largest = one.abs().max()
    same = bool((one - two).abs().max() <= SAME * largest)
    return same and (expected is None or bool((one - expected).abs().max() <= ALIKE * largest))


def row_alone(model: Any) -> torch.Tensor:
    """Logits of the row that `separates` looks at, [tokens, vocabulary]."""
    row = probes(model)[2]
    return logits_of(model, lambda _: {"input_ids": torch.tensor([row])}, [row])


def probes(model: Any) -> list[list[int]]:
    count = model.get_input_embeddings().weight.shape[0]
    return [[(start + step * place) % count for place in range(PROBE)] for start, step in STRIDES]


@torch.no_grad()
def logits_of(model: Any, collate: Collate, rows: Sequence[list[int]]) -> torch.Tensor:
    """Of the rows side by side, as a training's forward pass computes them: [tokens, vocabulary]."""
    ids = [token for row in rows for token in row]
    batch = collate([{"input_ids": ids, "labels": ids, "lengths": [len(row) for row in rows]}])
    kind = model.device.type
    given = {
        name: value.to(model.device) if isinstance(value, torch.Tensor) else value
        for name, value in batch.items()
        if name != "labels"
    }
    with torch.autocast(kind, dtype=torch.bfloat16, enabled=gets(kind).bfloat16):
        logits: torch.Tensor = model(**given, use_cache=False).logits
    return logits[0].float()


def padded_packs(pad_id: int) -> Collate:
    """Batches of [sequences, longest]. Positions begin at 0 with each row, and padding has none but 0.

    There is no attention mask: without one transformers makes one that keeps apart what such positions tell apart.
    """

    def collate(examples: list[dict[str, Any]]) -> dict[str, Any]:
        longest = max(map(size, examples))

        def padded(rows: list[list[int]], value: int) -> torch.Tensor:
            return torch.tensor([row + [value] * (longest - len(row)) for row in rows])

        return {
            "input_ids": padded([example["input_ids"] for example in examples], pad_id),
            "labels": padded([example["labels"] for example in examples], IGNORED),
            "position_ids": padded([positions(example["lengths"]) for example in examples], 0),
        }

    return collate


def flattened(examples: list[dict[str, Any]]) -> dict[str, Any]:
    """Batches of [1, tokens], with the rows' bounds as transformers names them for attention by rows.

    The first token of a row has no loss: what stands before it belongs to another row.
    """
    lengths = [length for example in examples for length in lengths_of(example)]
    bounds = torch.tensor([0, *lengths]).cumsum(0, dtype=torch.int32)
    labels = torch.tensor([label for example in examples for label in example["labels"]])
    labels[bounds[:-1].long()] = IGNORED
    longest = max(lengths)
    return {
        "input_ids": torch.tensor([[token for example in examples for token in example["input_ids"]]]),
        "labels": labels.unsqueeze(0),
        "position_ids": torch.tensor([positions(lengths)]),
        "cu_seq_lens_q": bounds,
        "cu_seq_lens_k": bounds,
        "max_length_q": longest,
        "max_length_k": longest,
    }


def lengths_of(example: dict[str, Any]) -> list[int]:
    """Of the rows in it: one, unless it is packed."""
    found: list[int] = example.get("lengths") or [size(example)]
    return found
