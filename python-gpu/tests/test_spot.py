"""Preemption notices, read from loopback services that speak as the three providers' do."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from fake_metadata import FAULTS, Cloud, FakeAws, FakeAzure, FakeGcp, FakeMetadata, aws_action, serving

from lamdagent_gpu.spot.aws import Aws
from lamdagent_gpu.spot.azure import Azure
from lamdagent_gpu.spot.gcp import Gcp
from lamdagent_gpu.spot.metadata import Metadata, Unheard, parse_address
from lamdagent_gpu.spot.notice import Notice
from lamdagent_gpu.spot.watch import Watch

UNDATED = 30.0
CLOUDS: dict[str, Callable[[], Cloud]] = {"aws": FakeAws, "gcp": FakeGcp, "azure": FakeAzure}


def preempt(cloud: Any, seconds: float = 100.0) -> None:
    """The provider decides to take the machine."""
    if isinstance(cloud, FakeAws):
        cloud.action = aws_action("terminate", seconds)
    elif isinstance(cloud, FakeGcp):
        cloud.preempted = "TRUE"
    else:
        cloud.schedule("Preempt", seconds=seconds)


class Ear:
    """Hears what a watch tells."""

    def __init__(self, fake: FakeMetadata, choice: str, *, answer_seconds: float = 0.5) -> None:
        self.notices: list[Notice] = []
        metadata = Metadata(fake.address, answer_seconds=answer_seconds)
        self.watch = Watch(
            choice, metadata, self.notices.append, poll_seconds=0.02, look_seconds=0.02, later_look_seconds=0.1
        )
        self.watch.start()

    def heard(self) -> Notice:
        until(lambda: bool(self.notices))
        return self.notices[0]


PATIENCE_SECONDS = 60
"""Only a hang takes longer, on however busy a machine."""


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, f"expected it within {PATIENCE_SECONDS} s"
        time.sleep(0.01)


@pytest.fixture
def listen() -> Iterator[Callable[..., Ear]]:
    ears: list[Ear] = []

    def begin(*args: Any, **options: Any) -> Ear:
        ears.append(Ear(*args, **options))
        return ears[-1]

    yield begin
    for ear in ears:
        ear.watch.stop()


def left(notice: Notice | None) -> float:
    assert notice is not None
    return notice.deadline - time.monotonic()


@pytest.mark.parametrize(("name", "choice"), [(name, choice) for name in CLOUDS for choice in (name, "auto")])
def test_a_notice_is_heard_once_and_not_before_it_is_given(name: str, choice: str, listen: Any) -> None:
    cloud = CLOUDS[name]()
    with serving(cloud) as fake:
        ear = listen(fake, choice)
        until(lambda: fake.polled() > 12)
        assert ear.notices == []
        preempt(cloud)
        notice = ear.heard()
        time.sleep(0.1)
        assert len(ear.notices) == 1
    assert notice.provider == name
    assert notice.reason.startswith(f"preemption notice of {name}: ")
    assert left(notice) == pytest.approx(UNDATED if name == "gcp" else 100, abs=2)


@pytest.mark.parametrize("action", ["terminate", "stop", "hibernate"])
def test_aws_tells_the_action_and_its_time(action: str) -> None:
    with serving(FakeAws(action=aws_action(action, 120))) as fake:
        notice = Aws(Metadata(fake.address), UNDATED).poll()
    assert notice is not None
    assert (notice.action, left(notice)) == (action, pytest.approx(120, abs=2))


def test_the_time_left_is_counted_on_the_providers_clock() -> None:
    """This machine's clock may be wrong by an hour; the service sends its own with each answer."""
    cloud = FakeAws(action=aws_action("terminate", 3600 + 90))
    with serving(cloud) as fake:
        fake.skew_seconds = 3600
        assert left(Aws(Metadata(fake.address), UNDATED).poll()) == pytest.approx(90, abs=2)


@pytest.mark.parametrize("when", ["", "soon", None, 12, "2017-09-18T08:22:00Z"])
def test_a_time_that_is_missing_odd_or_past_counts_as_undated(when: Any) -> None:
    with serving(FakeAws(action=json.dumps({"action": "stop", "time": when}))) as fake:
        assert left(Aws(Metadata(fake.address), UNDATED).poll()) == pytest.approx(UNDATED, abs=1)


