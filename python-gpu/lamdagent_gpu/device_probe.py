"""Chooses where to compute, and says why. Run as a process of its own, since the worker itself does without torch:

python -m lamdagent_gpu.device_probe auto
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import Any

import torch

from lamdagent_gpu.device import KINDS, Device


def choose(wanted: str) -> Device:
    """The wanted kind, or with `auto` the first that is there: CUDA (ROCm counts as it), MPS, the CPU.

    Raises:
        RuntimeError: what was wanted is not there, with the reason.
    """
    reasons = {kind: why_not(kind) for kind in (KINDS if wanted == "auto" else [wanted])}
    kind = next((kind for kind, reason in reasons.items() if reason is None), None)
    if kind is None:
        raise RuntimeError(f"device: expected {wanted}, got none: {reasons[wanted]}. Use --device auto or cpu.")
    without = [f"no {other}: {reason}" for other, reason in reasons.items() if reason is not None]
    reason = "as asked" if wanted != "auto" else "; ".join(without) or "the first choice"
    return described(kind, reason)


def why_not(kind: str) -> str | None:
    """Why there is no device of the kind; None: there is one."""
    if kind == "cuda":
        return why_not_cuda()
    if kind == "mps":
        return why_not_mps()
    return None


def why_not_cuda() -> str | None:
    if torch.version.cuda is None and torch.version.hip is None:
        return "this build of torch has no CUDA"
    if torch.cuda.is_available():
        return None
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and not visible.strip():
        return "CUDA_VISIBLE_DEVICES is empty"
    try:
        torch.cuda.init()
    except (RuntimeError, AssertionError) as error:
        return (str(error).splitlines() or ["unknown"])[0].split(". ")[0].rstrip(".")
    return f"CUDA_VISIBLE_DEVICES={visible} names none" if visible else "torch sees none"


def why_not_mps() -> str | None:
    if not torch.backends.mps.is_built():
        return "this build of torch has no MPS"
    if not torch.backends.mps.is_available():
        return "macOS 14 and a Metal device are needed"
    return None


def described(kind: str, reason: str) -> Device:
    if kind == "cuda":
        facts = torch.cuda.get_device_properties(0)
        return Device(
            kind=kind,
            reason=reason,
            name=facts.name,
            memory_bytes=int(facts.total_memory),
            capability=f"{facts.major}.{facts.minor}",
            uuid=uuid_of(facts),
            visible=torch.cuda.device_count(),
        )
    if kind == "mps":
        return Device(kind=kind, reason=reason, name="Apple GPU", memory_bytes=int(torch.mps.recommended_max_memory()))
    return Device(kind=kind, reason=reason)


def uuid_of(facts: Any) -> str:
    """Of the first visible device; a MIG instance is known by the name it was made visible by."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    if first.startswith("MIG-"):
        return first
    found = str(getattr(facts, "uuid", ""))
    return f"GPU-{found}" if found else ""


def main() -> None:
    try:
        print(json.dumps(asdict(choose(sys.argv[1]))))
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
