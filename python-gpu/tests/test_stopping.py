"""Why and until when a worker ends, and the fuse that ends it whatever hangs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from lamdagent_gpu import stopping
from lamdagent_gpu.stopping import Stopped, Stopping
from lamdagent_gpu.worker import arguments


class Fuse:
    def __init__(self) -> None:
        self.lit: list[tuple[float, str]] = []

    def __call__(self, seconds: float, why: str) -> None:
        self.lit.append((seconds, why))


async def test_the_first_reason_and_the_earliest_deadline_count() -> None:
    fuse = Fuse()
    wish = Stopping(fuse)
    wish.ask("notice", 100)
    wish.ask("SIGTERM", 30)
    wish.ask("SIGTERM again", 30)
    assert wish.reason == "notice"
    assert wish.deadline - time.monotonic() == pytest.approx(30, abs=0.5)
    assert [seconds for seconds, _ in fuse.lit] == [pytest.approx(99), pytest.approx(29)]
    assert all(why.startswith("notice; ") for _, why in fuse.lit)


async def test_a_job_gets_the_time_left_but_for_what_handing_back_takes() -> None:
    wish = Stopping(Fuse())
    wish.ask("notice", 30)
    assert wish.job_seconds == pytest.approx(25, abs=0.5)
    await asyncio.sleep(0.2)
    wish.ask("SIGTERM", 5)
    assert wish.job_seconds == pytest.approx(5.2 * 2 / 3, abs=0.3)


async def test_no_notice_is_waited_for_longer_than_any_provider_gives() -> None:
    wish = Stopping(Fuse())
    wish.ask("Terminate", 900)
    assert wish.deadline - time.monotonic() == pytest.approx(stopping.LONGEST_SECONDS, abs=0.5)


async def test_a_wish_from_a_thread_is_heard_and_what_depends_on_it_told_first() -> None:
    wish = Stopping(Fuse())
    told: list[str | None] = []
    wish.on_change = lambda: told.append(wish.reason)
    threading.Timer(0.05, wish.ask, ["notice", 30]).start()
    await asyncio.wait_for(wish.wait(), 5)
    assert told == ["notice"]


async def test_what_is_awaited_is_given_up_when_asked_to_stop() -> None:
    wish = Stopping(Fuse())
    assert await wish.unless_asked(asyncio.sleep(0, "done")) == "done"
    asyncio.get_running_loop().call_later(0.05, wish.ask, "notice", 30)
    began = time.monotonic()
    with pytest.raises(Stopped, match="notice"):
        await wish.unless_asked(asyncio.sleep(60))
    with pytest.raises(Stopped, match="notice"):
        await wish.unless_asked(asyncio.sleep(0))
    assert time.monotonic() - began < 5


HANGS = {
    "the event loop": "import time; time.sleep(60)",
    "code that holds the GIL": "import ctypes; ctypes.PyDLL(None).sleep(60)",
    "a log nobody reads": "import sys\nwhile True: print('x' * 4096, file=sys.stderr)",
    "a thread that blocks the exit": "import threading, time\nthreading.Thread(target=time.sleep, args=[60]).start()",
}


@pytest.mark.parametrize("hang", HANGS)
def test_the_process_ends_before_its_deadline_whatever_hangs(hang: str) -> None:
    program = f"""
import asyncio, time
from lamdagent_gpu.stopping import Stopping
async def main():
    print(time.monotonic(), flush=True)
    Stopping().ask("notice", 2.0)
    exec({HANGS[hang]!r}, {{}})
asyncio.run(main())
"""
    command = [sys.executable, "-c", program]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        asked_at = float(process.stdout.readline())  # its clock is ours: monotonic is one for the machine
        assert process.wait(timeout=20) == 1
        ended_at = time.monotonic()
    finally:
        process.kill()
    heard_late = 0.5  # how late a busy machine may tell us of the end
    assert ended_at - asked_at < 2.0 + heard_late


@pytest.mark.parametrize("value", ["0", "1", "121", "x", "nan", "inf", "-5"])
def test_a_notice_of_no_use_is_refused(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        arguments(["--store", "s", f"--notice={value}"])
    assert end.value.code == 2
    assert f"expected a number of seconds from 2 to 120, got {value}" in capsys.readouterr().err


def test_an_address_that_is_none_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMDAGENT_METADATA_ADDRESS", "https://elsewhere/x")
    with pytest.raises(SystemExit):
        arguments(["--store", "s"])
    assert "metadata address: expected host, host:port or http://host:port, got https" in capsys.readouterr().err


def test_the_metadata_address_comes_from_the_option_else_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMDAGENT_METADATA_ADDRESS", "127.0.0.1:8001")
    assert arguments(["--store", "s"]).metadata_address.port == 8001
    assert arguments(["--store", "s", "--metadata-address", "127.0.0.1:8002"]).metadata_address.port == 8002
    monkeypatch.delenv("LAMDAGENT_METADATA_ADDRESS")
    assert arguments(["--store", "s"]).metadata_address.host == "169.254.169.254"
