"""Whether token ids mean the same in every model: averaging rows of embeddings makes no sense otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.files import sha256_of
from lamdagent_gpu.merge.checks import read_json

OTHER_FILES = ("tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
"""Compared as bytes where there is no tokenizer.json."""


def check_vocabularies(names: Sequence[str], folders: Sequence[Path]) -> None:
    """Raises Rejected, naming the first token that differs. Flags of tokens (stripping, special) may differ."""
    first = vocabulary(names[0], folders[0])
    for name, folder in zip(names[1:], folders[1:], strict=True):
        other = vocabulary(name, folder)
        if other != first:
            raise Rejected(
                f"tokenizer.json: expected the vocabulary of {names[0]}, got another in {name}: "
                f"{first_difference(first, other)}"
            )


def vocabulary(name: str, folder: Path) -> Mapping[object, object]:
    """Token -> id, added tokens included; without tokenizer.json: file -> SHA-256."""
    if not (folder / "tokenizer.json").is_file():
        found: dict[object, object] = {
            file: sha256_of(folder / file) for file in OTHER_FILES if (folder / file).is_file()
        }
        if not found:
            raise Rejected(f"tokenizer.json: expected a tokenizer in every model, got none in {name}")
        return found
    tokenizer = read_json(name, folder / "tokenizer.json")
    try:
        listed = tokenizer["model"]["vocab"]  # a mapping, or for Unigram a list of [token, score] by id
        tokens = dict(listed) if isinstance(listed, dict) else {token: i for i, (token, _) in enumerate(listed)}
        return {**tokens, **{token["content"]: token["id"] for token in tokenizer.get("added_tokens") or []}}
    except (KeyError, TypeError, ValueError) as error:
        raise Rejected(
            f"tokenizer.json: expected model.vocab and added_tokens, got a fault in {name}: {error!r}"
        ) from None


def first_difference(first: Mapping[object, object], other: Mapping[object, object]) -> str:
    token = min((token for token in {*first, *other} if first.get(token) != other.get(token)), key=str)
    return f"{token!r} is {first.get(token, 'absent')} there and {other.get(token, 'absent')} here"
