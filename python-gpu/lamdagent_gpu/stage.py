"""Stage ids: the SHA-256 of a stage's RFC 8785 canonical JSON, checked again before any work is done."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import rfc8785

from lamdagent_gpu.contract.messages import Stage

STAGE_ID = re.compile(r"[0-9a-f]{64}")


class InvalidJob(ValueError):
    """A job that breaks the contract: a bug or a foreign sender. Never worth a retry."""


def stage_id_of(stage: dict[str, Any]) -> str:
    """The id of a stage given as plain JSON."""
    return hashlib.sha256(rfc8785.dumps(stage)).hexdigest()


def check_stage_id(stage: Stage, stage_id: str) -> None:
    """Raises InvalidJob unless `stage_id` is the stage's own id."""
    actual = stage_id_of(stage.model_dump())
    if actual != stage_id:
        raise InvalidJob(
            f"stage id: expected {actual} (SHA-256 of the stage), got {stage_id}. Send the stage unchanged."
        )


def check_id(stage_id: str) -> str:
    """Raises InvalidJob unless the text is an id; ids become paths, so nothing else may pass."""
    if not STAGE_ID.fullmatch(stage_id):
        raise InvalidJob(f"stage id: expected 64 hexadecimal digits, got {stage_id!r}")
    return stage_id
