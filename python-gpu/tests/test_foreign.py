"""Files made by others never run their makers' code: pickles, remote code, kernels, chat templates that try to escape."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import TRAINING, World, save_tiny_model

from lamdagent_gpu.checkpoint import Checkpoints
from lamdagent_gpu.context import Incomplete, Preempted, Rejected
from lamdagent_gpu.contract.messages import BuildJob
from lamdagent_gpu.foreign import check_model_folder
from lamdagent_gpu.train import run_training
from lamdagent_gpu.train.data import encode_sft
from lamdagent_gpu.train.model import load_model, load_tokenizer
from lamdagent_gpu.train.rows import encode_rows


class Evil:
    """Unpickled without care, it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return open, (str(self.mark), "w")


def plant(path: Path, mark: Path) -> None:
    """A file as `torch.save` writes it, whose loading leaves the mark; also a bare pickle would."""
    torch.save({"state": Evil(mark)}, path)


def write_code(folder: Path, name: str, mark: Path) -> None:
    (folder / name).write_text(f"open({str(mark)!r}, 'w')\nclass Evil: ...\n", "utf8")


def change(path: Path, **keys: object) -> None:
    value = json.loads(path.read_text("utf8"))
    path.write_text(json.dumps({**value, **keys}), "utf8")


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "code ran"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_tiny_model(tmp_path / "model")


def test_the_planted_pickle_works_where_nobody_takes_care(tmp_path: Path, mark: Path) -> None:
    plant(tmp_path / "x.pt", mark)
    torch.load(tmp_path / "x.pt", weights_only=False)
    assert mark.exists()


@pytest.mark.parametrize("variable", [None, "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"])
@pytest.mark.parametrize("name", ["optimizer.pt", "scheduler.pt", "rng_state.pth", "pytorch_model.bin"])
def test_a_pickle_planted_in_a_checkpoint_with_a_manifest_made_for_it_never_runs(
    world: World, mark: Path, name: str, variable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable:
        monkeypatch.setenv(variable, "1")
    job = world.build_job("sft", TRAINING, model=[world.model], data=[world.sft])
    stop_at(world, job, 2)
    context = world.context(job)
    assert context.resume is not None
    folder = context.resume.folder
    (folder / "manifest.json").unlink()
    if name == "pytorch_model.bin":  # transformers' trainer would fall back on it where there is no safetensors file
        (folder / "model.safetensors").unlink()
    plant(folder / name, mark)
    reseal(context.saver.checkpoints, folder)  # whoever writes to the store can write manifests too
    resumed = world.context(job)
    assert resumed.resume is not None, "the planted checkpoint must reach the trainer"
    refused = {"pytorch_model.bin": (Incomplete, "got no .'weights as safetensors'.")}
    kind, words = refused.get(name, (pickle.UnpicklingError, "Weights only load failed"))
    with pytest.raises(kind, match=words):
        run_training(resumed)
    assert not mark.exists()


def stop_at(world: World, job: BuildJob, step: int) -> None:
    def stop(latest: dict[str, Any]) -> str | None:
        return "notice" if latest["phase"] == "training" and latest["step"] >= step - 1 else None

    with pytest.raises(Preempted):
        run_training(world.context(job, stop=stop))


def reseal(checkpoints: Checkpoints, folder: Path) -> None:
    checkpoints._seal(folder, int(folder.name))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "vocab.pkl", "deep/scaler.pth"])
def test_a_model_with_pickles_is_refused_with_advice(model: Path, mark: Path, name: str) -> None:
    (model / name).parent.mkdir(exist_ok=True)
    (model / "model.safetensors").unlink()
    plant(model / name, mark)
    for load in (load_tokenizer, lambda folder: load_model(folder, "cpu")):
        with pytest.raises(Rejected, match=rf"expected weights as safetensors and no code, got {name}.*Convert"):
            load(model)
    assert not mark.exists()


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json", "generation_config.json"])
def test_a_configuration_that_names_code_is_refused(model: Path, mark: Path, file: str) -> None:
    change(model / file, auto_map={"AutoConfig": "evil.Evil", "AutoModelForCausalLM": "evil.Evil"})
    for load in (load_tokenizer, lambda folder: load_model(folder, "cpu")):
        with pytest.raises(Rejected, match=rf"{file}: expected no auto_map, which names Python code to run; got"):
            load(model)
    write_code(model, "evil.py", mark)
    with pytest.raises(Rejected, match=r"got evil\.py"):
        load_model(model, "cpu")
    assert not mark.exists()


