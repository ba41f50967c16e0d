"""Metadata services of AWS, GCP and Azure on loopback: real paths, headers, tokens and status codes.

A cloud is an object with `notice` and friends to set from a test; `FakeMetadata` serves it and plays faults.
"""

from __future__ import annotations

import json
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

Headers = Any
Reply = tuple[int, str]


class Cloud(Protocol):
    server: str
    headers: dict[str, str]

    def answer(self, method: str, path: str, headers: Headers) -> Reply: ...


@dataclass
class FakeAws:
    """IMDSv2 with tokens required, as new instances have it."""

    action: str | None = None
    rebalance: str | None = None
    server: str = "EC2ws"
    headers: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    """Each valid one with its end, on time.monotonic()."""

    def answer(self, method: str, path: str, headers: Headers) -> Reply:
        if headers["X-Forwarded-For"]:
            return 403, "Forbidden"
        if path == "/latest/api/token":
            return self._token(headers) if method == "PUT" else (405, "Not Allowed")
        if self.tokens.get(headers["X-aws-ec2-metadata-token"] or "", 0) < time.monotonic():
            return 401, "Unauthorized"
        found = {
            "/latest/meta-data/instance-id": "i-0123456789abcdef0",
            "/latest/meta-data/spot/instance-action": self.action,
            "/latest/meta-data/events/recommendations/rebalance": self.rebalance,
        }.get(path)
        return (200, found) if found is not None else (404, "<h1>404 - Not Found</h1>")

    def _token(self, headers: Headers) -> Reply:
        ttl = headers["X-aws-ec2-metadata-token-ttl-seconds"] or ""
        if not ttl.isdigit() or not 1 <= int(ttl) <= 21_600:
            return 400, "400 - Bad Request"
        token = secrets.token_urlsafe(40) + "=="
        self.tokens[token] = time.monotonic() + int(ttl)
        return 200, token


@dataclass
class FakeGcp:
    preempted: str = "FALSE"
    maintenance: str = "NONE"
    server: str = "Metadata Server for VM"
    headers: dict[str, str] = field(default_factory=lambda: {"Metadata-Flavor": "Google", "ETag": "1a2b3c4d5e6f7081"})

    def answer(self, method: str, path: str, headers: Headers) -> Reply:
        if headers["Metadata-Flavor"] != "Google" or headers["X-Forwarded-For"]:
            return 403, "Missing required header: Metadata-Flavor"
        if method != "GET":
            return 405, "Method Not Allowed"
        found = {
            "/computeMetadata/v1/instance/id": "4520031799277581759",
            "/computeMetadata/v1/instance/preempted": self.preempted,
            "/computeMetadata/v1/instance/maintenance-event": self.maintenance,
        }.get(urlsplit(path).path)
        return (200, found) if found is not None else (404, "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>")


@dataclass
class FakeAzure:
    events: list[dict[str, Any]] = field(default_factory=list)
    name: str | None = "gpu-spot_3"
    server: str = "IMDS/150.870.65.1325"
    headers: dict[str, str] = field(default_factory=dict)
    first_seconds: float = 0.0
    """How long the first request for events takes: it switches the service on."""

    def answer(self, method: str, path: str, headers: Headers) -> Reply:
        if (headers["Metadata"] or "").lower() != "true":
            return 400, '{"error":"Bad request. Required metadata header not specified"}'
        if headers["X-Forwarded-For"]:
            return 400, '{"error":"Bad request. X-Forwarded-For header is not allowed"}'
        url = urlsplit(path)
        if not parse_qs(url.query).get("api-version"):
            return 400, '{"error":"Bad request. api-version was not specified in the request"}'
        if method != "GET":
            return 405, ""
        found = {
            "/metadata/instance/compute/vmId": "02aab8a4-74ef-476e-8182-f6d2ba4166a6",
            "/metadata/instance/compute/name": self.name,
            "/metadata/scheduledevents": json.dumps({"DocumentIncarnation": len(self.events), "Events": self.events}),
        }.get(url.path)
        if url.path == "/metadata/scheduledevents":
            time.sleep(self.first_seconds)
            self.first_seconds = 0.0
        return (200, found) if found is not None else (404, '{"error":"Not found"}')

    def schedule(self, kind: str, *, seconds: float, machine: str = "gpu-spot_3", started: bool = False) -> None:
        """An event as Azure writes it; `NotBefore` is blank once it has started."""
        self.events.append(
            {
                "EventId": "C7061BAC-AFDC-4513-B24B-AA5F13A16123",
                "EventStatus": "Started" if started else "Scheduled",
                "EventType": kind,
                "ResourceType": "VirtualMachine",
                "Resources": [machine],
                "NotBefore": "" if started else formatdate(time.time() + seconds, usegmt=True),
                "Description": "",
                "EventSource": "Platform",
                "DurationInSeconds": -1,
            }
        )


def aws_action(action: str, seconds: float) -> str:
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    return json.dumps({"action": action, "time": when})


Fault = Callable[[BaseHTTPRequestHandler], None]


class FakeMetadata:
    """Serves one cloud on loopback. `fault` replaces all answers while it is set."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.fault: Fault | None = None
        self.skew_seconds = 0.0
        """How far the provider's clock is ahead."""
        self.seen: list[tuple[str, str, int]] = []
        """(method, path, status) of each request that had an answer."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake._serve(self)

            do_PUT = do_POST = do_GET

            def version_string(self) -> str:
                return fake.cloud.server

            def date_time_string(self, timestamp: float | None = None) -> str:
                return formatdate(time.time() + fake.skew_seconds, usegmt=True)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def polled(self) -> int:
        return len(self.seen)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        if self.fault is not None:
            self.seen.append((handler.command, handler.path, 0))
            self.fault(handler)
            return
        status, text = self.cloud.answer(handler.command, handler.path, handler.headers)
        self.seen.append((handler.command, handler.path, status))
        reply(handler, status, text, self.cloud.headers)


def reply(handler: BaseHTTPRequestHandler, status: int, text: str, headers: dict[str, str] | None = None) -> None:
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(text.encode())))
    handler.end_headers()
    handler.wfile.write(text.encode())


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Closes so that the client gets a connection reset instead of an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Promises more than it sends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")


FAULTS: dict[str, Fault] = {
    "500": lambda handler: reply(handler, 500, "Internal Server Error"),
    "503": lambda handler: reply(handler, 503, "busy"),
    "429": lambda handler: reply(handler, 429, "Too Many Requests"),
    "redirect": lambda handler: reply(handler, 302, "", {"Location": "http://127.0.0.1:1/"}),
    "HTML": lambda handler: reply(handler, 200, "<html><body>Log in to the network</body></html>"),
    "empty": lambda handler: reply(handler, 200, ""),
    "not HTTP": lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n") and None,
    "JSON of another kind": lambda handler: reply(handler, 200, "[1, 2]"),
    "bytes": lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe\x00garbage") and None,
    "slow": lambda handler: time.sleep(3),
    "dripping": lambda handler: drip(handler),
    "endless": lambda handler: reply(handler, 200, "x" * (1 << 19)),
    "reset": reset,
    "cut": cut,
}


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Always in time with the next byte, never done."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    for _ in range(30):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


@contextmanager
def serving(cloud: Cloud) -> Iterator[FakeMetadata]:
    fake = FakeMetadata(cloud)
    try:
        yield fake
    finally:
        fake.close()
