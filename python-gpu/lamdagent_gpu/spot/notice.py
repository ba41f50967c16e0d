"""What every provider's notice comes down to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Protocol

from lamdagent_gpu.spot.metadata import Answer


@dataclass(frozen=True, kw_only=True)
class Notice:
    """This machine is going to be taken away."""

    provider: str
    action: str
    """The provider's own word: terminate, stop, hibernate, preempted, Preempt, …"""
    deadline: float
    """On time.monotonic(): from then on the machine may be gone."""
    source: str
    """The answer that said so, shortened."""

    @property
    def reason(self) -> str:
        return f"preemption notice of {self.provider}: {self.action}"


class Provider(Protocol):
    """How one cloud says it. Both methods may raise Unheard."""

    name: str

    def is_here(self) -> bool:
        """Whether this very provider answers, by what only it answers."""

    def poll(self) -> Notice | None:
        """The notice, if there is one now."""


def deadline_of(when: datetime | None, answer: Answer, undated_seconds: float) -> float:
    """`when` on time.monotonic(), by the provider's clock; `undated_seconds` from now when it is missing or past."""
    left = when.timestamp() - answer.provider_time() if when else 0.0
    return time.monotonic() + (left if left > 0 else undated_seconds)


def parse_time(text: object) -> datetime | None:
    """A time as the providers write it (2017-09-18T08:22:00Z, or Mon, 19 Sep 2016 18:29:47 GMT), else None."""
    if not isinstance(text, str):
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = parse(text.strip().replace("Z", "+00:00"))
        except (ValueError, TypeError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    return None


def excerpt(text: str) -> str:
    return " ".join(text.split())[:300]
