"""EC2 spot instances: two minutes, read through the session tokens of IMDSv2.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
"""

from __future__ import annotations

import json
import logging
import re
import time

from lamdagent_gpu.spot.metadata import LOOK_SECONDS, Answer, Metadata, Unheard, expect
from lamdagent_gpu.spot.notice import Notice, deadline_of, excerpt, parse_time

log = logging.getLogger("lamdagent.spot")
TOKEN = "/latest/api/token"
INSTANCE_ID = "/latest/meta-data/instance-id"
ACTION = "/latest/meta-data/spot/instance-action"
REBALANCE = "/latest/meta-data/events/recommendations/rebalance"
ACTIONS = ("terminate", "stop", "hibernate")
TTL_SECONDS = 21_600
RENEW_AT = 0.9
"""Share of a token's life after which a new one is taken."""


class Aws:
    name = "aws"

    def __init__(self, metadata: Metadata, undated_seconds: float, ttl_seconds: int = TTL_SECONDS) -> None:
        self._metadata = metadata
        self._undated_seconds = undated_seconds
        self._ttl_seconds = ttl_seconds
        self._token = ""
        self._renew = 0.0
        self._rebalance_told = False

    def is_here(self) -> bool:
        answer = self._get(INSTANCE_ID, answer_seconds=LOOK_SECONDS)
        return answer.status == 200 and re.fullmatch(r"i-[0-9a-f]+", answer.text.strip()) is not None

    def poll(self) -> Notice | None:
        answer = expect(self._get(ACTION), ACTION, 200, 404)
        if answer.status == 404:
            self._look_for_rebalance()
            return None
        return self._notice(answer)

    def _notice(self, answer: Answer) -> Notice:
        try:
            said = json.loads(answer.text)
            action = said["action"]
        except (ValueError, KeyError, TypeError):
            action = None
        if action not in ACTIONS:
            expected = f"an action of {', '.join(ACTIONS)}"
            raise Unheard("garbage", f"{ACTION}: expected {expected}, got {excerpt(answer.text)}")
        deadline = deadline_of(parse_time(said.get("time")), answer, self._undated_seconds)
        return Notice(provider=self.name, action=action, deadline=deadline, source=excerpt(answer.text))

    def _look_for_rebalance(self) -> None:
        """A higher risk, not yet a notice: work goes on."""
        if not self._rebalance_told and self._get(REBALANCE).status == 200:
            log.info("aws recommends to rebalance: an interruption has become likelier; work goes on")
            self._rebalance_told = True

    def _get(self, path: str, answer_seconds: float | None = None) -> Answer:
        """With a valid token; a refused one (the machine slept, the service restarted) is renewed once."""
        for fresh in (time.monotonic() >= self._renew, True):
            if fresh:
                self._take_token(answer_seconds)
            answer = self._metadata.ask(path, {"X-aws-ec2-metadata-token": self._token}, answer_seconds=answer_seconds)
            if answer.status != 401:
                break
        return answer

    def _take_token(self, answer_seconds: float | None) -> None:
        wanted = {"X-aws-ec2-metadata-token-ttl-seconds": str(self._ttl_seconds)}
        asked = time.monotonic()
        answer = expect(
            self._metadata.ask(TOKEN, wanted, method="PUT", answer_seconds=answer_seconds), f"PUT {TOKEN}", 200
        )
        token = answer.text.strip()
        if re.fullmatch(r"[!-~]{1,1024}", token) is None:
            raise Unheard("garbage", f"PUT {TOKEN}: expected a token, got {excerpt(answer.text)}")
        self._token = token
        self._renew = asked + RENEW_AT * self._ttl_seconds
