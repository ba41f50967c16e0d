"""Random models in the shapes of real ones, with a tokenizer of made-up words. No file comes from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

WORDS = 4000
"""Of the tokenizer, or as many as the model's vocabulary has room for."""
SPECIAL = ("<pad>", "<e>")

SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "tiny": (
        "qwen3",
        {
            "vocab_size": 512, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
        },
    ),
    "medium": (
        "llama",
        {
            "vocab_size": 8192, "hidden_size": 512, "intermediate_size": 1408, "num_hidden_layers": 8,
            "num_attention_heads": 8, "num_key_value_heads": 8,
        },
    ),
    "Qwen3-0.1B": (
        "qwen3",
        {
            "vocab_size": 32_768, "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 3,
            "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
        },
    ),
    "Qwen3-0.6B": (
        "qwen3",
        {
            "vocab_size": 151_936, "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28,
            "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
        },
    ),
    "Qwen3-1.7B": (
        "qwen3",
        {
            "vocab_size": 151_936, "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 28,
            "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
        },
    ),
}  # fmt: skip
"""Model type and sizes. The last two are as published; `tiny` and `medium` (0.1M and 30M weights) are for CPUs."""


def configuration(shape: str, layers: int | None = None) -> Any:
    """`layers`: fewer or more than the shape has."""
    from transformers import AutoConfig

    kind, sizes = SHAPES[shape]
    more = {} if layers is None else {"num_hidden_layers": layers}
    common = {"max_position_embeddings": 4096, "tie_word_embeddings": True, "pad_token_id": 0, "eos_token_id": 1}
    return AutoConfig.for_model(kind, **sizes, **more, **common, bos_token_id=None)


def save_model(
    folder: Path, shape: str, *, seed: int, dtype: torch.dtype, device: str, layers: int | None = None
) -> None:
    """Weights are drawn on the device, so that large ones take seconds."""
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(configuration(shape, layers), dtype=dtype)
    model.generation_config.eos_token_id = 1
    model.save_pretrained(folder)
    tokenizer(SHAPES[shape][1]["vocab_size"]).save_pretrained(folder)


def tokenizer(vocabulary: int) -> Any:
    """One token a word: w0, w1, …"""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import PreTrainedTokenizerFast

    words = [*SPECIAL, *(f"w{number}" for number in range(word_count(vocabulary)))]
    made = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, unk_token=SPECIAL[0]))
    made.pre_tokenizer = WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token=SPECIAL[0], eos_token=SPECIAL[1])


def word_count(vocabulary: int) -> int:
    return min(WORDS, vocabulary - len(SPECIAL))
