"""lm-eval's interface to a model, answered by this package's batched engines. Needs lm-eval; imported only when asked for.

What a request means (how a context and its continuation become tokens, what is cut off where) follows HFLM of lm-eval
0.4.13, so that scores are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from lm_eval.api.model import LM
from lm_eval.models.utils import handle_stop_sequences, normalize_gen_kwargs, postprocess_generated_text

from lamdagent_gpu.context import Rejected
from lamdagent_gpu.evaluate.generate import generate_shards
from lamdagent_gpu.evaluate.generation import end_ids
from lamdagent_gpu.evaluate.kind import Subject
from lamdagent_gpu.evaluate.loglikelihood import Request, greedy_shards, score_shards
from lamdagent_gpu.evaluate.perplexity import begin_id, windows_of

DEFAULT_NEW_TOKENS = 256
"""Where a task does not limit its answers, as in HFLM."""
IDLE = {"do_sample", "temperature", "top_p", "top_k", "min_p"}
"""Settings without effect on greedy decoding."""


class HarnessModel(LM):
    """Requests of lm-eval in, in any number; results in their order."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self._subject = subject

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        """(log P(continuation | context) in nats, whether greedy decoding would write it) of each request.

        Contexts that are alike are run once. Of what is longer than the model's context the beginning is left out.
        """
        pairs = [self._pair(*request.args) for request in requests]
        places: dict[tuple[int, ...], list[int]] = {}
        for place, (context, _) in enumerate(pairs):
            places.setdefault(tuple(context), []).append(place)
        asked = [Request(list(context), [pairs[one][1] for one in some]) for context, some in places.items()]
        found: dict[int, tuple[float, bool]] = {}
        listed = list(places.values())
        for shard in greedy_shards(self._subject.model, asked, pad_id=self._subject.pad_id):
            for at, values in shard.items():
                found.update(zip(listed[at], values, strict=True))
        return [found[place] for place in range(len(requests))]

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[float]:
        """log P(text) in nats of each request, in windows where it is longer than the model's context."""
        subject = self._subject
        begin = begin_id(subject)
        texts = [self._encode(request.args[0]) for request in requests]
        windows = [windows_of(begin, text, subject.context_length) if text else [] for text in texts]
        owners = [place for place, some in enumerate(windows) for _ in some]
        sums = [0.0] * len(requests)
        scored: dict[int, list[float]] = {}
        for shard in score_shards(subject.model, [one for some in windows for one in some], pad_id=subject.pad_id):
            scored.update(shard)
        for at, owner in enumerate(owners):
            sums[owner] += scored[at][0]
        return sums

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        """Greedy answers, cut off before the first of their stop texts."""
        kinds: dict[str, list[int]] = {}
        for place, request in enumerate(requests):
            kinds.setdefault(json.dumps(request.args[1], sort_keys=True, default=str), []).append(place)
        found: dict[int, str] = {}
        for places in kinds.values():
            prompts = [requests[place].args[0] for place in places]
            found.update(zip(places, self._generated(prompts, requests[places[0]].args[1]), strict=True))
        return [found[place] for place in range(len(requests))]

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        own = {"add_generation_prompt": add_generation_prompt, "continue_final_message": not add_generation_prompt}
        try:
            return str(self._subject.tokenizer.apply_chat_template(chat_history, tokenize=False, **own))
        except Exception as error:  # templates raise what they like
            raise Rejected(f"lm-eval task: expected messages the chat template can render, got {error}") from None

    def _generated(self, prompts: Sequence[str], asked: dict[str, Any]) -> list[str]:
        subject = self._subject
        settings = normalize_gen_kwargs(asked, DEFAULT_NEW_TOKENS)
        until = settings.pop("until", None)
        stops = handle_stop_sequences(until, eos=subject.tokenizer.decode(subject.tokenizer.eos_token_id))
        new_tokens = settings.pop("max_gen_toks")
        if settings.get("do_sample") or not settings.keys() <= IDLE:
            raise Rejected(f"generation_kwargs of the lm-eval task: expected greedy decoding, got {settings}")
        room = None if subject.context_length is None else subject.context_length - new_tokens
        if room is not None and room < 1:
            raise Rejected(
                f"max_gen_toks of the lm-eval task: expected less than the model's {subject.context_length} tokens, "
                f"got {new_tokens}"
            )
        ids = [self._encode(prompt) for prompt in prompts]
        fitting = [one if room is None else one[-room:] for one in ids]
        if not all(fitting):
            raise Rejected("lm-eval task: expected prompts of at least one token, got an empty one")
        answers: dict[int, list[int]] = {}
        for shard in generate_shards(
            subject.model, fitting, max_new_tokens=new_tokens, end_ids=end_ids(subject), pad_id=subject.pad_id,
            context_length=subject.context_length, is_over=ends_with(subject.tokenizer, stops),
        ):  # fmt: skip
            answers.update(shard)
        texts = [subject.tokenizer.decode(answers[at], skip_special_tokens=True) for at in range(len(prompts))]
        return [postprocess_generated_text(text, stops, None) for text in texts]

    def _pair(self, context: str, continuation: str) -> tuple[list[int], list[int]]:
        """Tokens of the context, at least one, and of the continuation; together at most one more than the model holds,
        since the last is never fed. White space at the context's end is counted to the continuation."""
        before, after = self._split(context, continuation)
        room = None if self._subject.context_length is None else self._subject.context_length + 1 - len(after)
        if not after or (room is not None and room < 1):
            raise Rejected(
                f"lm-eval task: expected continuations of 1 to {self._subject.context_length} tokens, got {len(after)} "
                f"for {continuation[:200]!r}"
            )
        return (before if room is None else before[-room:]), after

    def _split(self, context: str, continuation: str) -> tuple[list[int], list[int]]:
        """Nothing comes before a text but the token that texts begin after, unless it begins with that itself."""
        kept = context.rstrip()
        if kept:
            before = self._encode(kept)
            return before, self._encode(context + continuation)[len(before) :]
        begin = begin_id(self._subject)
        after = list(self._subject.tokenizer.encode(context + continuation, add_special_tokens=False))
        return ([begin], after[1:]) if after[:1] == [begin] else ([begin], after)

    def _encode(self, text: str) -> list[int]:
        """With the special tokens of the tokenizer, unless the text begins with one."""
        tokenizer = self._subject.tokenizer
        begins = text.startswith(tokenizer.decode(begin_id(self._subject)))
        return list(tokenizer.encode(text, **({"add_special_tokens": False} if begins else {})))


def ends_with(tokenizer: Any, stops: Sequence[str]) -> Callable[[list[int]], bool]:
    """Whether one of the texts stands at the end of an answer's tokens: n bytes of text lie in its last n + 1 tokens."""
    wanted = [stop for stop in stops if stop]
    reach = max((len(stop.encode("utf8")) for stop in wanted), default=0) + 1

    def is_over(answer: list[int]) -> bool:
        end = tokenizer.decode(answer[-reach:])
        return any(stop in end for stop in wanted)

    return is_over
