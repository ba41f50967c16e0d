"""The tiny world as the landscape's scripts see it: spec, tokenizer, base model, rows."""

from __future__ import annotations

import copy
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
import yaml
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = Path(__file__).resolve().parent.parent
Row = dict[str, Any]
State = dict[str, torch.Tensor]
Encoded = tuple[list[int], list[int]]
torch.set_num_threads(1)


@cache
def spec() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "spec.yaml").read_text("utf8")))


@cache
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(ROOT / "model", local_files_only=True)


@cache
def base_model() -> Any:
    return AutoModelForCausalLM.from_pretrained(ROOT / "model", dtype=torch.float32, local_files_only=True)


def base_state() -> State:
    return {name: tensor.clone() for name, tensor in base_model().state_dict().items() if name != "lm_head.weight"}


def model_of(state: State) -> Any:
    """A model of its own with these weights; the output layer is tied to the embeddings."""
    model = copy.deepcopy(base_model())
    model.load_state_dict(state, strict=False)
    return model


def state_of(model: Any) -> State:
    return {name: tensor for name, tensor in model.state_dict().items() if name != "lm_head.weight"}


@cache
def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf8").splitlines()]


def encode(messages: list[dict[str, str]]) -> Encoded:
    """(token ids, labels) of a chat; labels are -100 outside the assistant's words and their end token."""
    encoded = tokenizer().apply_chat_template(
        messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    ids = list(encoded["input_ids"])
    return ids, [one if keep else -100 for one, keep in zip(ids, encoded["assistant_masks"], strict=True)]
