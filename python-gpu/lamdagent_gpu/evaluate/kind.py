"""What every kind of benchmark gives to an evaluation: its items, and rows for them in shards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lamdagent_gpu.evaluate.batches import release_memory

Facts = dict[str, Any]
"""A benchmark's manifest result: `metric`, `items`, for most kinds `kind`, and what else the kind's spec has."""
Row = dict[str, object]
"""A scored item, as it is stored: `id` and `score` in [0, 1], None where the score is missing; else what the kind has to
show."""


class Subject:
    """The model under evaluation, loaded when it is first asked for."""

    def __init__(
        self, folder: Path, device: str, stop_if_asked: Callable[[], None] = lambda: None, judge_key: str | None = None
    ) -> None:
        self.folder = folder
        self.device = device
        self.stop_if_asked = stop_if_asked
        """Raises Preempted when the job is asked to stop; for work that lasts longer than a shard should."""
        self.judge_key = judge_key
        """A secret: sent to the judge, and never said."""

    @cached_property
    def tokenizer(self) -> Any:
        from lamdagent_gpu.train.model import load_tokenizer

        return load_tokenizer(self.folder)

    @cached_property
    def model(self) -> Any:
        from lamdagent_gpu.evaluate.attention import use
        from lamdagent_gpu.evaluate.packed import pack
        from lamdagent_gpu.train.model import load_model

        return use(pack(load_model(self.folder, self.device).eval()))

    @property
    def context_length(self) -> int | None:
        """Most tokens of prompt and answer together; None where the model's configuration names no limit."""
        length: int | None = getattr(self.model.config, "max_position_embeddings", None)
        return length

    @property
    def pad_id(self) -> int:
        return int(self.tokenizer.pad_token_id)

    def release(self) -> None:
        """Gives the model's memory back, for a program that loads the model itself."""
        self.__dict__.pop("model", None)
        release_memory()


@dataclass(frozen=True, kw_only=True)
class Kind:
    read: Callable[[Path, Facts], list[Any]]
    """The items of a split's folder, checked, in file order. Raises Rejected, with file and line."""
    score: Callable[[Subject, list[Any], Facts, Collection[int]], Iterator[dict[int, Row]]]
    """Rows by the item's place, shard by shard, without shards whose places are all in the last argument (done)."""
    scoring: Callable[[Subject, Facts], dict[str, Any]]
    """All that decides the scores beside items, template and weights: what the evaluator's hash is of."""
    template: Callable[[Subject, Facts], str | None]
    """The chat template that items are rendered with; None where there is none."""
    found: Callable[[list[Any]], Facts] = lambda items: {}
    """Facts that the items show and the manifest does not have."""
    paid: bool = False
    """Whether rows cost money: each shard is then saved as soon as it is there."""
    count: Callable[[list[Any], Facts], int] = lambda items, facts: len(items)
    """How many rows there will be."""
