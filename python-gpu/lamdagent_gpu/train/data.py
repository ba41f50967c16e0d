"""From rows to token ids: the loss falls on the answers only, and each answer ends once."""

from __future__ import annotations

import logging
import re
from typing import Any

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.train.encoding import Encoding, Example, encoded_data
from lamdagent_gpu.train.rows import Row, check_messages, check_text, keys_of

log = logging.getLogger("lamdagent.data")
IGNORED = -100
MARKED = re.compile(r"\{%-?\s*generation\b")


def encode_sft(row: Row, tokenizer: Any) -> tuple[list[int], list[int]]:
    """(input ids, labels) of one row, both [tokens]; labels are -100 where there is no loss.

    `messages`: loss on every assistant turn where the chat template marks them, else on the last one.
    `prompt`/`completion`: loss on the completion and its end token. `text`: loss on everything.
    """
    if "messages" in row:
        return encode_messages(row["messages"], tokenizer)
    if "prompt" in row and "completion" in row:
        return encode_completion(row["prompt"], row["completion"], tokenizer)
    if "text" in row:
        ids = ended(tokenizer(check_text(row["text"], "text"))["input_ids"], tokenizer)
        return ids, list(ids)
    raise Rejected(f"{row['_where']}: expected messages, prompt and completion, or text, got {keys_of(row)}")


def encode_messages(messages: Any, tokenizer: Any) -> tuple[list[int], list[int]]:
    check_messages(messages, "messages")
    if not MARKED.search(tokenizer.chat_template or ""):
        return split_at(chat_ids(messages[:-1], tokenizer, prompt=True), chat_ids(messages, tokenizer))
    encoded = tokenizer.apply_chat_template(
        messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    ids = list(encoded["input_ids"])
    return ids, [one if keep else IGNORED for one, keep in zip(ids, encoded["assistant_masks"], strict=True)]


def encode_completion(prompt: Any, completion: Any, tokenizer: Any) -> tuple[list[int], list[int]]:
    if isinstance(prompt, list):
        turns = check_messages(completion, "completion")
        return split_at(
            chat_ids(check_messages(prompt, "prompt"), tokenizer, prompt=True), chat_ids([*prompt, *turns], tokenizer)
        )
    text = check_text(prompt, "prompt") + check_text(completion, "completion")
    return split_at(tokenizer(prompt)["input_ids"], ended(tokenizer(text)["input_ids"], tokenizer))


def encode_preference(row: Row, tokenizer: Any) -> dict[str, list[int]]:
    """The ids of a prompt and of both answers, as TRL's preference collator wants them."""
    missing = [name for name in ("prompt", "chosen", "rejected") if not row.get(name)]
    if missing:
        raise Rejected(f"{row['_where']}: expected prompt, chosen and rejected, got no {' and no '.join(missing)}")
    prompt = row["prompt"]
    if isinstance(prompt, list):
        head = chat_ids(check_messages(prompt, "prompt"), tokenizer, prompt=True)
        chosen, rejected = (
            chat_ids([*prompt, *check_messages(row[name], name)], tokenizer) for name in ("chosen", "rejected")
        )
    else:
        head = tokenizer(check_text(prompt, "prompt"))["input_ids"]
        chosen, rejected = (
            ended(tokenizer(prompt + check_text(row[name], name))["input_ids"], tokenizer)
            for name in ("chosen", "rejected")
        )
    start = min(common_prefix(head, chosen), common_prefix(head, rejected))
    return {"prompt_ids": head[:start], "chosen_ids": chosen[start:], "rejected_ids": rejected[start:]}


def chat_ids(messages: list[dict[str, Any]], tokenizer: Any, *, prompt: bool = False) -> list[int]:
    if not messages:
        return []
    encoded = tokenizer.apply_chat_template(messages, tokenize=True, return_dict=True, add_generation_prompt=prompt)
    return list(encoded["input_ids"])


def split_at(head: list[int], ids: list[int]) -> tuple[list[int], list[int]]:
    """Loss from where the whole leaves its prompt; tokens that merge across the border count as the answer's."""
    start = common_prefix(ids, head)
    return ids, [IGNORED] * start + ids[start:]


def ended(ids: list[int], tokenizer: Any) -> list[int]:
    """The ids with exactly one end token, whether text or tokenizer has put one there already, or two, or none."""
    end = len(ids)
    while end > 0 and ids[end - 1] == tokenizer.eos_token_id:
        end -= 1
    return [*ids[:end], tokenizer.eos_token_id]


def common_prefix(left: list[int], right: list[int]) -> int:
    return next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))


