"""Why this worker ends, and until when: signals, a lost parent and preemption notices all come together here."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from lamdagent_gpu import fuse

LONGEST_SECONDS = 120.0
"""No provider of spot machines gives more before the machine goes; a longer wait would only hide a hang."""
HAND_BACK_SECONDS = 5.0
"""Kept of the time left, at most a third of it, to close the attempt and to tell the server."""
LAST_SECONDS = 1.0
"""Kept of the time left, at most a tenth of it, to end the process whatever hangs in it."""
Result = TypeVar("Result")


class Stopped(RuntimeError):
    """The worker was asked to stop before the awaited thing was there."""


class Stopping:
    """Not asked yet, or asked with a reason and a deadline on time.monotonic(). The first reason and the earliest
    deadline count. A second before the deadline the process ends by itself.
    """

    def __init__(self, light_fuse: Callable[[float, str], None] = fuse.light) -> None:
        self.reason: str | None = None
        self.deadline = float("inf")
        self.on_change: Callable[[], None] = lambda: None
        """Called in the event loop whenever the reason or the deadline changed."""
        self._asked_at = 0.0
        self._light_fuse = light_fuse
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._lock = threading.Lock()

    def ask(self, reason: str, seconds: float) -> None:
        """From any thread: stop within `seconds`. A later, more generous wish changes nothing."""
        now = time.monotonic()
        left = min(seconds, LONGEST_SECONDS)
        with self._lock:
            if now + left >= self.deadline:
                return
            if self.reason is None:
                self.reason, self._asked_at = reason, now
            self.deadline = now + left
            self._light_fuse(
                left - min(LAST_SECONDS, left / 10),
                f"{self.reason}; not handed back in time, ending now: the last checkpoint stands",
            )
        with contextlib.suppress(RuntimeError):  # the loop is closed: the worker has ended
            self._loop.call_soon_threadsafe(self._tell)

    @property
    def job_seconds(self) -> float:
        """How long after the first wish a job may take to stop."""
        left = self.deadline - self._asked_at
        return left - min(HAND_BACK_SECONDS, left / 3)

    async def wait(self) -> None:
        await self._event.wait()

    async def unless_asked(self, work: Awaitable[Result]) -> Result:
        """The result of `work`. Raises Stopped when asked to stop first; `work` is cancelled then."""
        task = asyncio.ensure_future(work)
        asked = asyncio.ensure_future(self.wait())
        try:
            await asyncio.wait([task, asked], return_when=asyncio.FIRST_COMPLETED)
            if self._event.is_set():
                raise Stopped(self.reason)
            return task.result()
        finally:
            task.cancel()
            asked.cancel()

    def _tell(self) -> None:
        self.on_change()
        self._event.set()
