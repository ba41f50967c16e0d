"""The device of a worker: one for the whole life of the process. No torch here; `device_probe.py` asks it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lamdagent_gpu.environment import child_environment

KINDS = ("cuda", "mps", "cpu")
DEVICES = ("auto", *KINDS)
GB = 1e9
UUID_CHARACTERS = 12
"""Shown of a UUID: `GPU-8f3a1c2e`."""


class NoDevice(RuntimeError):
    """What was asked for is not there; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Device:
    """`reason`: why this one, and why none before it. What is not known is empty or None."""

    kind: str
    reason: str = ""
    name: str = ""
    memory_bytes: int | None = None
    capability: str = ""
    """CUDA's compute capability, such as 9.0."""
    uuid: str = ""
    """CUDA's: `GPU-…`, or `MIG-…` of a part of one."""
    visible: int = 1
    """Devices of the kind that the process could use."""

    def __str__(self) -> str:
        """`cpu`, or `cuda: NVIDIA H100 80GB HBM3, 85.0 GB, compute 9.0, GPU-8f3a1c2e`."""
        facts = [self.name] if self.name else []
        if self.memory_bytes is not None:
            facts.append(f"{self.memory_bytes / GB:.1f} GB")
        if self.capability:
            facts.append(f"compute {self.capability}")
        if self.uuid:
            facts.append(self.uuid[:UUID_CHARACTERS])
        return f"{self.kind}: {', '.join(facts)}" if facts else self.kind

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """What the training process needs in its environment.

        It sees one CUDA device: a trainer that sees several would spread each micro-batch over them. MPS falls back to the
        CPU for operations that it lacks.
        """
        if self.kind == "mps":
            return {"PYTORCH_ENABLE_MPS_FALLBACK": environment.get("PYTORCH_ENABLE_MPS_FALLBACK", "1")}
        if self.kind == "cuda" and self.visible > 1:
            return {"CUDA_VISIBLE_DEVICES": environment.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()}
        return {}


def detect(wanted: str) -> Device:
    """Raises NoDevice when what was wanted is not there. The CPU always is, so nobody is asked."""
    if wanted == "cpu":
        return Device(kind="cpu", reason="as asked")
    answer = subprocess.run(
        [sys.executable, "-m", "lamdagent_gpu.device_probe", wanted],
        capture_output=True,
        text=True,
        env=child_environment(os.environ, store=""),
    )
    if answer.returncode != 0:
        raise NoDevice((answer.stderr.strip().splitlines() or ["device: expected an answer of torch, got none"])[-1])
    facts: dict[str, Any] = json.loads(answer.stdout.strip().splitlines()[-1])
    return Device(**facts)
