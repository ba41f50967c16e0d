"""Settings that together reach every training method and every parameter of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from typing import Any

import torch
from conftest import LORA, PREFERENCE, QLORA, TRAINING, World

from lamdagent_gpu import curve
from lamdagent_gpu.contract.messages import BuildJob
from lamdagent_gpu.stage import stage_id_of
from lamdagent_gpu.train.model import load_model, load_tokenizer
from lamdagent_gpu.train.registry import METHODS

SHORT = {**TRAINING, "steps": 3, "batchSize": 6}
SAMPLED = {"reward": "regex", "samples": 3, "temperature": 1, "maxNewTokens": 6}
LABELLED_LINE = {"loss": "kto", "beta": 0.2, "desirableWeight": 1.5, "undesirableWeight": 0.5}


@dataclass(frozen=True, kw_only=True)
class Case:
    kind: str
    data: str
    """Of the world's datasets: sft, preference, labelled, verifiable or prompts."""
    parameters: dict[str, Any] = field(default_factory=dict)
    rounds: int = 0
    """Steps of sampling before the first one of the training."""
    by_model: bool = False
    """A reward model scores the answers."""
    same_in_pieces: bool = True
    """A smaller micro-batch changes nothing but rounding."""

    def job(self, world: World, **changed: Any) -> BuildJob:
        models = {role: [model_of(world, role)] for role in METHODS[self.kind].roles}
        if self.by_model:
            models["reward"] = [scorer_of(world)]
        parameters = {**SHORT, **self.parameters, **changed}
        return world.build_job(self.kind, parameters, **models, data=[data_of(world, self.data)])


CASES = {
    "sft": Case(kind="sft", data="sft"),
    "sft packed": Case(kind="sft", data="sft", parameters={"packing": "bestFit", "maxLength": 24}),
    # The noise is drawn for a micro-batch and its width.
    "sft with noise": Case(kind="sft", data="sft", parameters={"neftuneAlpha": 5}, same_in_pieces=False),
    "sft frozen": Case(kind="sft", data="sft", parameters={"freeze": "lowerLayers", "frozenShare": 0.5}),
    "dpo": Case(kind="dpo", data="preference", parameters={**PREFERENCE, "sftWeight": 0.5}),
    "dpo robust": Case(
        kind="dpo", data="preference", parameters={**PREFERENCE, **LORA, "loss": "robust", "labelSmoothing": 0.1}
    ),
    "dpo discopop": Case(
        kind="dpo", data="preference", parameters={**PREFERENCE, "loss": "discopop", "discopopTau": 0.05}
    ),
    "kto": Case(kind="kto", data="labelled", parameters=LABELLED_LINE),
    "kto of pairs": Case(kind="kto", data="preference", parameters={**LABELLED_LINE, **LORA}),
    "orpo": Case(kind="orpo", data="preference", parameters={"beta": 0.5}),
    "cpo": Case(kind="cpo", data="preference", parameters={"loss": "sigmoid", "beta": 0.1, "sftWeight": 1}),
    "simpo": Case(
        kind="cpo", data="preference", parameters={**LORA, "loss": "simpo", "beta": 2, "gamma": 0.5, "sftWeight": 0}
    ),
    "distil": Case(kind="distil", data="sft", parameters={"divergence": "forwardKl", "temperature": 2, "sftWeight": 0.5}),
    "rft": Case(kind="rft", data="verifiable", parameters={**SAMPLED, "keep": 2}, rounds=3),
    "on-policy dpo": Case(
        kind="onPolicyDpo", data="verifiable",
        parameters={**SAMPLED, **PREFERENCE, **LORA, "loss": "robust", "labelSmoothing": 0.1}, rounds=3,
    ),
    "on-policy discopop": Case(
        kind="onPolicyDpo", data="verifiable",
        parameters={**SAMPLED, **PREFERENCE, "loss": "discopop", "discopopTau": 0.05}, rounds=3,
    ),
    "grpo": Case(kind="grpo", data="verifiable", parameters={**SAMPLED, "baseline": "group"}),
    "rloo": Case(kind="grpo", data="verifiable", parameters={**SAMPLED, **LORA, "baseline": "leaveOneOut"}),
    "reward model": Case(kind="rewardModel", data="preference", parameters={"heldOut": 0.25}),
    "reward model lora": Case(kind="rewardModel", data="preference", parameters={**LORA, "heldOut": 0}),
    "grpo by a model": Case(
        kind="grpo", data="prompts", by_model=True, parameters={**SAMPLED, "reward": "model", "baseline": "group"}
    ),
    "rft by a model": Case(
        kind="rft", data="prompts", by_model=True, parameters={**SAMPLED, "reward": "model", "keep": 1}, rounds=3
    ),
    "distil jsd": Case(
        kind="distil", data="sft",
        parameters={**LORA, "divergence": "jsd", "jsdBeta": 0.3, "temperature": 1, "sftWeight": 0},
    ),
}  # fmt: skip