def test_aws_tokens_are_renewed_before_they_end_and_again_when_refused() -> None:
    cloud = FakeAws()
    with serving(cloud) as fake:
        aws = Aws(Metadata(fake.address), UNDATED, ttl_seconds=1)
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            assert aws.poll() is None
            time.sleep(0.05)
        assert len(cloud.tokens) == 2
        assert {status for _, _, status in fake.seen} == {200, 404}
        cloud.tokens.clear()
        cloud.action = aws_action("terminate", 100)
        assert aws.poll() is not None
        assert 401 in {status for _, _, status in fake.seen}


def test_aws_keeps_one_token_as_long_as_it_is_good() -> None:
    cloud = FakeAws()
    with serving(cloud) as fake:
        aws = Aws(Metadata(fake.address), UNDATED)
        for _ in range(5):
            aws.poll()
    assert len(cloud.tokens) == 1


def test_a_rebalance_recommendation_is_said_once_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with serving(FakeAws(rebalance='{"noticeTime": "2026-01-01T00:00:00Z"}')) as fake, caplog.at_level(logging.INFO):
        aws = Aws(Metadata(fake.address), UNDATED)
        assert [aws.poll(), aws.poll(), aws.poll()] == [None, None, None]
    assert caplog.text.count("rebalance") == 1


@pytest.mark.parametrize("action", ["{}", "null", '"terminate"', '{"action": "none"}', '{"action": ["stop"]}', "TRUE"])
def test_aws_answers_that_name_no_action_are_no_notice(action: str) -> None:
    with serving(FakeAws(action=action)) as fake, pytest.raises(Unheard, match="expected an action"):
        Aws(Metadata(fake.address), UNDATED).poll()


@pytest.mark.parametrize(
    ("preempted", "maintenance", "action"),
    [
        ("FALSE", "NONE", None),
        ("FALSE", "MIGRATE_ON_HOST_MAINTENANCE", None),
        ("FALSE", "TERMINATE_ON_HOST_MAINTENANCE", "TERMINATE_ON_HOST_MAINTENANCE"),
        ("TRUE", "NONE", "preempted"),
        ("true\n", "TERMINATE_ON_HOST_MAINTENANCE", "preempted"),
    ],
)
def test_gcp_says_it_in_two_places(preempted: str, maintenance: str, action: str | None) -> None:
    with serving(FakeGcp(preempted=preempted, maintenance=maintenance)) as fake:
        notice = Gcp(Metadata(fake.address), UNDATED).poll()
    assert (notice and notice.action) == action
    if notice is not None:
        assert left(notice) == pytest.approx(UNDATED, abs=1)


def test_gcp_answers_without_googles_header_are_somebody_elses() -> None:
    with serving(FakeGcp(preempted="TRUE", headers={})) as fake, pytest.raises(Unheard, match="Metadata-Flavor"):
        Gcp(Metadata(fake.address), UNDATED).poll()


@pytest.mark.parametrize(
    ("kind", "machine", "heard"),
    [
        ("Preempt", "gpu-spot_3", True),
        ("Preempt", "GPU-Spot_3", True),
        ("Terminate", "gpu-spot_3", True),
        ("Preempt", "gpu-spot_30", False),
        ("Freeze", "gpu-spot_3", False),
        ("Reboot", "gpu-spot_3", False),
        ("Redeploy", "gpu-spot_3", False),
    ],
)
def test_azure_events_count_when_they_end_this_machine(kind: str, machine: str, heard: bool) -> None:
    cloud = FakeAzure()
    cloud.schedule("Freeze", seconds=900)
    cloud.schedule(kind, seconds=45, machine=machine)
    with serving(cloud) as fake:
        notice = Azure(Metadata(fake.address), UNDATED).poll()
        assert {method for method, _, _ in fake.seen} == {"GET"}, "an event must never be approved"
    assert (notice is not None) == heard
    if notice is not None:
        assert (notice.action, left(notice)) == (kind, pytest.approx(45, abs=2))


def test_an_azure_event_that_has_started_has_no_time() -> None:
    cloud = FakeAzure()
    cloud.schedule("Preempt", seconds=0, started=True)
    with serving(cloud) as fake:
        assert left(Azure(Metadata(fake.address), UNDATED).poll()) == pytest.approx(UNDATED, abs=1)


def test_azure_events_count_while_the_machines_own_name_is_not_known() -> None:
    cloud = FakeAzure(name=None)
    cloud.schedule("Preempt", seconds=45, machine="whoever")
    with serving(cloud) as fake:
        azure = Azure(Metadata(fake.address), UNDATED)
        assert azure.poll() is not None
        cloud.name = "gpu-spot_3"
        assert azure.poll() is None