SFT_ROWS = Encoding(name="sft", version=1, encode=lambda row, tokenizer: [labelled_ids(row, tokenizer)])
PREFERENCE_ROWS = Encoding(
    name="preference", version=1, encode=lambda row, tokenizer: [encode_preference(row, tokenizer)]
)


def labelled_ids(row: Row, tokenizer: Any) -> dict[str, list[int]]:
    ids, labels = encode_sft(row, tokenizer)
    return {"input_ids": ids, "labels": labels}


def sft_examples(context: JobContext, tokenizer: Any, *, whole: bool = False) -> list[Example]:
    """All rows encoded and, unless `whole`, cut to `maxLength` tokens; rows left without any loss are dropped.

    Both with a warning.
    """
    limit = context.parameters["maxLength"]
    longest = None if whole else limit
    examples = []
    cut = endless = 0
    encoded = encoded_data(context, tokenizer, SFT_ROWS)
    for one in encoded:
        labels = one["labels"]
        cut += longest is not None and len(labels) > longest
        if any(label != IGNORED for label in labels[1:longest]):
            examples.append({**one, "input_ids": one["input_ids"][:longest], "labels": labels[:longest]})
            endless += tokenizer.eos_token_id not in labels
    if endless:
        log.warning(
            "chat template: %d of %d answers hold no end token (%s), so the model does not learn to stop there. "
            "Put it between the template's generation marks.", endless, len(encoded), tokenizer.eos_token,
        )  # fmt: skip
    return checked(examples, len(encoded), cut, limit)


def preference_examples(context: JobContext, tokenizer: Any) -> list[Example]:
    """All pairs encoded; TRL's collator cuts the answers, pairs whose prompt fills `maxLength` alone are dropped."""
    limit = context.parameters["maxLength"]
    pairs = encoded_data(context, tokenizer, PREFERENCE_ROWS)
    examples = [pair for pair in pairs if len(pair["prompt_ids"]) < limit]
    return checked(examples, len(pairs), sum(length_of(pair) > limit for pair in pairs), limit)


def length_of(pair: Example) -> int:
    """Of the prompt with the longer answer."""
    return len(pair["prompt_ids"]) + max(len(pair["chosen_ids"]), len(pair["rejected_ids"]))


def checked(examples: list[Example], rows: int, cut: int, limit: int) -> list[Example]:
    dropped = rows - len(examples)
    if cut or dropped:
        log.warning("maxLength %d: cut %d rows, dropped %d without an answer left, of %d", limit, cut, dropped, rows)
    if not examples:
        raise Rejected(f"training data: expected rows with an answer within {limit} tokens, got none")
    return examples


def check_vocabulary(examples: list[Example], model: Any) -> None:
    """A tokenizer with more tokens than the model has embeddings ends in an index error, on CUDA in a dead process."""
    size = model.get_input_embeddings().weight.shape[0]
    ids = (token for example in examples for name, row in example.items() if name.endswith("_ids") for token in row)
    largest = max(ids)
    if largest >= size:
        raise Rejected(
            f"tokenizer: expected token ids below the model's {size} embeddings, got {largest}. "
            "Use the tokenizer the model was made with, or resize the model."
        )