def test_remote_code_does_not_run_even_where_the_check_is_missing(
    model: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switches alone hold too: two locks, not one."""
    monkeypatch.setattr("lamdagent_gpu.train.model.check_model_folder", lambda folder: None)
    change(model / "config.json", auto_map={"AutoConfig": "evil.Evil", "AutoModelForCausalLM": "evil.Evil"})
    change(model / "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.Evil", "evil.Evil"]})
    write_code(model, "evil.py", mark)
    load_tokenizer(model)
    load_model(model, "cpu")
    (model / "model.safetensors").unlink()
    plant(model / "pytorch_model.bin", mark)
    with pytest.raises(OSError, match="safetensors"):
        load_model(model, "cpu")
    assert not mark.exists()


@pytest.mark.parametrize(
    "keys",
    [
        {"attn_implementation": "someone/kernel"},
        {"_attn_implementation": "someone/kernel:attention"},
        {"text_config": {"attn_implementation": {"": "sdpa", "vision": "someone/kernel@main"}}},
        {"experts_implementation": "someone/kernel"},
        {"kernel_config": {"RMSNorm": "someone/kernel:RMSNorm"}},
        {"custom_generate": "someone/decoding"},
        {"trust_remote_code": True},
    ],
)
def test_kernels_and_code_from_a_hub_are_refused(model: Path, keys: dict[str, Any]) -> None:
    change(model / "config.json", **keys)
    with pytest.raises(Rejected, match=r"model: config\.json: expected"):
        check_model_folder(model)


def test_plain_models_pass(model: Path) -> None:
    change(model / "config.json", attn_implementation="sdpa", trust_remote_code=False)
    check_model_folder(model)
    load_tokenizer(model)


def test_a_merge_refuses_them_too(world: World, mark: Path) -> None:
    from lamdagent_gpu.merge import run_merge
    from lamdagent_gpu.stage import stage_id_of

    folder = save_tiny_model(world.store.new_folder(), seed=2)
    write_code(folder, "modeling_evil.py", mark)
    evil = stage_id_of({"model": "evil"})
    world.store.publish(evil, "model", folder, {})
    parameters = {"method": "linear", "weights": [0.5, 0.5]}
    job = world.build_job("merge", parameters, models=[world.model, evil])
    with pytest.raises(Rejected, match=r"no code, got modeling_evil\.py"):
        run_merge(world.context(job))
    assert not mark.exists()


REFUSED = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ messages.__class__.__base__.__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.system('touch MARK') }}",
    "{{ raise_exception.__globals__['__builtins__']['open']('MARK', 'w') }}",
    "{{ strftime_now.__globals__.os.popen('touch MARK').read() }}",
    "{{ '{0.__class__.__mro__}'.format(messages) }}",
    "{{ messages.append(1) }}",
]
EMPTY = ["{{ messages|map(attribute='__class__')|join }}", "{{ self.__init__ }}", "{{ ''.__class__ }}"]


@pytest.mark.parametrize("escape", [*REFUSED, *EMPTY])
def test_a_chat_template_cannot_leave_its_sandbox(world: World, model: Path, mark: Path, escape: str) -> None:
    change(model / "tokenizer_config.json", chat_template=None)
    template = (model / "chat_template.jinja").read_text("utf8")
    (model / "chat_template.jinja").write_text(escape.replace("MARK", str(mark)) + template, "utf8")
    tokenizer = load_tokenizer(model)
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
    if escape in REFUSED:
        context = world.context(world.build_job("sft", TRAINING, model=[world.model], data=[world.sft]))
        rows = [{"_where": "data.jsonl:1", "messages": messages}]
        with pytest.raises(Rejected, match=r"data\.jsonl:1: expected a row the chat template can render, got"):
            list(encode_rows(context, rows, lambda row: encode_sft(row, tokenizer)))
    else:
        assert tokenizer.apply_chat_template(messages, tokenize=False) == "<u>hi<a>ho<e>"
    assert not mark.exists()
