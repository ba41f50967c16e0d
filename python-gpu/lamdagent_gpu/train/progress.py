"""Watches a training from step to step: reports it, and decides when to save and when to end early."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Protocol

from transformers import TrainerCallback

from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.together import of_first_rank


class Endings(Protocol):
    stopped: str | None
    diverged: str | None


class Watched(Protocol):
    context: JobContext
    watch: Endings
    offset: int


def due_after(interval: float, write: float, step: float) -> float:
    """Seconds from the state of one checkpoint to the start of the next, so that at most `interval` is ever at risk.

    Until a checkpoint is written the one before it is all there is; so the next begins earlier by what writing it took
    (`write`) and by what a step takes, but never before half of the interval, however slow the disk.
    """
    return max(interval - write - step, interval / 2)


class Progress(TrainerCallback):
    """Saves by time and when asked to stop; a loss or gradient that is not finite ends the training unsaved."""

    def __init__(self, training: Watched, tokens: Callable[[], int]) -> None:
        self.context = training.context
        self.watch = training.watch
        self.training = training
        self.tokens = tokens
        self.saved_at = self.stepped_at = self.began = time.monotonic()
        self.write_seconds = 0.0
        self.first_step = 0
        self.first_tokens = 0
        self.loss: float | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.saved_at = self.stepped_at = self.began = time.monotonic()
        self.first_step = state.global_step
        self.first_tokens = self.tokens()
        offset = self.training.offset
        self.context.training_begins(offset + state.global_step, offset + state.max_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step >= state.max_steps:
            return
        reason = self.context.stop_reason()
        now = time.monotonic()
        after = due_after(self.context.job.options.checkpointSeconds, self.write_seconds, now - self.stepped_at)
        self.stepped_at = now
        due = now - self.saved_at >= after
        if reason is not None or due:
            control.should_save = True
        if (reason := self._agreed(reason, control)) is not None:
            self.watch.stopped = reason
            control.should_training_stop = True

    def _agreed(self, reason: str | None, control: Any) -> str | None:
        """Why to stop, and in `control` whether to save, as rank 0 sees it: it alone hears and writes."""
        if self.context.ranks > 1:
            (reason, control.should_save) = of_first_rank((reason, control.should_save))
        return reason

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Comes after each step, and before its checkpoint is written."""
        logs = logs or {}
        for name in ("loss", "grad_norm"):
            value = logs.get(name)
            if isinstance(value, float) and not math.isfinite(value) and self.watch.diverged is None:
                self.watch.diverged = f"{name} at step {state.global_step}: expected a finite number, got {value}"
                control.should_training_stop = True
                control.should_save = False
        self.loss = logs.get("loss", self.loss)
        self._report(state)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.saved_at = self.stepped_at  # the state that is safe now is that of the step's end
        self.stepped_at = time.monotonic()
        self.write_seconds = self.stepped_at - self.saved_at
        self._report(state)

    def _report(self, state: Any) -> None:
        done = max(1, state.global_step - self.first_step)
        elapsed = max(1e-9, time.monotonic() - self.began)
        self.context.progress(
            "training",
            self.training.offset + state.global_step,
            self.training.offset + state.max_steps,
            loss=self.loss,
            tokens_per_second=(self.tokens() - self.first_tokens) / elapsed,
            eta_seconds=elapsed / done * (state.max_steps - state.global_step),
        )
