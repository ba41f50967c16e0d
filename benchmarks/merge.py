"""The measured programs of `npm run bench:merge`: each run is a process of its own, whose memory tells of it alone.

    python benchmarks/merge.py make FOLDER LAYERS         a base and two models, bfloat16, about 66M + 12.8M a layer
    python benchmarks/merge.py ours METHOD FOLDER         our engine, as a merge job runs it
    python benchmarks/merge.py mergekit METHOD FOLDER     mergekit through its own Python interface
    python benchmarks/merge.py copy FOLDER                a plain copy of two models and one result, synced to disk
    python benchmarks/merge.py compare METHOD FOLDER      our result against mergekit's, both from float32 arithmetic

Prints one line of JSON. Results are written to FOLDER, each run over the one before.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HIDDEN, WIDE, WORDS, HEADS = 1024, 2816, 32_000, 16
DELTA = 0.001
"""Standard deviation of what a model learned; weights have 0.02."""
DENSITY = 0.5
IDS = {"base": "b" * 64, "one": "1" * 64, "two": "2" * 64}
PARAMETERS: dict[str, dict[str, Any]] = {
    "linear": {"weights": [1, 1]},
    "ties": {"weights": [1, 1], "lambda": 1, "density": DENSITY},
    "dareTies": {"weights": [1, 1], "lambda": 1, "density": DENSITY},
}
THEIR_NAMES = {"linear": "linear", "ties": "ties", "dareTies": "dare_ties"}


def make(folder: Path, layers: int) -> dict[str, Any]:
    import torch
    from safetensors.torch import save_file

    from lamdagent_gpu.store import FolderStore
    from lamdagent_gpu.weights import parameter_count, weights_sha256

    store = FolderStore(folder / "store")
    count = 0
    for number, (name, stage_id) in enumerate(IDS.items()):
        if store.manifest(stage_id) is not None:
            count = parameter_count(store.open(stage_id))
            continue
        common, own = (torch.Generator().manual_seed(seed) for seed in (0, 100 + number))
        target = store.new_folder()
        tensors = {}
        for key, shape in shapes(layers).items():
            weight = torch.randn(shape, generator=common).mul_(0.02)
            if name != "base":
                weight.add_(torch.randn(shape, generator=own), alpha=DELTA)
            tensors[key] = weight.to(torch.bfloat16)
        save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
        (target / "config.json").write_text(json.dumps(configuration(layers)), "utf8")
        (target / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {"a": 0}}, "added_tokens": []}), "utf8")
        count = parameter_count(target)
        store.publish(stage_id, "model", target, {"weightsSha256": weights_sha256(target)})
    return {"parameters": count}


def shapes(layers: int) -> dict[str, tuple[int, ...]]:
    square, vector = (HIDDEN, HIDDEN), (HIDDEN,)
    attention = {f"self_attn.{one}_proj.weight": square for one in "qkvo"}
    mlp = {f"mlp.{one}_proj.weight": (WIDE, HIDDEN) for one in ("gate", "up")}
    norms = {f"{one}_layernorm.weight": vector for one in ("input", "post_attention")}
    layer = {**attention, **mlp, "mlp.down_proj.weight": (HIDDEN, WIDE), **norms}
    outside = {"model.embed_tokens.weight": (WORDS, HIDDEN), "lm_head.weight": (WORDS, HIDDEN)}
    stack = {f"model.layers.{n}.{key}": shape for n in range(layers) for key, shape in layer.items()}
    return {**outside, "model.norm.weight": vector, **stack}


def configuration(layers: int) -> dict[str, Any]:
    sizes = {"hidden_size": HIDDEN, "intermediate_size": WIDE, "vocab_size": WORDS, "num_hidden_layers": layers}
    heads = {"num_attention_heads": HEADS, "num_key_value_heads": HEADS, "tie_word_embeddings": False}
    return {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "dtype": "bfloat16", **sizes, **heads}


def ours(method: str, folder: Path) -> dict[str, Any]:
    from lamdagent_gpu.merge import run_merge

    context = job(method, folder)
    for stage_id in IDS.values():  # a worker verifies each object's hash once in its life
        context.store.open(stage_id)
    found = measured(lambda: run_merge(context))
    keep(context.output_folder, folder / f"ours-{method}")
    return found


def job(method: str, folder: Path) -> Any:
    from lamdagent_gpu.checkpoint import Checkpoints
    from lamdagent_gpu.context import JobContext
    from lamdagent_gpu.contract.messages import BuildJob
    from lamdagent_gpu.pace import Pace
    from lamdagent_gpu.saver import Saver
    from lamdagent_gpu.stage import stage_id_of
    from lamdagent_gpu.store import FolderStore

    store = FolderStore(folder / "store")
    inputs = {"models": [IDS["one"], IDS["two"]], "base": [IDS["base"]]}
    parameters = {"method": method, **PARAMETERS[method]}
    stage = {"kind": "merge", "recipeVersion": 1, "inputs": inputs, "parameters": parameters, "seed": "1"}
    stage_id = stage_id_of(stage)
    options = {"checkpointSeconds": 60, "maxStalledAttempts": 3}
    asked = {"stageId": stage_id, "stage": stage, "options": options, "requester": "benchmark", "label": "merge"}
    return JobContext(
        job=BuildJob.model_validate({"schemaVersion": 1, **asked}),
        store=store,
        device="cpu",
        output_folder=store.new_folder(),
        saver=Saver(Checkpoints(store=store, stage_id=stage_id, epoch=1), None),
        pace=Pace(store.local_work(stage_id), 1),
        resume=None,
        report=lambda progress: None,
        stop_reason=lambda: None,
    )


def mergekit(method: str, folder: Path, *, dtype: str = "bfloat16") -> dict[str, Any]:
    from mergekit.config import MergeConfiguration
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions

    paths = {name: str(folder / "store" / "objects" / stage_id) for name, stage_id in IDS.items()}
    of_each = {"weight": 1.0, **({} if method == "linear" else {"density": DENSITY})}
    plan = {
        "merge_method": THEIR_NAMES[method],
        "models": [{"model": paths[name], "parameters": of_each} for name in ("one", "two")],
        "parameters": {"normalize": True},
        "dtype": dtype,
        "out_dtype": "bfloat16",
        **({} if method == "linear" else {"base_model": paths["base"]}),
    }
    target = folder / "new"
    shutil.rmtree(target, ignore_errors=True)
    options = MergeOptions(copy_tokenizer=False, write_model_card=False, quiet=True)
    found = measured(lambda: run_merge(MergeConfiguration.model_validate(plan), str(target), options))
    keep(target, folder / f"mergekit-{method}-{dtype}")
    return found


def copy(folder: Path) -> dict[str, Any]:
    """Read and written like the linear method's inputs and output: two models and one result."""
    target = folder / "new"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    result = next((folder / "ours-linear").glob("*.safetensors"))
    objects = folder / "store" / "objects"
    sources = [*(objects / IDS[name] / "model.safetensors" for name in ("one", "two")), result]

    def run() -> None:
        for number, source in enumerate(sources):
            with source.open("rb") as left, (target / f"{number}").open("wb") as right:
                shutil.copyfileobj(left, right, 1 << 20)
                right.flush()
                os.fsync(right.fileno())

    found = measured(run)
    shutil.rmtree(target)
    return found


