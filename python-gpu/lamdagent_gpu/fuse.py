"""Ends this process at a set time, whatever hangs in it: an event loop, a thread, or code that holds the GIL."""

from __future__ import annotations

import faulthandler
import logging
import os
import threading

log = logging.getLogger("lamdagent.fuse")
LATE = 1
"""Exit code of a process that its fuse ended."""
_nowhere = open(os.devnull, "w")  # noqa: SIM115 (faulthandler writes to it at the very end)
_timer: threading.Timer | None = None


def light(seconds: float, why: str) -> None:
    """In `seconds` the process logs `why` and ends with code 1. Lighting it again replaces the earlier time."""
    global _timer
    put_out()
    _timer = threading.Timer(seconds, _burn, [why])
    _timer.daemon = True
    _timer.start()
    # A watchdog in C, for when no Python code can run any more; a tenth later, so that there usually is a log line.
    faulthandler.dump_traceback_later(seconds * 1.1, exit=True, file=_nowhere)


def put_out() -> None:
    if _timer is not None:
        _timer.cancel()
    faulthandler.cancel_dump_traceback_later()


def _burn(why: str) -> None:
    log.error("%s", why)
    os._exit(LATE)
