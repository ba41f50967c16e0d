"""What SFT and DPO share: the settings, atomic checkpoints, stopping, divergence, progress."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from lamdagent_gpu.context import JobContext


def settings(context: JobContext, micro_batch: int, rows: int) -> dict[str, Any]:
    """The training arguments of a stage, as TRL's configs want them.

    AdamW (Loshchilov and Hutter 2019, betas 0.9 and 0.999), gradient norm clipped to 1, float32 off CUDA.
    A last, smaller batch of an epoch is left out, so that every step sees `batchSize` sequences.
    """
    parameters = context.parameters
    on_cuda = context.device == "cuda"
    return {
        "output_dir": str(context.output_folder),
        "max_steps": parameters["steps"],
        "per_device_train_batch_size": min(micro_batch, rows),
        "gradient_accumulation_steps": parameters["batchSize"] // micro_batch,
        "learning_rate": parameters["learningRate"],
        "warmup_steps": parameters["warmupSteps"],
        "lr_scheduler_type": "constant_with_warmup"
        if parameters["scheduler"] == "constant"
        else parameters["scheduler"],
        "weight_decay": parameters["weightDecay"],
        "max_grad_norm": 1.0,
        "optim": "adamw_torch_fused" if on_cuda else "adamw_torch",
        "seed": context.seed,
        "data_seed": context.seed,
        "bf16": False,  # the weights themselves are bfloat16 where the device has it
        "gradient_checkpointing": False,
        "use_cpu": context.device == "cpu",
        "dataloader_drop_last": rows >= micro_batch,
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": on_cuda,
        "logging_strategy": "steps",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
    }


@dataclass
class Watch:
    """Why a training ended before its last step."""

    stopped: str | None = None
    diverged: str | None = None


class DurableTrainer:
    """Mixed in before a TRL trainer: checkpoints go through the atomic layer, a stop saves first, NaN ends early."""

    def __init__(self, *, context: JobContext, **arguments: Any) -> None:
        self.context = context
        self.watch = Watch()
        self._staging: Path | None = None
        super().__init__(**arguments)
        for noisy in (PrinterCallback, ProgressCallback):
            self.remove_callback(noisy)  # type: ignore[attr-defined]
        self.add_callback(Progress(context, self.watch, lambda: self.tokens_seen()))  # type: ignore[attr-defined]

    def tokens_seen(self) -> float:
        """Tokens trained on so far, as TRL counts them."""
        return float(getattr(self, "_total_train_tokens", 0))

    def _get_output_dir(self, trial: Any) -> str:
        return str(self._staging) if self._staging else super()._get_output_dir(trial)  # type: ignore[misc]

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        def write(folder: Path) -> None:
            self._staging = folder
            try:
                super(DurableTrainer, self)._save_checkpoint(model, trial)  # type: ignore[misc]
            finally:
                self._staging = None

        self.context.save_checkpoint(self.state.global_step, write)  # type: ignore[attr-defined]


class Progress(TrainerCallback):
    """Reports each step, and decides when to save and when to stop."""

    def __init__(self, context: JobContext, watch: Watch, tokens: Callable[[], float]) -> None:
        self.context = context
        self.watch = watch
        self.tokens = tokens
        self.last_save = self.began = time.monotonic()
        self.first_step = 0
        self.loss: float | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.last_save = self.began = time.monotonic()
        self.first_step = state.global_step

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        reason = self.context.stop_reason()
        finished = state.global_step >= state.max_steps
        due = time.monotonic() - self.last_save >= self.context.job.options.checkpointSeconds
        if finished:
            return
        if reason is not None:
            self.watch.stopped = reason
            control.should_training_stop = True
        if reason is not None or due:
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.last_save = time.monotonic()
        self._report(state)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        for name in ("loss", "grad_norm"):
            value = (logs or {}).get(name)
            if isinstance(value, float) and not math.isfinite(value) and self.watch.diverged is None:
                self.watch.diverged = f"{name} at step {state.global_step}: expected a finite number, got {value}"
                control.should_training_stop = True
                control.should_save = False
        self.loss = (logs or {}).get("loss", self.loss)
        self._report(state)

    def _report(self, state: Any) -> None:
        done = max(1, state.global_step - self.first_step)
        elapsed = time.monotonic() - self.began
        self.context.progress(
            "training",
            state.global_step,
            state.max_steps,
            loss=self.loss,
            tokens_per_second=self.tokens() / elapsed if elapsed > 0 else None,
            eta_seconds=elapsed / done * (state.max_steps - state.global_step),
        )
