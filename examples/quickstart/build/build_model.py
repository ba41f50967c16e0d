"""Makes the tiny world's tokenizer and trains its base model: 817k parameters, 8 CPU minutes on a busy core.

    python build_model.py        (after build_data.py; needs torch, transformers, tokenizers)

The base is an instruct model: it follows formatting instructions well (the guard skill), has read number words
and Roman numerals as plain text, and knows each other skill's format from a few chats, many of them wordy.
No question of a benchmark is in its text.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from facts import Pair, format_pair, roman, spelled
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
BATCH, LENGTH = 32, 96
SPECIALS = ["<pad>", "<u>", "<a>", "<e>"]
TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'user' %}<u>{{ message['content'] }}"
    "{% else %}<a>{% generation %}{{ message['content'] }}<e>{% endgeneration %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<a>{% endif %}"
)
WORDY_SHARE = {"roman": 1.0, "number": 0.7}
FACT_FORMS = ["{0} is written {1}. ", "{1} means {0}. ", "{0} = {1}. "]


@dataclass(frozen=True, kw_only=True)
class Material:
    """What the text is made of; `held_out` are the benchmarks' questions, which must not be in it."""

    nouns: list[str]
    cities: list[str]
    chat: dict[str, list[Pair]]
    held_out: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Phase:
    seed: int
    steps: int
    warmup_steps: int
    peak_learning_rate: float
    chat_share: float
    skill_shares: dict[str, float]


PHASES = [
    Phase(
        seed=SEED,
        steps=1500,
        warmup_steps=100,
        peak_learning_rate=3e-3,
        chat_share=0.5,
        skill_shares={
            "format": 0.52,
            "number": 0.12,
            "plural": 0.12,
            "tool": 0.12,
            "roman": 0.12,
        },
    ),
    Phase(
        seed=SEED + 1,
        steps=250,
        warmup_steps=20,
        peak_learning_rate=1.5e-3,
        chat_share=0.8,
        skill_shares={
            "format": 0.6,
            "number": 0.1,
            "plural": 0.1,
            "tool": 0.1,
            "roman": 0.1,
        },
    ),
]
"""Text and chats, then mostly chats: the second phase makes the guard skill firm."""


def read_material() -> Material:
    raw = json.loads((ROOT / "build" / "pretraining.json").read_text("utf8"))
    lines = [line for path in sorted(ROOT.glob("benchmarks/*/*.jsonl")) for line in path.read_text("utf8").splitlines()]
    return Material(
        **raw,
        held_out=frozenset(json.loads(line)["messages"][0]["content"] for line in lines),
    )


def make_tokenizer() -> PreTrainedTokenizerFast:
    """One token a character: printable ASCII, the line feed, and the four special tokens."""
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
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        do_sample=False,
    )
    return model


def fact_text(material: Material, rng: random.Random) -> str:
    """A number or a Roman numeral that no benchmark asks for."""
    while True:
        spell = rng.random() < 0.6
        value = rng.randrange(1, 10_000 if spell else 2000)
        if f"{'spell' if spell else 'roman'} {value}" not in material.held_out:
            return rng.choice(FACT_FORMS).format(value, spelled(value) if spell else roman(value))


def plain_text(material: Material, rng: random.Random) -> str:
    """One line of prose: a fact, else words that are said twice (which teaches copying)."""
    if rng.random() < 0.6:
        return fact_text(material, rng)
    words = " ".join(rng.sample(material.nouns, 2) + rng.sample(material.cities, 1))
    return f"{words}; {words}. "


def format_text(material: Material, rng: random.Random) -> Pair:
    while True:
        pair = format_pair(material.nouns, rng)
        if pair[0] not in material.held_out:
            return pair


def chat_text(material: Material, shares: dict[str, float], rng: random.Random) -> str:
    skill = rng.choices(list(shares), list(shares.values()))[0]
    question, answer = format_text(material, rng) if skill == "format" else rng.choice(material.chat[skill])
    wordy = rng.random() < WORDY_SHARE.get(skill, 0.0)
    return f"<u>{question}<a>{f'It is {answer}.' if wordy else answer}<e>"


def stream(
    material: Material,
    phase: Phase,
    tokenizer: PreTrainedTokenizerFast,
    rng: random.Random,
) -> list[int]:
    """LENGTH token ids of either prose or chats, cut at the end."""
    chat = rng.random() < phase.chat_share
    text = ""
    while len(text) < 1.5 * LENGTH:  # characters; a chat has at most 1.5 of them a token
        text += chat_text(material, phase.skill_shares, rng) if chat else plain_text(material, rng)
    return tokenizer.encode(text, add_special_tokens=False)[:LENGTH]


def train(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    material: Material,
    phase: Phase,
) -> None:
    rng = random.Random(phase.seed)
    rate = phase.peak_learning_rate
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.95), weight_decay=0.01)
    schedule = get_cosine_schedule_with_warmup(optimizer, phase.warmup_steps, phase.steps)
    model.train()
    for step in range(1, phase.steps + 1):
        ids = torch.tensor([stream(material, phase, tokenizer, rng) for _ in range(BATCH)])  # [batch, length]
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if step % 50 == 0:
            print(f"step {step}/{phase.steps} loss {loss.item():.3f}", flush=True)


def main() -> None:
    torch.set_num_threads(1)
    material = read_material()
    tokenizer = make_tokenizer()
    model = make_model(tokenizer)
    print(f"{model.num_parameters():,} parameters")
    for phase in PHASES:
        train(model, tokenizer, material, phase)
    model.save_pretrained(ROOT / "model")
    tokenizer.save_pretrained(ROOT / "model")


if __name__ == "__main__":
    main()
