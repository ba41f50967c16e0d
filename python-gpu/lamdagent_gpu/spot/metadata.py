"""Requests to the metadata service of a virtual machine: plain HTTP, no proxy, no redirect, every wait bounded."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

DEFAULT_ADDRESS = "169.254.169.254"
"""All three providers answer there. A name (metadata.google.internal) would need DNS in the last seconds too."""
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0
LOOK_SECONDS = 2.0
"""For the question whether it is this provider's service at all."""
LARGEST_BYTES = 1 << 18


class Unheard(RuntimeError):
    """The service gave no answer that says anything. `kind` is the same for faults that need saying only once."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""

    def provider_time(self) -> float:
        """Seconds since 1970 on the provider's clock (the Date header), else on this machine's, which may be wrong."""
        try:
            return parsedate_to_datetime(self.headers["date"]).timestamp()
        except (KeyError, ValueError, TypeError):
            return time.time()


def parse_address(text: str) -> tuple[str, int]:
    """(host, port) of `host`, `host:port` or `http://host:port`. Raises ValueError."""
    parts = urlsplit(text if "//" in text else f"//{text}")
    if parts.scheme not in ("", "http") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError(f"metadata address: expected host, host:port or http://host:port, got {text}")
    return parts.hostname, parts.port or 80


class Metadata:
    """The service at one address. Each request has a connection of its own, so that no broken one stays in use."""

    def __init__(self, address: str = DEFAULT_ADDRESS, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.host, self.port = parse_address(address)
        self.answer_seconds = answer_seconds

    def ask(
        self, path: str, headers: Mapping[str, str], *, method: str = "GET", answer_seconds: float | None = None
    ) -> Answer:
        """Any HTTP answer. Raises Unheard when there is none within `answer_seconds`, or none that is HTTP."""
        patience = answer_seconds or self.answer_seconds
        connection = HTTPConnection(self.host, self.port, timeout=CONNECT_SECONDS)
        try:
            connection.connect()
            connection.sock.settimeout(patience)
            until = time.monotonic() + patience
            connection.request(method, path, headers={**headers, "Connection": "close"})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(status=response.status, text=read_text(response, until), headers=names)
        except OSError as error:
            raise Unheard("silence", f"{self.host}:{self.port}{path}: expected an answer, got {error}") from None
        except (HTTPException, ValueError) as error:
            raise Unheard("garbled", f"{self.host}:{self.port}{path}: expected HTTP, got {error!r}") from None
        finally:
            connection.close()


def read_text(response: HTTPResponse, until: float) -> str:
    """The body; an endless or ever so slow one is a fault like silence."""
    body = b""
    while part := response.read1(4096):
        body += part
        if len(body) > LARGEST_BYTES or time.monotonic() > until:
            raise TimeoutError(f"no end after {len(body)} bytes")
    return body.decode("utf8", "replace")


def expect(answer: Answer, path: str, *statuses: int) -> Answer:
    """The answer when it has one of the statuses. Raises Unheard."""
    if answer.status in statuses:
        return answer
    wanted = " or ".join(str(status) for status in statuses)
    got = " ".join(answer.text.split())[:200]
    raise Unheard(f"HTTP {answer.status}", f"{path}: expected status {wanted}, got {answer.status} {got}".rstrip())
