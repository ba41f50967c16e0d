"""Watches for a notice in a thread of its own, which neither a busy event loop nor a strange answer stops."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from lamdagent_gpu.spot.aws import Aws
from lamdagent_gpu.spot.azure import Azure
from lamdagent_gpu.spot.gcp import Gcp
from lamdagent_gpu.spot.metadata import Metadata, Unheard
from lamdagent_gpu.spot.notice import Notice, Provider

log = logging.getLogger("lamdagent.spot")
PROVIDERS: dict[str, Callable[[Metadata, float], Provider]] = {"aws": Aws, "gcp": Gcp, "azure": Azure}
CHOICES = ("off", *PROVIDERS, "auto")
POLL_SECONDS = 1.0
LOOKS = 3
LOOK_SECONDS = 5.0
"""Pause between the first looks for a provider: right after a machine's start the network may not be up yet."""
LATER_LOOK_SECONDS = 60.0


class Watch:
    """Tells of the first notice, once, from its thread. Faults of the service are logged once a kind and survived."""

    def __init__(
        self,
        choice: str,
        metadata: Metadata,
        tell: Callable[[Notice], None],
        *,
        undated_seconds: float = 30.0,
        poll_seconds: float = POLL_SECONDS,
        look_seconds: float = LOOK_SECONDS,
        later_look_seconds: float = LATER_LOOK_SECONDS,
    ) -> None:
        self._choice = choice
        self._metadata = metadata
        self._tell = tell
        self._undated_seconds = undated_seconds
        self._poll_seconds = poll_seconds
        self._look_seconds = look_seconds
        self._later_look_seconds = later_look_seconds
        self._complaints: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spot", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; returns when it is gone, or after a request in flight had its time."""
        self._ended.set()
        self._thread.join(timeout=10)

    @property
    def lives(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        provider = self._provider()
        if provider is None:
            return
        log.info("watching for preemption notices of %s", provider.name)
        while not self._ended.is_set():
            notice = self._poll(provider)
            if notice is not None:
                log.warning("%s (%s)", notice.reason, notice.source)
                self._tell(notice)
                return
            self._ended.wait(self._poll_seconds)

    def _provider(self) -> Provider | None:
        if self._choice != "auto":
            return PROVIDERS[self._choice](self._metadata, self._undated_seconds)
        candidates = [make(self._metadata, self._undated_seconds) for make in PROVIDERS.values()]
        looks = 0
        while not self._ended.is_set():
            found = first_here(candidates)
            if found is not None:
                return found
            looks += 1
            if looks == LOOKS:
                self._say_none()
            self._ended.wait(self._look_seconds if looks < LOOKS else self._later_look_seconds)
        return None

    def _say_none(self) -> None:
        log.warning(
            "--spot auto: expected the metadata service of %s at %s, got none; going on without notices, and looking "
            "again each minute", " or ".join(PROVIDERS), self._metadata.host,
        )  # fmt: skip

    def _poll(self, provider: Provider) -> Notice | None:
        """Whatever a strange answer does to the reading of it, watching goes on."""
        try:
            return provider.poll()
        except Unheard as fault:
            self._complain(fault.kind, f"{fault}; watching goes on")
        except Exception as error:
            self._complain(type(error).__name__, f"watching goes on after a fault: {error!r}")
        return None

    def _complain(self, kind: str, message: str) -> None:
        if kind not in self._complaints:
            self._complaints.add(kind)
            log.warning("%s", message)


def first_here(candidates: Sequence[Provider]) -> Provider | None:
    """The first candidate that answers as itself; all are asked at once."""
    with ThreadPoolExecutor(len(candidates)) as pool:
        for candidate, here in zip(candidates, list(pool.map(is_here, candidates)), strict=True):
            if here:
                return candidate
    return None


def is_here(provider: Provider) -> bool:
    """Another provider's service may answer anything: all faults mean no."""
    try:
        return provider.is_here()
    except Exception as fault:
        log.debug("%s: %s", provider.name, fault)
        return False
