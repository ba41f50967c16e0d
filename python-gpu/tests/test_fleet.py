"""What the examples of deployments say, read by those who will read it: Kubernetes' schemas, Temporal's SDK, our command line.

kubernetes-validate is an extra requirement (`requirements-fleet.txt`): its test is skipped without it.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from temporalio.envconfig import ClientConfig, ClientConfigProfile

from lamdagent_gpu.worker import arguments

DEPLOY = Path(__file__).resolve().parents[2] / "examples" / "deploy"
INSTALL = "pip install --no-deps -r python-gpu/requirements-fleet.txt"
KUBERNETES = ("1.30", "1.37")
"""The oldest and the newest of the versions that the examples are checked against."""


def manifests() -> list[Any]:
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return [one for file in files for one in yaml.safe_load_all(file.read_text("utf8"))]


def test_manifests_are_valid_for_kubernetes_and_a_planted_fault_is_not() -> None:
    validator = pytest.importorskip("kubernetes_validate", reason=f"kubernetes-validate is not installed: {INSTALL}")
    kinds = [one["kind"] for one in manifests()]
    assert sorted(kinds) == ["ConfigMap", *["Deployment"] * 2, *["PodDisruptionBudget"] * 2, *["Secret"] * 2]
    for version in KUBERNETES:
        for manifest in manifests():
            validator.validate(manifest, version, strict=True)
    planted = next(one for one in manifests() if one["kind"] == "Deployment")
    planted["spec"]["template"]["spec"]["terminationGracePeriodSecond"] = 75
    with pytest.raises(validator.ValidationError, match="terminationGracePeriodSecond"):
        validator.validate(planted, KUBERNETES[-1], strict=True)


def test_gpu_workers_of_kubernetes_ask_for_one_gpu_each() -> None:
    (worker,) = [one for one in manifests() if one["kind"] == "Deployment" and "gpu" in one["metadata"]["name"]]
    (container,) = worker["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1


@pytest.mark.parametrize(
    ("profile", "address", "tls"),
    [
        ("cloud-mtls", "my-namespace.a1b2c.tmprl.cloud:7233", True),
        ("cloud-api-key", "eu-central-1.aws.api.temporal.io:7233", False),
        ("own-tls", "temporal.example.com:7233", True),
    ],
)
def test_profiles_are_read_by_the_sdk(profile: str, address: str, tls: bool) -> None:
    found = ClientConfigProfile.load(
        profile=profile, config_source=DEPLOY / "temporal.toml", config_file_strict=True, disable_env=True
    )
    assert found.address == address
    assert (found.tls is not None) == tls


def test_an_api_key_of_the_environment_goes_with_the_profile() -> None:
    variables = {"TEMPORAL_PROFILE": "cloud-api-key", "TEMPORAL_API_KEY": "a key"}
    config = ClientConfig.load_client_connect_config(
        config_file=str(DEPLOY / "temporal.toml"), override_env_vars=variables
    )
    assert config.get("api_key") == "a key"
    assert config.get("namespace") == "my-namespace.a1b2c"


def test_skypilot_runs_a_gpu_worker_with_options_that_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    task = yaml.safe_load((DEPLOY / "skypilot.yaml").read_text("utf8"))
    assert task["resources"]["use_spot"] is True
    words = shlex.split(task["run"].replace("$LAMDAGENT_STORE", task["envs"]["LAMDAGENT_STORE"]))
    assert words[1].endswith("/lamdagent-gpu-worker")
    options = arguments(words[2:])
    assert (options.store, options.device) == ("s3://my-bucket/lamdagent", "cuda")
    assert (options.spot, options.notice) == ("auto", 30)
    with pytest.raises(SystemExit):
        arguments([*words[2:], "--spott"])
    assert "--spott" in capsys.readouterr().err
