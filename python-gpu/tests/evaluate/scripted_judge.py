"""A local OpenAI-compatible endpoint that does as a script says; judges are tested over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class ScriptedJudge:
    base_url: str
    seen: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of the requests, in order."""
    keys: list[str] = field(default_factory=list)
    """Their Authorization headers."""

    @property
    def prompts(self) -> list[str]:
        return [body["messages"][0]["content"] for body in self.seen]


Script = Callable[[str, int, str], Reply]
"""(prompt, the request's number from 0, its Authorization header) -> what is answered."""


def completion(content: str) -> Reply:
    usage = {"prompt_tokens": 10, "completion_tokens": 3}
    message = {"role": "assistant", "content": content}
    return Reply(body=json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}))


def rated(rating: Any, explanation: str = "because") -> Reply:
    return completion(json.dumps({"explanation": explanation, "rating": rating}))


@contextmanager
def scripted_judge(script: Script) -> Iterator[ScriptedJudge]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key = self.headers.get("Authorization", "")
            judge.seen.append(body)
            judge.keys.append(key)
            reply = script(body["messages"][0]["content"], len(judge.seen) - 1, key)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    judge = ScriptedJudge(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield judge
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
