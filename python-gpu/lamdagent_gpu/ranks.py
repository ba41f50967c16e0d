"""The processes of a worker with several devices: the child is rank 0; the others train what it trains, and say nothing.

They live as long as the child does. When one of them ends, it ends the child, so that none waits for another.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

SHORT_OF_MEMORY = 77
"""Exit code of a rank whose part of a batch did not fit its device."""
PATIENCE = timedelta(hours=2)
"""How long a rank waits for another, which may be writing: one that is gone ends all by `OtherRanks`, not by time."""
LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which of the processes this one is."""

    rank: int
    ranks: int
    device: str
    port: int
    """Of this machine, where they find each other."""
    shard: str
    """As `JobContext` has it."""

    def environment(self) -> dict[str, str]:
        """What accelerate reads; talk between the processes stays on this machine."""
        return {
            "RANK": str(self.rank),
            "LOCAL_RANK": str(self.rank),
            "WORLD_SIZE": str(self.ranks),
            "LOCAL_WORLD_SIZE": str(self.ranks),
            "GLOO_SOCKET_IFNAME": LOOPBACK,
            "NCCL_SOCKET_IFNAME": LOOPBACK,
        }

    def join(self) -> None:
        """Takes its device, and returns when all others are there. Raises RuntimeError where there are fewer devices."""
        import torch

        if self.device == "cuda":
            if torch.cuda.device_count() < self.ranks:
                raise RuntimeError(f"devices: expected {self.ranks} of cuda, got {torch.cuda.device_count()}")
            torch.cuda.set_device(self.rank)
        torch.distributed.init_process_group(
            "nccl" if self.device == "cuda" else "gloo",
            init_method=f"tcp://127.0.0.1:{self.port}", rank=self.rank, world_size=self.ranks, timeout=PATIENCE,
        )  # fmt: skip


def free_port() -> int:
    """One that was free a moment ago: should it be taken, the child ends and its next one asks again."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class OtherRanks:
    """The processes beside rank 0, from rank 0's sight. `on_shortage`: called when one of them is short of memory."""

    def __init__(
        self, arguments: list[str], ranks: int, device: str, shard: str, on_shortage: Callable[[], None]
    ) -> None:
        self.place = Place(rank=0, ranks=ranks, device=device, port=free_port(), shard=shard)
        self._on_shortage = on_shortage
        self._processes = [self._start(rank, arguments) for rank in range(1, ranks)]
        os.environ.update(self.place.environment())

    def _start(self, rank: int, arguments: list[str]) -> subprocess.Popen[str]:
        place = replace(self.place, rank=rank)
        process = subprocess.Popen(
            [sys.executable, "-m", "lamdagent_gpu.rank", json.dumps(asdict(place)), *arguments],
            stdin=subprocess.PIPE, text=True, env={**os.environ, **place.environment()},
        )  # fmt: skip
        threading.Thread(target=self._watch, args=(rank, process), daemon=True).start()
        return process

    def send(self, message: dict[str, Any]) -> None:
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()

    def _watch(self, rank: int, process: subprocess.Popen[str]) -> None:
        code = process.wait()
        if code == SHORT_OF_MEMORY:
            self._on_shortage()
            return
        print(f"rank {rank} ended with code {code}; ending all ranks", flush=True)
        if code < 0:
            os.kill(os.getpid(), signal.Signals(-code))
        os._exit(1)