def keep(made: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    made.rename(target)


def measured(run: Callable[[], object]) -> dict[str, Any]:
    """Seconds by the wall and of the processor, and the most anonymous memory while it ran: all, and what it added."""
    before = anonymous_bytes()
    most, done = [before], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            most[0] = max(most[0], anonymous_bytes())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    wall, processor = time.perf_counter(), time.process_time()
    run()
    found = {"seconds": time.perf_counter() - wall, "processorSeconds": time.process_time() - processor}
    done.set()
    watcher.join()
    return {**found, "anonymousBytes": most[0], "addedBytes": most[0] - before}


def anonymous_bytes() -> int:
    text = Path("/proc/self/status").read_text("ascii")
    line = next(line for line in text.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


def compare(method: str, folder: Path) -> dict[str, Any]:
    """Elements that differ, and those of them for which no documented cause is at hand.

    Both round once to bfloat16, from sums in another order: a difference of one step of bfloat16 is no difference.
    TIES: where a delta equals its model's threshold, ours keeps it and theirs may not.
    """
    import torch
    from safetensors import safe_open

    from lamdagent_gpu.merge.ties import threshold

    mergekit(method, folder, dtype="float32")
    other = folder / f"mergekit-{method}-float32"
    objects = folder / "store" / "objects"
    files = {name: safe_open(objects / stage_id / "model.safetensors", "pt") for name, stage_id in IDS.items()}
    left = safe_open(folder / f"ours-{method}" / "model.safetensors", "pt")
    right: dict[str, Any] = {}
    for path in other.glob("*.safetensors"):
        shard = safe_open(path, "pt")
        right |= dict.fromkeys(shard.keys(), shard)
    total = different = unexplained = 0
    for key in left.keys():  # noqa: SIM118 (no mapping)
        mine, his = left.get_tensor(key).float(), right[key].get_tensor(key).float()
        apart = (mine - his).abs() > torch.maximum(mine.abs(), his.abs()) * 2.0**-7
        total, different = total + mine.numel(), different + int(apart.sum())
        if method == "ties":
            base = files["base"].get_tensor(key).float()
            for name in ("one", "two"):
                delta = files[name].get_tensor(key).float() - base
                apart &= delta.abs() != threshold(delta, DENSITY)
        unexplained += int(apart.sum())
    return {"elements": total, "different": different, "unexplained": unexplained}


def main(command: str, *words: str) -> dict[str, Any]:
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    if command == "make":
        return make(Path(words[0]), int(words[1]))
    if command == "copy":
        return copy(Path(words[0]))
    return {"ours": ours, "mergekit": mergekit, "compare": compare}[command](words[0], Path(words[1]))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
