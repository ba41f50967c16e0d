"""Makes the tiny world's tokenizer and trains its base model (about 1M parameters, a few minutes on one core).

    python build_model.py        (after build_data.py; needs torch, transformers, tokenizers)

The base is an instruct model: it follows formatting instructions well (the guard skill), knows the
chat format, has read facts on Roman numerals as plain text, and knows few answers of the other skills.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "2")

import torch
from facts import formatted, roman
from tokenizers import Regex, Tokenizer
from tokenizers.decoders import Fuse
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from transformers import (
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    get_cosine_schedule_with_warmup,
)

ROOT = Path(__file__).resolve().parent.parent
SEED = 7
STEPS, BATCH, LENGTH, PEAK_LR, WARMUP = 1600, 32, 96, 3e-3, 100
SPECIALS = ["<pad>", "<u>", "<a>", "<e>"]
TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'user' %}<u>{{ message['content'] }}"
    "{% else %}<a>{% generation %}{{ message['content'] }}<e>{% endgeneration %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<a>{% endif %}"
)
SKILL_SHARES = {"format": 0.52, "number": 0.12, "plural": 0.12, "tool": 0.12, "roman": 0.12}


def make_tokenizer() -> PreTrainedTokenizerFast:
    """One token a character: printable ASCII and the four special tokens."""
    vocabulary = SPECIALS + [chr(code) for code in range(32, 127)] + ["\n"]
    tokenizer = Tokenizer(WordLevel({token: i for i, token in enumerate(vocabulary)}, unk_token="<pad>"))
    tokenizer.pre_tokenizer = Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = Fuse()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<e>",
        extra_special_tokens=["<u>", "<a>"],
        clean_up_tokenization_spaces=False,
        model_max_length=256,
    )
    fast.chat_template = TEMPLATE
    return fast


def make_model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    torch.manual_seed(SEED)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=352,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        initializer_range=0.05,
        dtype="float32",
    )
    model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, do_sample=False
    )
    return model


def plain_text(material: dict[str, Any], rng: random.Random) -> str:
    """One line of prose: facts on Roman numerals, else nouns that are said twice (which teaches copying)."""
    if rng.random() < 0.5:
        value = rng.randrange(1, 1000)
        form = rng.choice(["{0} is written {1}. ", "{1} means {0}. ", "the numeral {0} = {1}. "])
        return form.format(value, roman(value))
    words = " ".join(rng.sample(material["nouns"], 3))
    return f"{words}; {words}. "


def chat_text(material: dict[str, Any], rng: random.Random) -> str:
    skill = rng.choices(list(SKILL_SHARES), list(SKILL_SHARES.values()))[0]
    if skill == "format":
        question, answer = formatted(material["nouns"], rng)
    else:
        question, answer = rng.choice(material["chat"][skill])
    return f"<u>{question}<a>{'It is ' + answer + '.' if skill == 'roman' else answer}<e>"


def stream(material: dict[str, Any], tokenizer: PreTrainedTokenizerFast, rng: random.Random) -> list[int]:
    """LENGTH token ids of either prose or chats, cut at the end."""
    make = plain_text if rng.random() < 0.5 else chat_text
    ids: list[int] = []
    while len(ids) < LENGTH:
        ids += tokenizer.encode(make(material, rng), add_special_tokens=False)
    return ids[:LENGTH]


def train(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, material: dict[str, Any]) -> None:
    rng = random.Random(SEED)
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_LR, betas=(0.9, 0.95), weight_decay=0.01)
    schedule = get_cosine_schedule_with_warmup(optimizer, WARMUP, STEPS)
    model.train()
    for step in range(1, STEPS + 1):
        ids = torch.tensor([stream(material, tokenizer, rng) for _ in range(BATCH)])  # [batch, length]
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if step % 100 == 0:
            print(f"step {step}/{STEPS} loss {loss.item():.3f}", flush=True)


def main() -> None:
    torch.set_num_threads(2)
    material = json.loads((ROOT / "build" / "pretraining.json").read_text("utf8"))
    tokenizer = make_tokenizer()
    model = make_model(tokenizer)
    print(f"{model.num_parameters():,} parameters")
    train(model, tokenizer, material)
    model.save_pretrained(ROOT / "model")
    tokenizer.save_pretrained(ROOT / "model")


if __name__ == "__main__":
    main()
