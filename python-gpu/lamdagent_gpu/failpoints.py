"""Failpoints: named places where the kill matrix ends, stops or fails this very process. Nothing unless switched on.

`LAMDAGENT_FAILPOINTS` names a folder. A point `checkpoint/before-manifest` is armed by the file
`checkpoint.before-manifest` in it, whose text is the action: `kill`, `kill-parent`, `stop` (signals), `exit` (code 3),
`enospc`, `memory`, `error` (exceptions) or `sleep SECONDS`. Who reaches the point renames the file to `….fired` first, so it
acts once.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

FOLDER = os.environ.get("LAMDAGENT_FAILPOINTS")


class Planted(RuntimeError):
    """The failure that an armed failpoint asks for."""


def reach(name: str) -> None:
    """Does what the point is armed with. Raises OSError (ENOSPC) or Planted when it asks for that."""
    if FOLDER is None:
        return
    armed = Path(FOLDER) / name.replace("/", ".")
    try:
        action = armed.read_text("utf8").strip()
        armed.rename(armed.with_name(f"{armed.name}.fired"))
    except FileNotFoundError:
        return
    armed.with_name(f"{armed.name}.fired").write_text(f"{os.getpid()} {time.time():.3f} {action}", "utf8")
    _act(name, action)


def _act(name: str, action: str) -> None:
    if action == "enospc":
        raise OSError(errno.ENOSPC, "No space left on device (planted)", name)
    if action == "memory":
        raise RuntimeError(f"DefaultCPUAllocator: not enough memory (planted at {name})")
    if action == "error":
        raise Planted(name)
    if action == "exit":
        print(f"{name}: ending with code 3 as planted", flush=True)
        os._exit(3)
    if action.startswith("sleep"):
        time.sleep(float(action.removeprefix("sleep")))
    elif action == "kill-parent":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)  # the parent's death ends this process too
    else:
        os.kill(os.getpid(), signal.SIGSTOP if action == "stop" else signal.SIGKILL)
