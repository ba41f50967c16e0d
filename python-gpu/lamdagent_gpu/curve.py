"""The curve of a training as a record of the store by stage id: it stays when the model is collected."""

from __future__ import annotations

import json
from typing import Any

from lamdagent_gpu.contract.messages import TrainingCurve
from lamdagent_gpu.stage import check_id
from lamdagent_gpu.store import Store


def key_of(stage_id: str) -> str:
    return f"curves/{check_id(stage_id)}.json"


def record(store: Store, curve: dict[str, Any]) -> None:
    """A training that is done again has the newer record."""
    TrainingCurve.model_validate(curve)
    store.replace(key_of(curve["stageId"]), json.dumps(curve, allow_nan=False, separators=(",", ":")))
