"""Which device is chosen and why, without having it: torch's answers are put in its place."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lamdagent_gpu import device, device_probe
from lamdagent_gpu.device import Device, NoDevice, detect
from lamdagent_gpu.device_probe import choose
from lamdagent_gpu.train.model import computes_in_bfloat16
from lamdagent_gpu.worker import arguments

UUID = "8f3a1c2e-0b1d-4c9a-9f21-2d6c1e0a7b55"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine with neither; `set` gives it something."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def set_(
        *, cuda: bool = False, build: str | None = "12.8", fault: str = "", count: int = 1, mps: bool = False
    ) -> None:
        def init() -> None:
            if fault:
                raise RuntimeError(fault)

        facts = SimpleNamespace(name="NVIDIA H100 80GB HBM3", total_memory=85_010_000_000, major=9, minor=0, uuid=UUID)
        monkeypatch.setattr(torch.version, "cuda", build)
        monkeypatch.setattr(torch.version, "hip", None)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "init", init)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: facts)
        monkeypatch.setattr(torch.backends.mps, "is_built", lambda: mps)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 11_453_251_584, raising=False)

    set_()
    return set_


def test_cuda_comes_first_and_is_described(machine: Any) -> None:
    machine(cuda=True, mps=True)
    found = choose("auto")
    assert str(found) == "cuda: NVIDIA H100 80GB HBM3, 85.0 GB, compute 9.0, GPU-8f3a1c2e"
    assert found.reason == "the first choice"


def test_a_part_of_a_gpu_is_known_by_its_own_id(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(cuda=True)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-5b1e0c44-7c1a-5e0b-a1f2-000000000001")
    assert str(choose("cuda")).endswith("MIG-5b1e0c44")


@pytest.mark.parametrize(
    ("has", "visible", "reason"),
    [
        ({"build": None}, None, "no cuda: this build of torch has no CUDA; no mps: this build of torch has no MPS"),
        ({"fault": "Found no NVIDIA driver on your system. Please check"}, None, "no cuda: Found no NVIDIA driver on your system;"),
        ({}, "", "no cuda: CUDA_VISIBLE_DEVICES is empty;"),
        ({}, "7", "no cuda: CUDA_VISIBLE_DEVICES=7 names none;"),
        ({}, None, "no cuda: torch sees none;"),
    ],
)  # fmt: skip
def test_the_cpu_comes_last_with_the_reasons(
    machine: Any, monkeypatch: pytest.MonkeyPatch, has: dict[str, Any], visible: str | None, reason: str
) -> None:
    machine(**has)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    found = choose("auto")
    assert (found.kind, str(found)) == ("cpu", "cpu")
    assert found.reason.startswith(reason)


def test_mps_comes_before_the_cpu(machine: Any) -> None:
    machine(build=None, mps=True)
    found = choose("auto")
    assert str(found) == "mps: Apple GPU, 11.5 GB"
    assert found.reason == "no cuda: this build of torch has no CUDA"


def test_what_was_asked_for_by_name_is_never_replaced(machine: Any) -> None:
    machine(build=None)
    with pytest.raises(RuntimeError, match=r"expected cuda, got none: this build of torch has no CUDA\. Use --device"):
        choose("cuda")
    with pytest.raises(RuntimeError, match="expected mps, got none: this build of torch has no MPS"):
        choose("mps")


def test_the_worker_asks_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """On this machine, whatever it has."""
    assert detect("auto") == device_probe.choose("auto")
    monkeypatch.setattr(device.subprocess, "run", lambda *_, **__: pytest.fail("the CPU needs no question"))
    assert detect("cpu") == Device(kind="cpu", reason="as asked")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="needs a machine without MPS")
def test_a_missing_device_is_a_fault_with_its_reason() -> None:
    with pytest.raises(NoDevice, match="device: expected mps, got none"):
        detect("mps")


def test_the_training_process_sees_one_cuda_device() -> None:
    two = Device(kind="cuda", visible=2)
    assert two.variables({}) == {"CUDA_VISIBLE_DEVICES": "0"}
    assert two.variables({"CUDA_VISIBLE_DEVICES": "GPU-b, GPU-a"}) == {"CUDA_VISIBLE_DEVICES": "GPU-b"}
    assert Device(kind="cuda", visible=1).variables({"CUDA_VISIBLE_DEVICES": "3"}) == {}
    assert Device(kind="cpu").variables({}) == {}


def test_mps_falls_back_to_the_cpu_unless_told_otherwise() -> None:
    mps = Device(kind="mps")
    assert mps.variables({}) == {"PYTORCH_ENABLE_MPS_FALLBACK": "1"}
    assert mps.variables({"PYTORCH_ENABLE_MPS_FALLBACK": "0"}) == {"PYTORCH_ENABLE_MPS_FALLBACK": "0"}


def test_mps_computes_in_bfloat16_where_torch_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for is_new in (True, False):
        monkeypatch.setattr(torch.backends.mps, "is_macos_or_newer", lambda major, minor, new=is_new: new)
        assert computes_in_bfloat16("mps") is is_new
    assert computes_in_bfloat16("cpu") is False


def test_classes_have_names_that_no_other_queue_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert arguments(["--store", "s", "--gpu-class", "a100-80"]).gpu_class == "a100-80"
    for name in ("control", "any", "Large", "-a", ""):
        with pytest.raises(SystemExit):
            arguments(["--store", "s", f"--gpu-class={name}"])
        assert f"other than control, any, got {name}" in capsys.readouterr().err
