"""Model folders made by others: whatever could run their makers' code is refused before a library reads it.

`trust_remote_code` is off and weights are safetensors wherever models are loaded; this check says so in words, holds
if a library's default changes, and covers what has no switch. The import (`activities/spec/modelFolder.ts`) refuses the
same; a store that others write to may hold what was never imported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lamdagent_gpu.context import Rejected

CODE = (".py", ".pyc", ".so", ".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib")
"""Python, and formats that may hold pickles."""
CODE_KEYS = ("auto_map", "custom_pipelines", "custom_generate", "trust_remote_code")
KERNEL_KEY = re.compile(r"_?(attn|experts)_implementation(_internal)?|kernel_config|use_kernels")
PLAIN_IMPLEMENTATION = re.compile(r"[a-z0-9_]+")
"""A name of the library's own, such as sdpa; `owner/kernel` is code that would be fetched and run."""


def check_model_folder(folder: Path) -> None:
    """Raises Rejected for a folder with code, pickles, or a configuration that names code."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in CODE:
            raise Rejected(
                f"model: expected weights as safetensors and no code, got {path.relative_to(folder)}, which could run "
                "what its maker wants. Convert the weights (save_pretrained writes safetensors) and leave the rest out."
            )
    for path in [folder / "config.json", *sorted(folder.glob("*_config.json"))]:
        for key, value in _entries(_json(path)):
            if fault := _fault(key, value):
                raise Rejected(f"model: {path.name}: expected {fault}. Remove the key if the model works without it.")


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Rejected(f"model: {path.name}: expected JSON, got {error}") from None


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """All keys at any depth, with their values."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from _entries(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _entries(inner)


def _fault(key: str, value: Any) -> str | None:
    """What was expected, and what the key has instead."""
    if key in CODE_KEYS and value:
        return f"no {key}, which names Python code to run; got {json.dumps(value)[:120]}"
    if KERNEL_KEY.fullmatch(key) and value and not _is_plain(value):
        return f"{key} to be one of the library's own, got {json.dumps(value)[:120]}, which names code to fetch"
    return None


def _is_plain(value: Any) -> bool:
    names = list(value.values()) if isinstance(value, dict) else [value]
    return all(name is None or (isinstance(name, str) and PLAIN_IMPLEMENTATION.fullmatch(name)) for name in names)
