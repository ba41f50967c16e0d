"""An exported folder goes to a hub on this machine: what is uploaded, what is refused, and that it can be run again."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

TOKEN = "hf_" + "canary" * 5
REPOSITORY = "someone/a-model"


@dataclass
class Hub:
    """What a hub has of one repository, and the paths that were asked for."""

    address: str = ""
    private: bool | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    """By SHA-256."""
    asked: list[str] = field(default_factory=list)
    refuses: int | None = None
    commits: int = 0

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        path = path.split("?")[0]
        if self.refuses is not None:
            return self.refuses, {"error": "no rights to do that"}
        if path == "/api/repos/create":
            self.private = json.loads(body)["visibility"] == "private"
            return 200, {"url": f"{self.address}/{REPOSITORY}"}
        if path == "/api/validate-yaml":  # of the card
            return 200, {"errors": [], "warnings": []}
        if path.endswith("/preupload/main"):
            return 200, {"files": [mode_of(one["path"]) for one in json.loads(body)["files"]]}
        if path.endswith("/info/lfs/objects/batch"):
            return 200, {"objects": [self.wanted(one) for one in json.loads(body)["objects"]]}
        if path.startswith("/large/") and method == "PUT":
            self.large[path.removeprefix("/large/")] = body
            return 200, {}
        if path.endswith("/commit/main"):
            self.take([json.loads(line) for line in body.splitlines()])
            return 200, {
                "commitUrl": f"{self.address}/{REPOSITORY}/commit/{self.commits:040d}",
                "commitOid": f"{self.commits:040d}",
            }
        return 404, {"error": f"{method} {path}"}

    def wanted(self, one: dict[str, Any]) -> dict[str, Any]:
        if one["oid"] in self.large:
            return one
        return {**one, "actions": {"upload": {"href": f"{self.address}/large/{one['oid']}"}}}

    def take(self, operations: list[dict[str, Any]]) -> None:
        self.commits += 1
        for one in operations:
            value = one["value"]
            if one["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            if one["key"] == "lfsFile":
                self.files[value["path"]] = self.large[value["oid"]]


def mode_of(path: str) -> dict[str, Any]:
    return {"path": path, "uploadMode": "lfs" if path.endswith(".safetensors") else "regular", "shouldIgnore": False}


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            # A signed address of the large files' host carries its own rights; everything else needs the token.
            allowed = self.path.startswith("/large/") or self.headers.get("authorization") == f"Bearer {TOKEN}"
            hub.asked.append(f"{self.command} {self.path}")
            status, answer = hub.answer(self.command, self.path, body) if allowed else (401, {"error": "who are you"})
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_HEAD = respond

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield hub
    server.shutdown()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "exported"
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# a model\n")
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 64)
    (folder / "data" / "rows.jsonl").write_text('{"prompt": "a"}\n')
    return folder


def push(hub: Hub, folder: Path, *more: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "HF_ENDPOINT": hub.address, "HF_TOKEN": token, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0",
        "HF_HOME": str(folder.parent / "home"),
    }  # fmt: skip
    command = [sys.executable, "-m", "lamdagent_gpu.push", str(folder), REPOSITORY, *more]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_everything_of_the_folder_is_there_after_one_commit(hub: Hub, folder: Path) -> None:
    done = push(hub, folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == f"{hub.address}/{REPOSITORY}/commit/{1:040d}"
    there = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert hub.files == there
    assert (hub.private, hub.commits) == (True, 1)
    weights = (folder / "model.safetensors").read_bytes()
    assert list(hub.large) == [hashlib.sha256(weights).hexdigest()]


def test_a_second_push_does_not_send_the_weights_again(hub: Hub, folder: Path) -> None:
    assert push(hub, folder, "--public").returncode == 0
    assert hub.private is False
    (folder / "README.md").write_text("# another card\n")
    assert push(hub, folder).returncode == 0
    assert [one for one in hub.asked if one.startswith("PUT /large/")].__len__() == 1
    assert hub.files["README.md"] == b"# another card\n"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_one_line_that_says_what_to_do(hub: Hub, folder: Path, status: int) -> None:
    hub.refuses = status
    done = push(hub, folder)
    assert done.returncode == 1
    assert done.stderr.startswith(f"push to {REPOSITORY}: expected the hub to take it, got status {status}: ")
    assert len(done.stderr.splitlines()) == 1
    assert "HF_TOKEN" in done.stderr
    assert TOKEN not in done.stderr + done.stdout


def test_a_hub_that_does_not_answer_is_said(hub: Hub, folder: Path) -> None:
    hub.address = "http://127.0.0.1:9"
    done = push(hub, folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(f"push to {REPOSITORY}: expected an upload, got ")