def test_azures_first_answer_may_take_long() -> None:
    with serving(FakeAzure(first_seconds=1.0)) as fake:
        azure = Azure(Metadata(fake.address, answer_seconds=0.2), UNDATED)
        assert azure.poll() is None
        fake.fault = FAULTS["slow"]
        with pytest.raises(Unheard, match="timed out"):
            azure.poll()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", CLOUDS)
def test_faults_of_the_service_are_said_once_and_survived(
    name: str, fault: str, listen: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lamdagent_gpu.spot.azure.FIRST_ANSWER_SECONDS", 0.5)
    cloud = CLOUDS[name]()
    with serving(cloud) as fake:
        fake.fault = FAULTS[fault]
        ear = listen(fake, name)
        until(lambda: fake.polled() >= 3)
        assert ear.watch.lives
        assert ear.notices == []
        fake.fault = None
        preempt(cloud)
        assert ear.heard().provider == name
    said = [record.getMessage() for record in caplog.records if "watching goes on" in record.getMessage()]
    assert len(said) == 1, said


@pytest.mark.parametrize("name", CLOUDS)
def test_a_service_that_is_not_there_is_said_once_and_waited_for(
    name: str, listen: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(CLOUDS[name]()) as gone:
        pass
    ear = listen(gone, name)
    time.sleep(0.3)
    assert ear.watch.lives
    assert caplog.text.count("expected an answer, got") == 1


def test_auto_says_once_that_no_provider_answers_and_still_finds_a_late_one(
    listen: Any, caplog: pytest.LogCaptureFixture
) -> None:
    cloud = FakeAzure()
    with serving(cloud) as fake:
        fake.fault = FAULTS["HTML"]
        ear = listen(fake, "auto")
        until(lambda: fake.polled() > 18)
        assert caplog.text.count("going on without notices") == 1
        fake.fault = None
        preempt(cloud)
        assert ear.heard().provider == "azure"
    assert caplog.text.count("going on without notices") == 1


def test_auto_looks_again_when_the_network_comes_up_late(listen: Any) -> None:
    cloud = FakeGcp(preempted="TRUE")
    with serving(cloud) as fake:
        fake.fault = FAULTS["reset"]
        ear = listen(fake, "auto")
        until(lambda: fake.polled() >= 1)
        fake.fault = None
        assert ear.heard().provider == "gcp"


@pytest.mark.parametrize("name", CLOUDS)
def test_no_proxy_is_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    cloud = CLOUDS[name]()
    preempt(cloud)
    with serving(cloud) as fake:
        makers: dict[str, Any] = {"aws": Aws, "gcp": Gcp, "azure": Azure}
        assert makers[name](Metadata(fake.address), UNDATED).poll() is not None


@pytest.mark.parametrize(
    ("cloud", "method", "path", "headers", "status"),
    [
        (FakeAws(), "GET", "/latest/meta-data/spot/instance-action", {}, 401),
        (FakeAws(), "GET", "/latest/meta-data/instance-id", {"X-aws-ec2-metadata-token": "made-up"}, 401),
        (FakeAws(), "PUT", "/latest/api/token", {}, 400),
        (FakeAws(), "PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "21601"}, 400),
        (FakeAws(), "PUT", "/latest/api/token", {"X-Forwarded-For": "10.0.0.1"}, 403),
        (FakeGcp(), "GET", "/computeMetadata/v1/instance/preempted", {}, 403),
        (FakeAzure(), "GET", "/metadata/scheduledevents?api-version=2020-07-01", {}, 400),
        (FakeAzure(), "GET", "/metadata/scheduledevents", {"Metadata": "true"}, 400),
    ],
)
def test_the_fake_refuses_what_the_real_ones_refuse(
    cloud: Cloud, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    with serving(cloud) as fake:
        connection = HTTPConnection(fake.address, timeout=5)
        connection.request(method, path, headers=headers)
        assert connection.getresponse().status == status
        connection.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("169.254.169.254", ("169.254.169.254", 80)),
        ("metadata.google.internal", ("metadata.google.internal", 80)),
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("http://127.0.0.1:8080/", ("127.0.0.1", 8080)),
        ("[fd00:ec2::254]", ("fd00:ec2::254", 80)),
    ],
)
def test_an_address_is_a_host_and_perhaps_a_port(text: str, expected: tuple[str, int]) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize("text", ["https://host", "host/path", "host:port", "", "host:99999", "ftp://host"])
def test_an_address_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|Port"):
        parse_address(text)
