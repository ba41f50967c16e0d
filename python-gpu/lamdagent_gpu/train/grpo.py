"""Group relative policy optimisation (Shao et al. 2024, arXiv 2402.03300, section 4.1) and REINFORCE leave-one-out
(Ahmadian et al. 2024, arXiv 2402.14740, eq. 8).

One update for each generation, so the ratio to the sampling policy is 1 and nothing is clipped; no term holds the policy
near a reference. The loss is a mean over the batch's answer tokens (DAPO, Yu et al. 2025, arXiv 2503.14476, eq. 12).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from lamdagent_gpu.context import JobContext, Rejected
from lamdagent_gpu.train.arguments import sft_config, trainer_arguments
from lamdagent_gpu.train.data import check_vocabulary
from lamdagent_gpu.train.encoding import Example
from lamdagent_gpu.train.method import TRAINING, Parameter, TrainMethod
from lamdagent_gpu.train.on_policy import SAMPLING
from lamdagent_gpu.train.output_layer import log_probs_alone
from lamdagent_gpu.train.rewards import Scorer, prompts_of, scorer_of
from lamdagent_gpu.train.sampling import SAMPLES, Sampling, sample, sampling_of
from lamdagent_gpu.train.sft import DurableSFTTrainer
from lamdagent_gpu.train.verifiable import Prompt

BASELINE = Parameter(name="baseline", choices=("group", "groupCentred", "leaveOneOut"))
SMALLEST_DEVIATION = 1e-4
"""Added to a group's deviation, as in TRL."""


def advantages(rewards: torch.Tensor, baseline: str) -> torch.Tensor:
    """Of each answer among those of its prompt: [prompts, samples] of both."""
    centred = rewards - rewards.mean(dim=1, keepdim=True)
    if baseline == "groupCentred":
        return centred
    if baseline == "leaveOneOut":
        return centred * rewards.shape[1] / (rewards.shape[1] - 1)
    return centred / (rewards.std(dim=1, keepdim=True) + SMALLEST_DEVIATION)


class DurableGRPOTrainer(DurableSFTTrainer):
    """Each step begins with a generation: a prompt stands in as many places of the batch as it gets answers.

    Random numbers depend on seed, step and place alone, so a checkpoint of any step is one of a generation's boundary.
    """

    prompts: list[Prompt]
    sampling: Sampling
    score: Scorer
    loss_is_scaled_for_ga = True

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        log_probs_alone(self.model)

    def order_of(self, places: int) -> list[int]:
        count = SAMPLES.of(self.context.parameters)
        return [row for row in super().order_of(places // count) for _ in range(count)]

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        rows = [int(row) for batch in batches for row in batch["rows"]]
        prompts = [self.prompts[row] for row in rows]
        names = [f"step {self.state.global_step} {place}" for place in self._places(len(rows))]
        with self.compute_loss_context_manager():
            answers = sample(self.model, [prompt.ids for prompt in prompts], names, self.sampling)
        scores = self._scored(prompts, answers)
        size = self._train_batch_size
        made = [
            self._batch(prompts[at : at + size], answers[at : at + size], scores[at : at + size])
            for at in range(0, len(rows), size)
        ]
        return made, self.over_ranks(torch.tensor(sum(map(len, answers)), device=device))

    def _places(self, own: int) -> list[int]:
        """Where this rank's rows stand in the batch: its micro-batches are every one in `ranks`."""
        size, context = self._train_batch_size, self.context
        firsts = range(context.rank * size, own * context.ranks, context.ranks * size)
        return [first + at for first in firsts for at in range(size)]

    def _scored(self, prompts: Sequence[Prompt], answers: list[list[int]]) -> torch.Tensor:
        """The advantage of each answer, [places]."""
        places = self._places(len(answers))
        rewards = torch.zeros(len(answers) * self.context.ranks, dtype=torch.float64)
        rewards[places] = torch.tensor(self.score(prompts, answers), dtype=torch.float64)
        rewards = self.over_ranks(rewards).float().cpu()
        self._metrics["train"]["reward"].append(rewards.mean().item())
        groups = rewards.view(-1, SAMPLES.of(self.context.parameters))
        return advantages(groups, BASELINE.of(self.context.parameters)).view(-1)[places]

    def _batch(
        self, prompts: Sequence[Prompt], answers: Sequence[list[int]], scores: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """input_ids, attention_mask and labels [places, longest], and the advantages [places]."""
        longest = max(len(prompt.ids) + len(answer) for prompt, answer in zip(prompts, answers, strict=True))

        def padded(rows: list[list[int]], value: int) -> torch.Tensor:
            return torch.tensor([row + [value] * (longest - len(row)) for row in rows], device=self.args.device)

        pairs = [(prompt.ids, answer) for prompt, answer in zip(prompts, answers, strict=True)]
        return {
            "input_ids": padded([prompt + answer for prompt, answer in pairs], self.sampling.pad_id),
            "attention_mask": padded([[1] * len(prompt + answer) for prompt, answer in pairs], 0),
            "labels": padded([[-100] * len(prompt) + answer for prompt, answer in pairs], -100),
            "advantages": scores.to(self.args.device),
        }

    def compute_loss(self, model: Any, inputs: Any, *_: Any, num_items_in_batch: Any = None, **__: Any) -> Any:
        given = {key: inputs[key] for key in ("input_ids", "attention_mask", "labels")}
        outputs = model(**given, use_cache=False, fused_lm_head=True)
        # Its value is the advantages' mean; its gradient is that of Σ A log π, the ratio π / π_sampling being 1.
        ratio = torch.exp(outputs.log_probs - outputs.log_probs.detach()) * (inputs["labels"][:, 1:] != -100)
        self.count_tokens(int(inputs["attention_mask"].sum()))
        # DDP takes the mean over the ranks of what is a sum over them.
        return -self.context.ranks * (inputs["advantages"][:, None] * ratio).sum() / num_items_in_batch


def collate_rows(examples: list[dict[str, int]]) -> dict[str, torch.Tensor]:
    return {"rows": torch.tensor([example["row"] for example in examples])}


def make_trainer(
    context: JobContext, model: Any, tokenizer: Any, micro_batch: int, resume: Path | None
) -> DurableGRPOTrainer:
    values = context.parameters
    if values["batchSize"] % SAMPLES.of(values) != 0:
        raise Rejected(f"batchSize: expected a multiple of samples, {SAMPLES.of(values)}, got {values['batchSize']}")
    prompts = prompts_of(context, tokenizer)
    check_vocabulary([{"prompt_ids": prompt.ids} for prompt in prompts], model)
    sampling = sampling_of(values, model=model, tokenizer=tokenizer, seed=context.seed)
    examples: list[Example] = [
        {"row": row, "input_ids": prompt.ids, "labels": prompt.ids, **prompt.kept} for row, prompt in enumerate(prompts)
    ]
    trainer = DurableGRPOTrainer(
        **trainer_arguments(
            context, model, tokenizer, resume, examples=examples, args=sft_config(context, micro_batch)
        ),
        data_collator=collate_rows,
    )
    trainer.prompts, trainer.sampling, trainer.score = prompts, sampling, scorer_of(context, tokenizer)
    return trainer


GRPO = TrainMethod(
    kind="grpo",
    paper="https://arxiv.org/abs/2402.03300",
    formula="-Σ A_i log π(token) over the batch's answer tokens / their number, A_i = (reward - mean) / deviation in a group",
    make=make_trainer,
    parameters=(*TRAINING, *SAMPLING, BASELINE),
    undivided="its devices draw answers of different lengths, and would wait for each other for ever",
)
