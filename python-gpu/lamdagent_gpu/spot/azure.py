"""Azure spot machines: scheduled events, at least 30 s before a Preempt, 5 to 15 minutes before a Terminate.

https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events
https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service

Events are read, never approved: an approval would only shorten the time that is left.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from lamdagent_gpu.spot.metadata import LOOK_SECONDS, Answer, Metadata, Unheard, expect
from lamdagent_gpu.spot.notice import Notice, deadline_of, excerpt, parse_time

EVENTS = "/metadata/scheduledevents?api-version=2020-07-01"
NAME = "/metadata/instance/compute/name?api-version=2021-02-01&format=text"
VM_ID = "/metadata/instance/compute/vmId?api-version=2021-02-01&format=text"
HEADERS = {"Metadata": "true"}
ENDS = ("Preempt", "Terminate")
FIRST_ANSWER_SECONDS = 125.0
"""The first request of a machine switches the service on, which may take up to two minutes."""


class Azure:
    name = "azure"

    def __init__(self, metadata: Metadata, undated_seconds: float) -> None:
        self._metadata = metadata
        self._undated_seconds = undated_seconds
        self._answered = False
        self._machine: str | None = None

    def is_here(self) -> bool:
        answer = self._metadata.ask(VM_ID, HEADERS, answer_seconds=LOOK_SECONDS)
        return (
            answer.status == 200
            and re.fullmatch(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.text.strip()) is not None
        )

    def poll(self) -> Notice | None:
        """Raises Unheard. An event of a neighbour in the same set is none of ours."""
        patience = None if self._answered else FIRST_ANSWER_SECONDS
        answer = expect(self._metadata.ask(EVENTS, HEADERS, answer_seconds=patience), EVENTS, 200)
        self._answered = True
        machine = self._machine_name()
        for event in events_of(answer):
            if event.get("EventType") in ENDS and concerns(event, machine):
                return self._notice(event, answer)
        return None

    def _notice(self, event: dict[str, Any], answer: Answer) -> Notice:
        """`NotBefore` is blank once the event has started."""
        deadline = deadline_of(parse_time(event.get("NotBefore")), answer, self._undated_seconds)
        source = excerpt(json.dumps(event))
        return Notice(provider=self.name, action=str(event["EventType"]), deadline=deadline, source=source)

    def _machine_name(self) -> str | None:
        """None while the service doesn't tell, or tells what is no name: the next poll asks again."""
        if self._machine is None:
            with contextlib.suppress(Unheard):
                name = expect(self._metadata.ask(NAME, HEADERS), NAME, 200).text.strip()
                self._machine = name if re.fullmatch(r"[\w.-]{1,128}", name) else None
        return self._machine


def events_of(answer: Answer) -> list[dict[str, Any]]:
    try:
        events = json.loads(answer.text)["Events"]
        if isinstance(events, list) and all(isinstance(event, dict) for event in events):
            return events
    except (ValueError, KeyError, TypeError):
        pass
    raise Unheard("garbage", f"{EVENTS}: expected a list of events, got {excerpt(answer.text)}")


def concerns(event: dict[str, Any], machine: str | None) -> bool:
    """Whether the event names this machine. Not knowing one's own name counts as yes: a needless stop loses no step."""
    names = event.get("Resources")
    if machine is None or not isinstance(names, list):
        return True
    return machine.casefold() in {str(name).casefold() for name in names}
