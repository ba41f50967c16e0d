"""Compute Engine spot machines: 30 s (or what preemptionNoticeDuration adds), without a time in the notice.

https://cloud.google.com/compute/docs/instances/create-use-spot
https://cloud.google.com/compute/docs/metadata/getting-live-migration-notice
https://cloud.google.com/compute/docs/gpus/gpu-host-maintenance

Plain polling, not the hanging `?wait_for_change=true`: two values are watched, a request that hangs by design cannot be
told from a connection that is dead, and a second of thirty is a fair price for that.
"""

from __future__ import annotations

import time

from lamdagent_gpu.spot.metadata import LOOK_SECONDS, Answer, Metadata, Unheard, expect
from lamdagent_gpu.spot.notice import Notice, excerpt

INSTANCE_ID = "/computeMetadata/v1/instance/id"
PREEMPTED = "/computeMetadata/v1/instance/preempted"
MAINTENANCE = "/computeMetadata/v1/instance/maintenance-event"
TERMINATE = "TERMINATE_ON_HOST_MAINTENANCE"
FLAVOR = {"Metadata-Flavor": "Google"}


class Gcp:
    name = "gcp"

    def __init__(self, metadata: Metadata, undated_seconds: float) -> None:
        self._metadata = metadata
        self._undated_seconds = undated_seconds

    def is_here(self) -> bool:
        return self._get(INSTANCE_ID, answer_seconds=LOOK_SECONDS).text.strip().isdigit()

    def poll(self) -> Notice | None:
        """A live migration (MIGRATE_ON_HOST_MAINTENANCE) is no notice: the machine goes on elsewhere."""
        preempted = self._one_of(PREEMPTED, "TRUE", "FALSE")
        if preempted == "TRUE":
            return self._notice("preempted", f"{PREEMPTED} is TRUE")
        maintenance = self._one_of(MAINTENANCE, "NONE", "MIGRATE_ON_HOST_MAINTENANCE", TERMINATE)
        return self._notice(TERMINATE, f"{MAINTENANCE} is {TERMINATE}") if maintenance == TERMINATE else None

    def _notice(self, action: str, source: str) -> Notice:
        deadline = time.monotonic() + self._undated_seconds
        return Notice(provider=self.name, action=action, deadline=deadline, source=source)

    def _one_of(self, path: str, *words: str) -> str:
        text = self._get(path).text.strip()
        if text.upper() not in words:
            raise Unheard("garbage", f"{path}: expected {' or '.join(words)}, got {excerpt(text)}")
        return text.upper()

    def _get(self, path: str, answer_seconds: float | None = None) -> Answer:
        """Raises Unheard for an answer without the header that only Google's service sends."""
        answer = expect(self._metadata.ask(path, FLAVOR, answer_seconds=answer_seconds), path, 200)
        if answer.headers.get("metadata-flavor") != "Google":
            raise Unheard("garbage", f"{path}: expected the header Metadata-Flavor: Google, got none")
        return answer