QLORA_CASES = {
    "sft qlora": Case(kind="sft", data="sft", parameters=QLORA),
    "dpo qlora": Case(kind="dpo", data="preference", parameters={**PREFERENCE, **QLORA}),
    "kto qlora": Case(kind="kto", data="labelled", parameters={**LABELLED_LINE, **QLORA}),
    "grpo qlora": Case(kind="grpo", data="verifiable", parameters={**SAMPLED, **QLORA, "baseline": "group"}),
}
"""On weights in 4 bits, which takes an extra of the worker."""


def forget(world: World, job: BuildJob) -> None:
    """Nothing is left to go on from, or to be taken for what comes."""
    shutil.rmtree(world.store.local_work(job.stageId) / "checkpoints", ignore_errors=True)
    (world.store.root / curve.key_of(job.stageId)).unlink(missing_ok=True)


def model_of(world: World, role: str) -> str:
    return world.model if role == "model" else world.publish_model(role, seed=7)


def data_of(world: World, name: str) -> str:
    made = {"labelled": labelled, "verifiable": verifiable, "prompts": prompts}.get(name)
    return made(world) if made else str(getattr(world, name))


def verifiable(world: World, rows: int = 24) -> str:
    """Right is what begins with one of about half of all characters: a random model is right now and then."""
    text = "".join(json.dumps({"prompt": f"say {row}", "answers": ["[ -P].*"]}) + "\n" for row in range(rows))
    return world.publish("dataset", {"data.jsonl": text}, {"shape": "verifiable"})


def prompts(world: World, rows: int = 24) -> str:
    """Nothing says what a right answer is."""
    text = "".join(json.dumps({"prompt": f"say {row}"}) + "\n" for row in range(rows))
    return world.publish("dataset", {"data.jsonl": text}, {"shape": "verifiable"})


def scorer_of(world: World) -> str:
    """A random reward model; its accuracy is what its training would have said."""
    folder = world.store.new_folder()
    base = world.store.open(world.model)
    torch.manual_seed(11)
    model = load_model(base, "cpu", scores=True)
    model.config.pad_token_id = 0
    model.save_pretrained(folder)
    load_tokenizer(base).save_pretrained(folder)
    stage_id = stage_id_of({"scorer": "random"})
    world.store.publish(stage_id, "rewardModel", folder, {"metrics": {"heldOutAccuracy": 0.5}})
    return stage_id


def labelled(world: World, rows: int = 24) -> str:
    """Right answers and wrong ones in turn."""
    listed = [
        {"prompt": f"say {row}", "completion": str(row) if row % 2 == 0 else f"no {row + 1}", "label": row % 2 == 0}
        for row in range(rows)
    ]
    text = "".join(json.dumps(row) + "\n" for row in listed)
    return world.publish("dataset", {"data.jsonl": text}, {"shape": "labelled"})
