"""A real S3-compatible server on loopback, in a process of its own: the one that the tests of both languages share."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SERVER = Path(__file__).resolve().parents[2] / "test" / "s3_server.py"


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """Yields its endpoint. It keeps everything in memory, and handles one request at a time, as moto alone does not."""
    process = subprocess.Popen(
        [sys.executable, str(SERVER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        if not port.isdecimal():
            raise RuntimeError(f"S3 server: expected the port it listens on, got {port!r}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()
