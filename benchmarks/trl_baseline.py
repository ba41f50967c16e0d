"""Bare TRL trainers for `benchmarks/train.py`: as their documentation has them, on rows in the order that ours takes them.

Only what makes both sides the same work is set: steps, batch, rate, precision, lengths. The rest is TRL's default.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """`parameters`: those of our stage."""

    model: Any
    tokenizer: Any
    rows: Sequence[Row]
    """In the order of the training's places."""
    parameters: dict[str, Any]
    device: str
    folder: Path
    """Of the model, and of the output."""

    def arguments(self, **own: Any) -> dict[str, Any]:
        values = self.parameters
        return {
            "output_dir": str(self.folder / "trl"),
            "max_steps": values["steps"],
            "per_device_train_batch_size": values["batchSize"],
            "learning_rate": values["learningRate"],
            "lr_scheduler_type": "constant",
            "train_sampling_strategy": "sequential",
            "gradient_checkpointing": False,
            "bf16": self.device == "cuda",
            "use_cpu": self.device == "cpu",
            "optim": "adamw_torch_fused" if self.device == "cuda" else "adamw_torch",
            "dataloader_pin_memory": self.device == "cuda",
            "save_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
            "seed": 1,
            **own,
        }

    def given(self, args: Any, **more: Any) -> dict[str, Any]:
        dataset = Dataset.from_list(list(self.rows))
        own = {"peft_config": self.peft} if self.parameters.get("tuning") == "lora" else {}
        return {
            "model": self.model,
            "args": args,
            "train_dataset": dataset,
            "processing_class": self.tokenizer,
            **own,
            **more,
        }

    @property
    def peft(self) -> Any:
        from peft import LoraConfig

        rank, alpha = self.parameters["loraRank"], self.parameters["loraAlpha"]
        return LoraConfig(
            r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"
        )


Baseline = Callable[[Setting], Any]


def sft(setting: Setting) -> Any:
    from trl import SFTConfig, SFTTrainer

    return SFTTrainer(**setting.given(SFTConfig(**setting.arguments(max_length=setting.parameters["maxLength"]))))


def dpo(setting: Setting, *, precompute: bool = True) -> Any:
    from trl import DPOConfig, DPOTrainer

    own = {"max_length": setting.parameters["maxLength"], "beta": 0.1, "precompute_ref_log_probs": precompute}
    return DPOTrainer(**setting.given(DPOConfig(**setting.arguments(**own))))


def dpo_default(setting: Setting) -> Any:
    """The reference's log-probabilities in every step."""
    return dpo(setting, precompute=False)


def kto(setting: Setting) -> Any:
    from trl import KTOConfig, KTOTrainer

    own = {"max_length": setting.parameters["maxLength"], "beta": 0.1, "precompute_ref_log_probs": True}
    return KTOTrainer(**setting.given(KTOConfig(**setting.arguments(**own))))


def orpo(setting: Setting) -> Any:
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    own = {"max_length": setting.parameters["maxLength"], "beta": 0.1}
    return ORPOTrainer(**setting.given(ORPOConfig(**setting.arguments(**own))))


def cpo(setting: Setting) -> Any:
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    own = {"max_length": setting.parameters["maxLength"], "beta": 0.1, "cpo_alpha": 1.0}
    return CPOTrainer(**setting.given(CPOConfig(**setting.arguments(**own))))


def gkd(setting: Setting) -> Any:
    """On given answers (lmbda 0), the teacher's weights being a copy of the student's."""
    from transformers import AutoModelForCausalLM
    from trl.experimental.gkd import GKDConfig, GKDTrainer

    teacher = AutoModelForCausalLM.from_pretrained(setting.folder, dtype=setting.model.dtype).to(setting.device)
    own = {"max_length": setting.parameters["maxLength"], "lmbda": 0.0, "beta": 0.0, "temperature": 1.0}
    return GKDTrainer(**setting.given(GKDConfig(**setting.arguments(**own)), teacher_model=teacher))


def grpo(setting: Setting) -> Any:
    from trl import GRPOConfig, GRPOTrainer

    values = setting.parameters
    own = {
        "num_generations": values["samples"], "max_completion_length": values["maxNewTokens"],
        "temperature": values["temperature"], "shuffle_dataset": False,
    }  # fmt: skip

    def reward(completions: list[str], **_: Any) -> list[float]:
        return [float(text.strip()[-1:] in set("01234")) for text in completions]

    return GRPOTrainer(**setting.given(GRPOConfig(**setting.arguments(**own)), reward_funcs=reward))
