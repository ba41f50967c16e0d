"""Replay against forgetting: the base model's own answers to questions on topics that the guard does not have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from question import Question

LONGEST_TOKENS = 40
BATCH = 32
FIRST_SENTENCE = re.compile(r"^.{20,}?[.!?](?=\s|$)", re.DOTALL)


def answered_by(folder: Path, questions: list[Question]) -> list[Question]:
    """The questions with the first sentence that the model says, greedily, where that is an answer by the guard's pattern."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder, padding_side="left")
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    texts: list[str] = []
    for begin in range(0, len(questions), BATCH):
        chats = [[{"role": "user", "content": one.text}] for one in questions[begin : begin + BATCH]]
        prompts = tokenizer.apply_chat_template(
            chats, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
        )
        written = model.generate(**prompts, max_new_tokens=LONGEST_TOKENS, do_sample=False)
        texts += tokenizer.batch_decode(written[:, prompts["input_ids"].shape[1] :], skip_special_tokens=True)
    found = [FIRST_SENTENCE.match(text.strip()) for text in texts]
    return [
        Question(text=one.text, answer=match.group(), group=one.group)
        for one, match in zip(questions, found, strict=True)
        if match is not None and re.fullmatch(one.answer, match.group(), re.DOTALL)
    ]
