"""What a GPU worker imports is compiled when it is installed: a start without bytecode takes three times as long."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "name", ["torch", "transformers.trainer", "trl.trainer.dpo_trainer", "sympy", "optuna.samplers"]
)
def test_its_bytecode_is_there(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    compiled = Path(importlib.util.cache_from_source(spec.origin))
    assert compiled.is_file(), f"{compiled}: expected it since the setup, got none; run npm run setup"
