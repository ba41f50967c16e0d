"""One question to a judge: an OpenAI-compatible endpoint that answers by a JSON schema, over plain HTTP(S)."""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote, urlsplit

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.environment import JUDGE_KEY
from lamdagent_gpu.evaluate.strict_json import parse_json

MOST_BYTES = 1 << 20
PAUSE_SECONDS = 2.0
"""Before the second try; doubled for each one after it."""
LONGEST_PAUSE_SECONDS = 60.0
MISCONFIGURED = {401, 403, 404, 405}
"""Wrong for every question: key, address or model."""
WORTH_ANOTHER_TRY = {408, 409, 429, 500, 502, 503, 504}
SHORTEST_SECRET = 8
"""Shorter keys are stand-ins ("none") for endpoints that want any; replacing them would garble plain words."""


@dataclass(frozen=True, kw_only=True)
class Judge:
    base_url: str
    model: str
    max_tokens: int
    timeout_seconds: float
    tries: int
    low: int
    high: int
    """Ratings are whole numbers from `low` to `high`."""
    key: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """rating None: there is none, and `explanation` says why."""

    rating: int | None
    explanation: str
    prompt_tokens: int
    completion_tokens: int


class Failed(Exception):
    """No usable answer this time."""

    def __init__(self, reason: str, *, again: bool, after: float = 0.0, tokens: tuple[int, int] = (0, 0)) -> None:
        super().__init__(reason)
        self.again = again
        self.after = after
        """Seconds that the endpoint asks to wait."""
        self.tokens = tokens


class Unfollowed(urllib.request.HTTPRedirectHandler):
    """A redirect would take the key elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


def ask(judge: Judge, prompt: str, stop_if_asked: Callable[[], None]) -> Judgement:
    """Asks until there is a judgement, at most `tries` times.

    Raises:
        Rejected: the endpoint refuses the key, the address or the model; no question can be judged.
        Preempted: asked to stop, between tries.
    """
    reason, prompt_tokens, completion_tokens = "", 0, 0
    for number in range(judge.tries):
        stop_if_asked()
        try:
            found = answer_of(judge, prompt)
        except Failed as failed:
            reason = redacted(str(failed), judge.key)[:500]
            prompt_tokens += failed.tokens[0]
            completion_tokens += failed.tokens[1]
            if not failed.again:
                break
            if number + 1 < judge.tries:
                wait(min(max(PAUSE_SECONDS * 2**number, failed.after), LONGEST_PAUSE_SECONDS), stop_if_asked)
            continue
        rating, explanation, used = found
        return Judgement(
            rating=rating, explanation=redacted(explanation, judge.key)[:2000],
            prompt_tokens=prompt_tokens + used[0], completion_tokens=completion_tokens + used[1],
        )  # fmt: skip
    return Judgement(
        rating=None, explanation=reason, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens
    )  # fmt: skip


def answer_of(judge: Judge, prompt: str) -> tuple[int, str, tuple[int, int]]:
    """(rating, explanation, tokens in and out). Raises Failed, Rejected."""
    body = parsed(sent(judge, prompt), "a JSON body")
    tokens = usage_of(body)
    try:
        choice = body["choices"][0]
        text = choice["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise Failed(f"expected a chat completion, got {str(body)[:200]}", again=True, tokens=tokens) from None
    try:
        found = parsed(str(text), "JSON")
        rating, explanation = found["rating"], found["explanation"]
    except (Failed, KeyError, TypeError):
        raise Failed(f"expected {{explanation, rating}}, got {str(text)[:200]!r}", again=True, tokens=tokens) from None
    if type(rating) is not int or not judge.low <= rating <= judge.high or not isinstance(explanation, str):
        rule = f"expected a whole rating from {judge.low} to {judge.high} and a text"
        raise Failed(f"{rule}, got {str(text)[:200]!r}", again=True, tokens=tokens)
    return rating, explanation, tokens


def parsed(text: str, rule: str) -> Any:
    try:
        return parse_json(text)
    except (ValueError, RecursionError):
        raise Failed(f"expected {rule}, got {text[:200]!r}", again=True) from None


def usage_of(body: Any) -> tuple[int, int]:
    usage = body.get("usage") if isinstance(body, dict) else None
    counts = [usage.get(key) if isinstance(usage, dict) else None for key in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (one if type(one) is int and one >= 0 else 0 for one in counts)
    return prompt, completion


def sent(judge: Judge, prompt: str) -> str:
    """The body of the answer."""
    address = judge.base_url.rstrip("/") + "/chat/completions"
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {judge.key}"} if judge.key else {})}
    request = urllib.request.Request(address, json.dumps(request_of(judge, prompt)).encode(), headers)
    opener = urllib.request.build_opener(Unfollowed)
    try:
        with opener.open(request, timeout=judge.timeout_seconds) as response:
            text: bytes = response.read(MOST_BYTES)
    except urllib.error.HTTPError as error:
        raise refusal(judge, error) from None
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f"expected an answer of {judge.base_url}, got {error}", again=True) from None
    return text.decode("utf8", "replace")


def request_of(judge: Judge, prompt: str) -> dict[str, Any]:
    """OpenAI's newer models refuse `max_tokens`; many compatible endpoints know nothing else."""
    hosted = (urlsplit(judge.base_url).hostname or "").endswith("openai.com")
    rating = {"type": "integer", "minimum": judge.low, "maximum": judge.high}
    schema = {
        "type": "object",
        "properties": {"explanation": {"type": "string"}, "rating": rating},
        "required": ["explanation", "rating"],
        "additionalProperties": False,
    }
    return {
        "model": judge.model,
        "messages": [{"role": "user", "content": prompt}],
        "temperature": 0,
        "max_completion_tokens" if hosted else "max_tokens": judge.max_tokens,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "judgement", "strict": True, "schema": schema},
        },
    }


def refusal(judge: Judge, error: urllib.error.HTTPError) -> Exception:
    said = error.read(MOST_BYTES).decode("utf8", "replace")
    told = redacted(f"status {error.code}: {said}", judge.key)[:500]
    if error.code in MISCONFIGURED:
        return Rejected(
            f"judge {judge.model} at {judge.base_url}: expected judgements, got {told}. Check the key ({JUDGE_KEY} of the GPU "
            "worker), judge.baseUrl and judge.model."
        )
    after = error.headers.get("Retry-After", "")
    seconds = float(after) if after.isdigit() else 0.0
    return Failed(f"expected a judgement, got {told}", again=error.code in WORTH_ANOTHER_TRY, after=seconds)


def redacted(text: str, key: str | None) -> str:
    """Without the key, which some endpoints repeat. Before texts are cut short: half a key is one too."""
    if key is None or len(key) < SHORTEST_SECRET:
        return text
    encoded = base64.b64encode(key.encode()).decode()
    for form in (key, quote(key, safe=""), encoded, encoded.rstrip("=")):
        text = text.replace(form, f"[{JUDGE_KEY}]")
    return text


def wait(seconds: float, stop_if_asked: Callable[[], None]) -> None:
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0:
        stop_if_asked()
        sleep(min(left, 0.2))
