"""Rows of answers that are good or bad: as they are, or the two halves of a pair."""

from __future__ import annotations

from typing import Any

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.train.data import IGNORED, checked, encode_completion, encode_preference
from lamdagent_gpu.train.encoding import Encoding, encoded_data
from lamdagent_gpu.train.rows import Row, keys_of

Labelled = dict[str, Any]
"""prompt_ids and completion_ids, [tokens] each, and the label: whether the answer is good."""


def encode_labelled(row: Row, tokenizer: Any) -> list[Labelled]:
    if "chosen" in row or "rejected" in row:
        pair = encode_preference(row, tokenizer)
        return [
            {"prompt_ids": pair["prompt_ids"], "completion_ids": pair[f"{half}_ids"], "label": half == "chosen"}
            for half in ("chosen", "rejected")
        ]
    if not isinstance(row.get("label"), bool) or "prompt" not in row or "completion" not in row:
        raise Rejected(f"{row['_where']}: expected prompt, completion and label true or false, got {keys_of(row)}")
    ids, labels = encode_completion(row["prompt"], row["completion"], tokenizer)
    start = next((place for place, label in enumerate(labels) if label != IGNORED), len(ids))
    return [{"prompt_ids": ids[:start], "completion_ids": ids[start:], "label": row["label"]}]


LABELLED_ROWS = Encoding(
    name="labelled",
    version=1,
    encode=lambda row, tokenizer: [{**one, "label": [int(one["label"])]} for one in encode_labelled(row, tokenizer)],
)


def labelled_examples(context: JobContext, tokenizer: Any) -> list[Labelled]:
    """All answers encoded; TRL's collator cuts them, those whose prompt fills `maxLength` alone are dropped."""
    limit = context.parameters["maxLength"]
    found = [{**one, "label": one["label"] == [1]} for one in encoded_data(context, tokenizer, LABELLED_ROWS)]
    kept = [one for one in found if len(one["prompt_ids"]) < limit and one["completion_ids"]]
    cut = sum(len(one["prompt_ids"]) + len(one["completion_ids"]) > limit for one in found)
    return checked(kept, len(found), cut, limit)
