"""What all trainings share: the data order, atomic checkpoints, and nothing that leaves the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset
from torch.utils.data import DataLoader
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from lamdagent_gpu import failpoints
from lamdagent_gpu.context import JobContext
from lamdagent_gpu.train.model import save_weights
from lamdagent_gpu.train.order import kept_sequences, training_order
from lamdagent_gpu.train.output_layer import labelled_positions_alone
from lamdagent_gpu.train.progress import Progress
from lamdagent_gpu.train.quantized import keep_adapters_exact
from lamdagent_gpu.train.rows import KEPT
from lamdagent_gpu.train.sharded_trainer import OPTIMIZER_FILE, SCHEDULER_FILE, ShardedTrainer
from lamdagent_gpu.train.together import random_states, total_over_ranks

STATE_FILE = "trainer_state.json"
STATE_FILES = (OPTIMIZER_FILE, SCHEDULER_FILE, "rng_state.pth", STATE_FILE)
"""Without one of these the trainer would silently begin afresh with the rest."""


@dataclass
class Watch:
    """Why a training ended before its last step."""

    stopped: str | None = None
    diverged: str | None = None


class DurableTrainer(ShardedTrainer):
    """Mixed in before a TRL trainer.

    The whole training is one pass over `order`, so a resume skips to its place without touching rows, and a smaller
    micro-batch with more accumulation sees the same rows in every step.
    """

    random_states: Sequence[bytes] = ()
    offset = 0
    """Steps that the job did before the first one of the training."""

    def __init__(
        self, *, context: JobContext, examples: list[dict[str, Any]], resume: Path | None, **arguments: Any
    ) -> None:
        self.context = context
        self.examples = examples
        self.resume = resume
        self.watch = Watch()
        places = context.parameters["steps"] * context.parameters["batchSize"]
        self.kept = kept_sequences([example.pop(KEPT, None) for example in examples])
        self.order = self.order_of(places)
        # TRL looks at the first row only; the loader below reads the rows themselves.
        super().__init__(train_dataset=Dataset.from_list(examples[:1]), **arguments)
        keep_adapters_exact(self.model)
        for noisy in (PrinterCallback, ProgressCallback):
            self.remove_callback(noisy)
        self.add_callback(Progress(self, lambda: int(self._total_train_tokens)))

    def order_of(self, places: int) -> list[int]:
        """The example at each of the training's places."""
        return training_order(rows=len(self.examples), places=places, seed=self.context.seed, kept=self.kept)

    def longest(self) -> int:
        """Tokens of the longest sequence that a step will see."""
        return max(sequence_length(self.examples[row]) for row in set(self.order))

    def final_metrics(self) -> dict[str, float | None]:
        """What is measured once, after the last step."""
        return {}

    def over_ranks(self, value: Any) -> Any:
        """The sum of a number that each rank has for its part of the batch."""
        return value if self.context.ranks == 1 else total_over_ranks(value, self.args.device)

    def count_tokens(self, tokens: int) -> None:
        """Adds them to what TRL's log tells; for a loss that does not go through TRL's own."""
        self._total_train_tokens += int(self.over_ranks(tokens))
        self._metrics["train"]["num_tokens"] = [self._total_train_tokens]

    def get_train_dataloader(self) -> Any:
        loader: DataLoader[Any] = DataLoader(
            self.examples,  # type: ignore[arg-type] # a list is a map-style dataset
            batch_size=self._train_batch_size,
            sampler=self.order,
            collate_fn=self.data_collator,
            pin_memory=self.args.dataloader_pin_memory,
        )
        return self.accelerator.prepare(loader)

    def training_step(self, *inputs: Any, **named: Any) -> Any:
        with labelled_positions_alone():
            return super().training_step(*inputs, **named)

    def floating_point_ops(self, inputs: Any) -> int:
        return 0  # counted by walking all modules every step, and read by nobody

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        seen = [entry["num_tokens"] for entry in self.state.log_history if "num_tokens" in entry]
        self._total_train_tokens = int(seen[-1]) if seen else 0

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        self.random_states = random_states(super()._save_rng_state) if self.context.ranks > 1 else []
        self.gather()
        self.context.save_checkpoint(self.offset + self.state.global_step, self.write_checkpoint)
        self.gathered = None

    def write_checkpoint(self, folder: Path) -> None:
        """Everything the next step depends on."""
        save_weights(self.model, folder, self.gathered[0] if self.gathered else None)
        failpoints.reach("checkpoint/between-files")
        self._save_optimizer_and_scheduler(str(folder))
        self._save_scaler(str(folder))
        self._save_rng_state(str(folder))
        self.state.save_to_json(str(folder / STATE_FILE))

    def _save_rng_state(self, folder: str) -> None:
        """Of all ranks; the first one's stands under the name of a single one too, whoever goes on with it."""
        if not self.random_states:
            super()._save_rng_state(folder)
            return
        for rank, state in enumerate(self.random_states):
            (Path(folder) / f"rng_state_{rank}.pth").write_bytes(state)
        (Path(folder) / "rng_state.pth").write_bytes(self.random_states[0])

    def _send_telemetry(self) -> None:
        """TRL would report the kind of model and device to its makers; nothing is sent unasked."""


def sequence_length(example: dict[str, Any]) -> int:
    """Of a sequence, or of a prompt with the longest of its answers."""
    if "input_ids" in example:
        return len(example["input_ids"])
    answers = (len(ids) for name, ids in example.items() if name.endswith("_ids") and name != "prompt_ids")
    return len(example["prompt_ids"]) + max(answers, default=0)
