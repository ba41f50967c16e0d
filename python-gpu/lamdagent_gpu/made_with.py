"""What a model was made with: all that may change its bits beside the stage itself. A record of the store by stage id."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version

from lamdagent_gpu.checkpoint import library_versions
from lamdagent_gpu.contract.messages import MadeWith
from lamdagent_gpu.stage import check_id
from lamdagent_gpu.store import Store

ALSO = ("safetensors", "tokenizers", "datasets")
"""Libraries that read data or write models, beside those that a checkpoint depends on."""


def made_with(device: str) -> MadeWith:
    """Of this process and the training process, which has its environment.

    `device`: as attempts name it. Kind and name are kept, as in `cuda: NVIDIA H100 80GB HBM3`; the rest changes no bit.
    """
    return MadeWith(
        device=device.split(", ")[0],
        machine=platform.machine(),
        system=platform.system(),
        python=platform.python_version(),
        threads=int(os.environ.get("OMP_NUM_THREADS", "1")),
        libraries={**library_versions(), **{name: version(name) for name in ALSO}},
    )


def record(store: Store, stage_id: str, device: str) -> None:
    """A model that is made again after it was collected has the newer record."""
    store.replace(f"made/{check_id(stage_id)}.json", json.dumps(made_with(device).model_dump()))


def differences(then: MadeWith, now: MadeWith) -> list[str]:
    """E.g. `torch 2.13.0 then, 2.14.0 now`; empty where the bits should be the same."""
    before, after = _flat(then), _flat(now)
    return [
        f"{name} {before.get(name, 'none')} then, {after.get(name, 'none')} now"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _flat(made: MadeWith) -> dict[str, str]:
    facts = made.model_dump(exclude={"libraries"})
    return {**{name: str(value) for name, value in facts.items()}, **made.libraries}
