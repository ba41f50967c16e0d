"""A loopback HTTP proxy in front of a server that fails as networks do, by a seed."""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

KINDS = ("500", "503", "reset", "truncated", "answer lost")


class FaultyProxy:
    """Faults: an error status; a connection reset before the request went on; a body cut short; a request that was
    carried out but whose answer never came. A context manager."""

    def __init__(self, target: str, *, seed: int, rate: float) -> None:
        self.target = urlsplit(target)
        self.rate = rate
        self.counts: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                proxy.forward(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FaultyProxy:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def draw(self) -> str | None:
        with self._lock:
            if self._random.random() >= self.rate:
                return None
            kind = self._random.choice(KINDS)
            self.counts[kind] += 1
            return kind

    def forward(self, client: BaseHTTPRequestHandler) -> None:
        body = read_body(client)
        fault = self.draw()
        if fault == "reset":
            return reset(client)
        if fault in ("500", "503"):
            return answer(client, int(fault), {}, b"<Error><Code>SlowDown</Code></Error>")
        status, headers, content = self._ask(client, body)
        if fault == "answer lost":
            return reset(client)
        cut = fault == "truncated" and len(content) > 1
        answer(client, status, headers, content, sent=len(content) // 2 if cut else None)
        return None

    def _ask(self, client: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.target.hostname or "", self.target.port, timeout=30)
        skipped = ("transfer-encoding", "content-length", "connection", "expect")
        headers = {name: value for name, value in client.headers.items() if name.lower() not in skipped}
        connection.request(client.command, client.path, body=body, headers=headers)
        reply = connection.getresponse()
        content = reply.read()
        kept = {
            name: value for name, value in reply.getheaders() if name.lower() not in ("transfer-encoding", "connection")
        }
        connection.close()
        return reply.status, kept, content


def read_body(client: BaseHTTPRequestHandler) -> bytes:
    """Plain or chunked; the server behind gets it plain."""
    if client.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return client.rfile.read(int(client.headers.get("Content-Length") or 0))
    parts = []
    while size := int(client.rfile.readline().split(b";")[0], 16):
        parts.append(client.rfile.read(size))
        client.rfile.readline()
    while client.rfile.readline().strip():
        pass
    return b"".join(parts)


def answer(
    client: BaseHTTPRequestHandler, status: int, headers: dict[str, str], content: bytes, sent: int | None = None
) -> None:
    """`sent`: how many bytes really go out before the connection ends."""
    client.send_response_only(status)
    for name, value in headers.items():
        if name.lower() != "content-length" or client.command == "HEAD":
            client.send_header(name, value)
    if client.command != "HEAD":
        client.send_header("Content-Length", str(len(content)))
    client.end_headers()
    client.wfile.write(content if sent is None else content[:sent])
    client.wfile.flush()
    if sent is not None:
        reset(client)


def reset(client: BaseHTTPRequestHandler) -> None:
    time.sleep(0.01)
    client.close_connection = True
    client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    client.connection.close()
