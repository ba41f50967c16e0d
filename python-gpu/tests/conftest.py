"""Shared worlds for the tests: a store with a random tiny model, and data for it. No file comes from elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
import torch

from lamdagent_gpu import fence
from lamdagent_gpu.checkpoint import Checkpoints
from lamdagent_gpu.context import JobContext
from lamdagent_gpu.contract.messages import BuildJob, EvaluateJob
from lamdagent_gpu.pace import Pace
from lamdagent_gpu.saver import Saver
from lamdagent_gpu.stage import stage_id_of
from lamdagent_gpu.store import FolderStore

torch.set_num_threads(1)

TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'user' %}<u>{{ message['content'] }}"
    "{% else %}<a>{% generation %}{{ message['content'] }}<e>{% endgeneration %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<a>{% endif %}"
)
TRAINING: dict[str, Any] = {
    "learningRate": 1e-3,
    "steps": 6,
    "batchSize": 4,
    "warmupSteps": 2,
    "scheduler": "linear",
    "maxLength": 64,
    "weightDecay": 0,
    "tuning": "full",
}
LORA: dict[str, Any] = {"tuning": "lora", "loraRank": 4, "loraAlpha": 8}
QLORA: dict[str, Any] = {**LORA, "tuning": "qlora"}
PREFERENCE: dict[str, Any] = {"beta": 0.1, "sftWeight": 0}


def make_tokenizer() -> Any:
    from tokenizers import Regex, Tokenizer
    from tokenizers.decoders import Fuse
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split
    from transformers import PreTrainedTokenizerFast

    vocabulary = ["<pad>", "<u>", "<a>", "<e>", *(chr(code) for code in range(32, 127))]
    tokenizer = Tokenizer(WordLevel({token: i for i, token in enumerate(vocabulary)}, unk_token="<pad>"))
    tokenizer.pre_tokenizer = Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = Fuse()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<e>", extra_special_tokens=["<u>", "<a>"]
    )
    fast.chat_template = TEMPLATE
    return fast


def save_tiny_model(folder: Path, *, seed: int = 0, dtype: torch.dtype = torch.float32, width: int = 32) -> Path:
    """A random Llama with a character tokenizer, by default of about 20k parameters."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    tokenizer = make_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=width // 16,
        max_position_embeddings=128,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=3,
        initializer_range=0.2,
    )
    LlamaForCausalLM(config).to(dtype).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@dataclass(frozen=True)
class World:
    """A store with one model, one SFT set and one preference set."""

    root: Path
    store: FolderStore
    model: str
    sft: str
    preference: str

    def publish(self, kind: str, files: dict[str, str], facts: dict[str, Any], /, **parameters: Any) -> str:
        """Publishes a source object; its id comes from the content."""
        folder = self.store.new_folder()
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf8")
        content = stage_id_of({"files": files})
        stage = {
            "kind": kind,
            "recipeVersion": 1,
            "inputs": {},
            "parameters": {"contentSha256": content, **parameters},
            "seed": "0",
        }
        stage_id = stage_id_of(stage)
        self.store.publish(stage_id, kind, folder, facts)
        return stage_id

    def publish_model(self, name: str, **options: Any) -> str:
        folder = save_tiny_model(self.store.new_folder(), **options)
        stage_id = stage_id_of({"model": name})
        self.store.publish(stage_id, "model", folder, {})
        return stage_id

    def benchmark(
        self, items: list[dict[str, Any]], metric: str = "exactMatch", tokens: int = 8, kind: str | None = None
    ) -> str:
        """As the orchestrator imports it: a kind is named, and limits no new tokens, unless answers are generated."""
        text = "".join(json.dumps(item) + "\n" for item in items)
        facts = {"metric": metric, "maxNewTokens": tokens} if kind is None else {"kind": kind, "metric": metric}
        return self.publish("benchmark", {"items.jsonl": text}, facts, **facts)

    def program(self, files: dict[str, str], **facts: Any) -> str:
        """A benchmark whose items a program prints."""
        facts = {"kind": "command", "metric": "reported", "split": "search", "timeoutSeconds": 60, **facts}
        return self.publish("benchmark", files, facts, **facts)

    def build_job(
        self, kind: str, parameters: dict[str, Any], *, checkpoint_seconds: float = 1e9, **inputs: list[str]
    ) -> BuildJob:
        stage = {"kind": kind, "recipeVersion": 1, "inputs": inputs, "parameters": parameters, "seed": "1"}
        return BuildJob.model_validate(
            {
                "schemaVersion": 1,
                "stageId": stage_id_of(stage),
                "stage": stage,
                "options": {"checkpointSeconds": checkpoint_seconds, "maxStalledAttempts": 3},
                "requester": "exploration/t0001",
                "label": kind,
            }
        )

    def evaluate_job(self, model: str, benchmarks: list[str], *, checkpoint_seconds: float = 30) -> EvaluateJob:
        stages = []
        for benchmark in benchmarks:
            inputs = {"model": [model], "benchmark": [benchmark]}
            stage = {"kind": "evaluate", "recipeVersion": 1, "inputs": inputs, "parameters": {}, "seed": "0"}
            stages.append({"stageId": stage_id_of(stage), "stage": stage})
        options = {"checkpointSeconds": checkpoint_seconds, "maxStalledAttempts": 3}
        return EvaluateJob.model_validate(
            {
                "schemaVersion": 1,
                "modelStageId": model,
                "stages": stages,
                "options": options,
                "requester": "exploration/t0001",
                "label": "score",
            }
        )

    def context(
        self,
        job: BuildJob | EvaluateJob,
        *,
        stop: Callable[[dict[str, Any]], str | None] = lambda _: None,
        seen: list[dict[str, Any]] | None = None,
        device: str = "cpu",
    ) -> JobContext:
        """A context as the child makes it, with the next fence claimed."""
        work_id = job.stageId if isinstance(job, BuildJob) else job.stages[0].stageId
        epoch = fence.claim(self.store, work_id, "test")
        checkpoints = Checkpoints(store=self.store, stage_id=work_id, epoch=epoch)
        resume = checkpoints.newest()
        latest: dict[str, Any] = {}

        def report(progress: dict[str, Any]) -> None:
            latest.update(progress)
            if seen is not None:
                seen.append(progress)

        return JobContext(
            job=job,
            store=self.store,
            device=device,
            output_folder=self.store.new_folder(),
            saver=Saver(checkpoints, resume),
            pace=Pace(self.store.local_work(work_id), epoch),
            resume=resume,
            report=report,
            stop_reason=lambda: stop(latest),
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def make_world(root: Path, **options: Any) -> World:
    """`options`: of the model, as `save_tiny_model` has them."""
    store = FolderStore(root / "store")
    empty = World(root, store, "", "", "")
    model = empty.publish_model("base", **options)
    chats = [
        {"messages": [{"role": "user", "content": f"say {i}"}, {"role": "assistant", "content": f"{i}!"}]}
        for i in range(24)
    ]
    pairs = [
        {
            "prompt": [{"role": "user", "content": f"say {i}"}],
            "chosen": [{"role": "assistant", "content": f"{i}"}],
            "rejected": [{"role": "assistant", "content": f"It is {i}."}],
        }
        for i in range(24)
    ]
    sft = empty.publish("dataset", {"data.jsonl": "".join(json.dumps(row) + "\n" for row in chats)}, {"shape": "sft"})
    preference = empty.publish(
        "dataset", {"data.jsonl": "".join(json.dumps(row) + "\n" for row in pairs)}, {"shape": "preference"}
    )
    return World(root, store, model, sft, preference)
