"""The warm child process and its pipes: jobs go in as JSON lines, events come out as JSON lines."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import deque
from typing import Any

from lamdagent_gpu.telemetry import child_line

LOG_LINES = 40
LINE_LIMIT = 1 << 24


class ChildDied(RuntimeError):
    """The child process ended in the middle of a job; the message holds its last lines."""

    def __init__(self, message: str, *, from_outside: bool) -> None:
        super().__init__(message)
        self.from_outside = from_outside
        """Ended by SIGKILL or SIGTERM: by a person, the machine's end, or the system for lack of memory."""


class Child:
    """A process with imports done, in a group of its own."""

    def __init__(self, process: asyncio.subprocess.Process, events: asyncio.StreamReader) -> None:
        self.process = process
        self.events = events
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._drain = asyncio.create_task(self._read_log())

    @classmethod
    async def start(cls, arguments: list[str], environment: dict[str, str]) -> Child:
        read_end, write_end = os.pipe()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lamdagent_gpu.child", str(write_end), *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            pass_fds=[write_end], start_new_session=True, env=environment, limit=1 << 20,
        )  # fmt: skip
        os.close(write_end)
        events = asyncio.StreamReader(limit=LINE_LIMIT)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(events), os.fdopen(read_end, "rb")
        )
        return cls(process, events)

    @property
    def lives(self) -> bool:
        return self.process.returncode is None

    async def _read_log(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            text = line.decode("utf8", "replace").rstrip()
            self.log.append(text)
            print(child_line(text, os.environ), file=sys.stderr, flush=True)

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self.process.stdin.write(json.dumps(message).encode() + b"\n")

    async def next_event(self) -> dict[str, Any]:
        """Raises ChildDied when the child is gone."""
        line = await self.events.readline()
        if not line:
            code = await self.process.wait()
            await asyncio.wait([self._drain], timeout=2)
            raise ChildDied(
                f"the training process ended with {how(code)}. Its last lines:\n" + "\n".join(self.log),
                from_outside=code in (-signal.SIGKILL, -signal.SIGTERM),
            )
        event: dict[str, Any] = json.loads(line)
        return event

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


def how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
