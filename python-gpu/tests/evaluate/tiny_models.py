"""Random tiny models of several architectures: grouped queries, sliding windows, learned positions, linear attention."""

from __future__ import annotations

from typing import Any

import torch

SHAPE: dict[str, Any] = {
    "vocab_size": 50, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 96, "initializer_range": 0.3, "eos_token_id": 3,
    "pad_token_id": 0,
}  # fmt: skip
WINDOW = 8


def llama(**own: Any) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(**SHAPE, **own))


def qwen2() -> Any:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    return Qwen2ForCausalLM(Qwen2Config(**SHAPE, tie_word_embeddings=True))


def mistral() -> Any:
    from transformers import MistralConfig, MistralForCausalLM

    return MistralForCausalLM(MistralConfig(**SHAPE, head_dim=8, sliding_window=WINDOW))


def gemma2() -> Any:
    from transformers import Gemma2Config, Gemma2ForCausalLM

    own: dict[str, Any] = {"head_dim": 8, "sliding_window": WINDOW, "query_pre_attn_scalar": 8}
    return Gemma2ForCausalLM(Gemma2Config(**SHAPE, **own, tie_word_embeddings=False))


def gpt2() -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=50, n_embd=32, n_layer=2, n_head=4, n_positions=96, initializer_range=0.3, eos_token_id=3,
            pad_token_id=0,
        )
    )  # fmt: skip


def qwen3() -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(Qwen3Config(**SHAPE, head_dim=16, tie_word_embeddings=True))


def mixtral() -> Any:
    from transformers import MixtralConfig, MixtralForCausalLM

    return MixtralForCausalLM(MixtralConfig(**SHAPE, num_local_experts=3, sliding_window=None))


def gpt_neox() -> Any:
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    own = {key: value for key, value in SHAPE.items() if key != "num_key_value_heads"}
    return GPTNeoXForCausalLM(GPTNeoXConfig(**own))


MODELS = {
    "llama": llama, "qwen2": qwen2, "mistral": mistral, "gemma2": gemma2, "gpt2": gpt2, "qwen3": qwen3,
    "mixtral": mixtral, "gpt_neox": gpt_neox,
}  # fmt: skip
PLAIN = sorted(MODELS.keys() - {"mistral", "gemma2"})
"""Those without windows."""


def tiny_model(name: str, dtype: torch.dtype = torch.float32) -> Any:
    torch.manual_seed(5)
    return MODELS[name]().to(dtype).eval()
