"""The product's recipes as plain torch loops, for looking at the tiny world quickly: SFT, DPO, merging, scoring."""

from __future__ import annotations

import copy
import json
import os
import random
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch.nn.functional import log_softmax, logsigmoid
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parent.parent
SKILLS = ["number", "plural", "tool", "roman"]
GUARD = "format"
MAX_NEW_TOKENS = 48
Row = dict[str, Any]
torch.set_num_threads(1)

tokenizer: PreTrainedTokenizerFast = AutoTokenizer.from_pretrained(ROOT / "model")


def load_base() -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(ROOT / "model", dtype=torch.float32)


def read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf8").splitlines()]


def encode(question: str, answer: str) -> tuple[list[int], list[int]]:
    """Token ids of the chat, and labels that count only the answer with its end token."""
    prompt = tokenizer.encode(f"<u>{question}<a>", add_special_tokens=False)
    reply = tokenizer.encode(f"{answer}<e>", add_special_tokens=False)
    return prompt + reply, [-100] * len(prompt) + reply


def padded(rows: list[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """ids, labels, mask: each [batch, longest]."""
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([r + [0] * (longest - len(r)) for r, _ in rows])
    labels = torch.tensor([r + [-100] * (longest - len(r)) for _, r in rows])
    mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r, _ in rows])
    return ids, labels, mask


def optimise(model: torch.nn.Module, steps: int, lr: float, batches: Any, loss_of: Any) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.0)
    warmup = 8
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(1.0, s / warmup) if s < warmup else max(0.0, (steps - s) / (steps - warmup))
    )
    model.train()
    for _ in range(steps):
        loss_of(next(batches)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()


def cycle(rows: list[Any], batch: int, seed: int) -> Any:
    rng = random.Random(seed)
    while True:
        order = rng.sample(rows, len(rows))
        for start in range(0, len(order) - batch + 1, batch):
            yield order[start : start + batch]


def sft(model: torch.nn.Module, names: list[str], *, lr: float, steps: int = 60, seed: int = 1) -> torch.nn.Module:
    rows = [row["messages"] for name in names for row in read(ROOT / "data" / f"{name}.jsonl")]
    encoded = [encode(m[0]["content"], m[1]["content"]) for m in rows]
    model = copy.deepcopy(model)

    def loss_of(batch: list[tuple[list[int], list[int]]]) -> torch.Tensor:
        ids, labels, mask = padded(batch)
        return model(input_ids=ids, attention_mask=mask, labels=labels).loss

    optimise(model, steps, lr, cycle(encoded, 16, seed), loss_of)
    return model


def answer_logps(model: torch.nn.Module, batch: list[tuple[list[int], list[int]]]) -> torch.Tensor:
    """Sum of the answer tokens' log-probabilities, [batch]."""
    ids, labels, mask = padded(batch)
    logits = log_softmax(model(input_ids=ids, attention_mask=mask).logits[:, :-1].float(), -1)
    targets = labels[:, 1:]
    picked = logits.gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return (picked * (targets != -100)).sum(-1)


def dpo(
    model: torch.nn.Module, *, lr: float, steps: int = 30, beta: float = 0.1, sft_weight: float = 0.0, seed: int = 1
) -> torch.nn.Module:
    rows = read(ROOT / "data" / "terse.jsonl")
    pairs = [
        tuple(encode(r["prompt"][0]["content"], r[side][0]["content"]) for side in ("chosen", "rejected")) for r in rows
    ]
    reference = copy.deepcopy(model).eval()
    model = copy.deepcopy(model)

    def loss_of(batch: Any) -> torch.Tensor:
        both = [c for c, _ in batch] + [r for _, r in batch]
        n = len(batch)
        with torch.no_grad():
            ref = answer_logps(reference, both)
        now = answer_logps(model, both)
        margin = (now - ref)[:n] - (now - ref)[n:]
        tokens = sum(sum(label != -100 for label in c[1]) for c, _ in batch)
        return -logsigmoid(beta * margin).mean() - sft_weight * now[:n].sum() / tokens

    optimise(model, steps, lr, cycle(pairs, 8, seed), loss_of)
    return model


def merge(models: list[torch.nn.Module], method: str, *, lam: float = 1.0, density: float = 0.5) -> torch.nn.Module:
    base = load_base()
    states = [m.state_dict() for m in models]
    merged = {}
    for name, origin in base.state_dict().items():
        deltas = torch.stack([s[name] - origin for s in states])
        if method == "linear":
            merged[name] = origin + deltas.mean(0)
        elif method == "taskArithmetic":
            merged[name] = origin + lam * deltas.sum(0)
        else:
            merged[name] = origin + lam * ties(deltas, density)
    base.load_state_dict(merged)
    return base


def ties(deltas: torch.Tensor, density: float) -> torch.Tensor:
    flat = deltas.flatten(1)
    keep = max(1, int(density * flat.shape[1]))
    threshold = flat.abs().topk(keep, dim=1).values[:, -1:]
    trimmed = torch.where(flat.abs() >= threshold, flat, 0.0)
    sign = torch.where(trimmed.sum(0) >= 0, 1.0, -1.0)
    agree = (trimmed * sign) > 0
    return ((trimmed * agree).sum(0) / agree.sum(0).clamp(min=1)).reshape(deltas.shape[1:])


@torch.no_grad()
def score(model: torch.nn.Module, split: str = "search") -> dict[str, float]:
    """Exact match in percent by skill, greedy decoding."""
    model.eval()
    result = {}
    for name in [*SKILLS, GUARD]:
        items = read(ROOT / "benchmarks" / name / f"{split}.jsonl")
        prompts = [f"<u>{item['messages'][0]['content']}<a>" for item in items]
        batch = tokenizer(prompts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False)
        batch.pop("token_type_ids", None)
        out = model.generate(**batch, max_new_tokens=MAX_NEW_TOKENS, do_sample=False)
        texts = tokenizer.batch_decode(out[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)
        hits = [text.strip() in item["answers"] for text, item in zip(texts, items, strict=True)]
        result[name] = 100 * sum(hits) / len(hits)
    result["mean"] = sum(result[s] for s in SKILLS) / len(SKILLS)
    return result
