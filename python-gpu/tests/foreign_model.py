"""`python tests/foreign_model.py llama|qwen2 FOLDER`: a random tiny model as somebody else would bring it.

A byte-level BPE tokenizer of its own, a chat template without generation marks, an embedding table that is larger than
the tokenizer. The Llama comes in bfloat16 and several files, the Qwen2 with tied embeddings and in float32.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
INSTRUCTIONS = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}[INST] {{ message['content'] }} [/INST]"
    "{% else %} {{ message['content'] }}{{ eos_token }}{% endif %}{% endfor %}"
)
TEXT = (
    "plural of cat is cats, plural of box is boxes, plural of city is cities, plural of leaf is leaves",
    "user assistant system [INST] say it in capitals, please [/INST] CATS BOXES CITIES LEAVES",
)
SHAPE: dict[str, Any] = {
    "vocab_size": 384,
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.1,
}


def save_tokenizer(folder: Path, *, special: list[str], bos: str | None, eos: str, template: str) -> Any:
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(TEXT, vocab_size=340, special_tokens=special)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, bos_token=bos, eos_token=eos)
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return tokenizer


def save_llama(folder: Path) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = save_tokenizer(folder, special=["<s>", "</s>"], bos="<s>", eos="</s>", template=INSTRUCTIONS)
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    model = LlamaForCausalLM(LlamaConfig(**SHAPE, **ends, tie_word_embeddings=False))
    model.to(torch.bfloat16).save_pretrained(folder, max_shard_size="60KB")


def save_qwen2(folder: Path) -> None:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = save_tokenizer(folder, special=special, bos=None, eos="<|im_end|>", template=CHATML)
    model = Qwen2ForCausalLM(Qwen2Config(**SHAPE, eos_token_id=tokenizer.eos_token_id, tie_word_embeddings=True))
    model.save_pretrained(folder)


def main(kind: str, folder: str) -> None:
    torch.manual_seed(0)
    {"llama": save_llama, "qwen2": save_qwen2}[kind](Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
