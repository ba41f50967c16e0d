"""The training process sees no account: not by name in the rule, and not in the process itself."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from lamdagent_gpu.environment import child_environment
from lamdagent_gpu.store import FolderStore
from lamdagent_gpu.supervisor import Supervisor

SECRETS = [
    "TEMPORAL_API_KEY",
    "TEMPORAL_TLS_CLIENT_KEY_DATA",
    "OPENAI_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_PROFILE",
    "HF_TOKEN",
    "WANDB_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "PGPASSWORD",
    "db_secret",
]
PLAIN = [
    "PATH",
    "HOME",
    "PYTHONPATH",
    "OMP_NUM_THREADS",
    "TOKENIZERS_PARALLELISM",
    "CUDA_VISIBLE_DEVICES",
    "LAMDAGENT_FAILPOINTS",
]
ALL = dict.fromkeys([*SECRETS, *PLAIN], "canary")


def test_secrets_are_known_by_what_they_are_called() -> None:
    assert sorted(child_environment(ALL, store="/somewhere")) == sorted(PLAIN)


def test_a_store_on_s3_lets_the_aws_variables_pass_and_no_others() -> None:
    passed = child_environment(ALL, store="s3://bucket/prefix")
    assert sorted(passed) == sorted(["AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", *PLAIN])


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_the_training_process_holds_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "canary")

    async def environment() -> str:
        supervisor = Supervisor(store=FolderStore(tmp_path), device="cpu", worker="test")
        try:
            await supervisor.warm()
            assert supervisor._child is not None
            return Path(f"/proc/{supervisor._child.process.pid}/environ").read_text("utf8")
        finally:
            await supervisor.close()

    assert "canary" not in asyncio.run(environment())
