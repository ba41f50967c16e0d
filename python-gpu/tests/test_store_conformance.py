"""What every store promises, on a folder and on S3 (a real server), and through a network that fails."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from faulty_proxy import KINDS, FaultyProxy
from s3_server import s3_server
from seaweedfs import INSTALL, WEED, seaweedfs

from lamdagent_gpu import attempts, fence
from lamdagent_gpu.attempts import AttemptRecord
from lamdagent_gpu.checkpoint import Checkpoints
from lamdagent_gpu.contract.messages import Manifest
from lamdagent_gpu.fence import StaleFence
from lamdagent_gpu.store import CorruptObject, FolderStore, Store, open_store
from lamdagent_gpu.store.s3 import S3Store

ID = "ab" * 32
FAULTS: Counter[str] = Counter()
"""What the proxies of all tests did."""


@dataclass(frozen=True)
class Place:
    """One store, and handles on it as other machines have them."""

    open: Callable[[str], Store]
    damage: Callable[[str], None]
    """Changes the bytes of an object's file behind the store's back."""


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One bucket for all tests: SeaweedFS gives each bucket volumes of its own."""
    with seaweedfs(tmp_path_factory.mktemp("seaweedfs"), key="test", secret="test") as endpoint:
        yield endpoint


WITH_WEED = pytest.param("seaweedfs", marks=pytest.mark.skipif(not WEED.exists(), reason=INSTALL))


@pytest.fixture(params=["folder", "s3", "s3 through faults", WITH_WEED])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    if request.param == "folder":
        yield folder_place(tmp_path)
        return
    endpoint = request.getfixturevalue("weed" if request.param == "seaweedfs" else "server")
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    name = os.urandom(6).hex()
    location = f"s3://lamdagent/{name}" if request.param == "seaweedfs" else f"s3://bucket-{name}/some/prefix"
    direct = S3Store.at(location, tmp_path / "direct")
    make_bucket(direct)
    if request.param in ("s3", "seaweedfs"):
        yield s3_place(location, tmp_path, direct)
        return
    with FaultyProxy(endpoint, seed=7, rate=0.15) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        yield s3_place(location, tmp_path, direct)
        FAULTS.update(proxy.counts)


def make_bucket(store: S3Store) -> None:
    client = store.bucket.client
    with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
        client.create_bucket(Bucket=store.bucket.name)


def folder_place(root: Path) -> Place:
    def damage(text: str) -> None:
        (root / "objects" / ID / "file.txt").write_text(text, "utf8")

    return Place(open=lambda _: FolderStore(root), damage=damage)


def s3_place(location: str, root: Path, direct: S3Store) -> Place:
    def damage(text: str) -> None:
        (file,) = direct.bucket.names(f"objects/{ID}/files")
        direct.bucket.put(f"objects/{ID}/files/{file}", text)

    return Place(open=lambda machine: open_store(location, root / machine), damage=damage)


def publish(store: Store, text: str = "content", **facts: object) -> Manifest:
    folder = store.new_folder()
    (folder / "file.txt").write_text(text, "utf8")
    return store.publish(ID, "model", folder, facts)


def test_of_many_writers_one_wins_and_all_read_the_winner(place: Place) -> None:
    store = place.open("a")
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda i: store.put_if_absent("records/x/1", f"writer {i}"), range(16)))
    assert sum(won) == 1
    assert place.open("b").read("records/x/1") == f"writer {won.index(True)}"


def test_a_replaced_record_is_the_old_or_the_new_one_whole(place: Place) -> None:
    store, reader = place.open("a"), place.open("b")
    texts = ["a" * 100_000, "b" * 100_000]
    store.replace("names/x", texts[0])
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(lambda: [store.replace("names/x", texts[turn % 2]) for turn in range(8)])
        seen = [reader.read("names/x") for _ in range(12)]
        writing.result()
    assert set(seen) <= set(texts)


def test_names_are_listed_right_under_a_key_sorted(place: Place) -> None:
    store = place.open("a")
    for key in ("l/x/2", "l/x/1", "l/x/deep/1", "l/y", "l/xy/1"):
        store.put_if_absent(key, "{}")
    assert store.names("l/x") == ["1", "2", "deep"]
    assert store.names("l/none") == []
    assert store.read("l/none") is None


def test_a_tree_is_removed_whole_and_nothing_beside_it(place: Place) -> None:
    store = place.open("a")
    for key in ("w/x/1", "w/x/deep/1", "w/xy"):
        store.put_if_absent(key, "{}")
    store.remove_tree("w/x")
    store.remove_tree("w/none")
    assert (store.names("w/x"), store.names("w")) == ([], ["xy"])


def test_a_records_age_grows_by_the_stores_own_clock(place: Place) -> None:
    store = place.open("a")
    store.replace("beat", "1")
    age = store.age_seconds("beat")
    assert age is not None
    assert 0 <= age < 30
    assert store.age_seconds("none") is None


@pytest.mark.parametrize("key", ["../out", "a/../../out", "/etc/passwd", "a//b", "", ".", "a/.hidden", "a\\b", "a\0b"])
def test_keys_that_would_leave_the_store_are_refused(place: Place, key: str) -> None:
    store = place.open("a")
    for use in (store.read, store.names, store.remove_tree, store.age_seconds):
        with pytest.raises(ValueError, match="store key: expected plain names"):
            use(key)
    for write in (store.replace, store.put_if_absent):
        with pytest.raises(ValueError, match="store key"):
            write(key, "")


def test_an_object_travels_to_another_machine_whole(place: Place) -> None:
    store = place.open("a")
    assert store.manifest(ID) is None
    folder = store.new_folder()
    (folder / "deep").mkdir()
    (folder / "deep" / "large.bin").write_bytes(os.urandom(20_000_000))  # more than one part
    (folder / "file.txt").write_text("content", "utf8")
    bytes_before = (folder / "deep" / "large.bin").read_bytes()
    manifest = store.publish(ID, "model", folder, {"fact": 1})
    other = place.open("b")
    assert other.manifest(ID) == manifest
    assert (other.open(ID) / "deep" / "large.bin").read_bytes() == bytes_before
    assert not list((other.local_root / "tmp").iterdir())


def test_the_first_of_two_publications_is_kept(place: Place) -> None:
    first = publish(place.open("a"), "first", writer=1)
    assert publish(place.open("b"), "second", writer=2) == first
    assert (place.open("c").open(ID) / "file.txt").read_text("utf8") == "first"


def test_many_publishers_all_get_the_one_that_won(place: Place) -> None:
    stores = [place.open(f"m{i}") for i in range(6)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda pair: publish(pair[1], f"by {pair[0]}", writer=pair[0]), enumerate(stores)))
    winner = place.open("z").manifest(ID)
    assert all(one == winner for one in made)
    assert winner is not None
    assert (place.open("z").open(ID) / "file.txt").read_text("utf8") == f"by {winner.result['writer']}"


def test_whoever_lost_the_fence_publishes_nothing(place: Place) -> None:
    store = place.open("a")
    old = fence.claim(store, ID, "zombie")
    fence.claim(place.open("b"), ID, "successor")
    folder = store.new_folder()
    (folder / "file.txt").write_text("old", "utf8")
    with pytest.raises(StaleFence, match="expected to hold epoch 1, got 2"):
        store.publish(ID, "model", folder, {}, lambda: fence.check(store, ID, old))
    assert store.manifest(ID) is None


@pytest.mark.parametrize("text", ["conte", "Content"])
def test_a_damaged_object_is_never_opened(place: Place, text: str) -> None:
    publish(place.open("a"))
    place.damage(text)
    with pytest.raises(CorruptObject, match=r"expected (7 bytes|SHA-256)"):
        place.open("b").open(ID)


def test_racing_claims_each_get_their_own_epoch(place: Place) -> None:
    stores = [place.open(f"m{i}") for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        epochs = list(pool.map(lambda i: fence.claim(stores[i % 4], ID, "same name"), range(12)))
    assert sorted(epochs) == list(range(1, 13))


def test_attempts_are_read_back_in_order(place: Place) -> None:
    store = place.open("a")
    records = [AttemptRecord(attempt=i, worker="w", device="cpu", startedAt="t", lastStep=i) for i in (1, 2)]
    for record in reversed(records):
        attempts.save(store, ID, record)
    assert attempts.load(place.open("b"), ID) == records


def write(text: str) -> Callable[[Path], None]:
    def fill(folder: Path) -> None:
        (folder / "deep").mkdir()
        (folder / "deep" / "state").write_text(text, "utf8")

    return fill


def test_a_checkpoint_goes_on_on_another_machine(place: Place) -> None:
    first = Checkpoints(store=place.open("a"), stage_id=ID, epoch=fence.claim(place.open("a"), ID, "a"))
    for step in (3, 6, 9):
        checkpoint = first.commit(step, write(f"state {step}"))
        if first.store.is_shared:
            first.share(checkpoint)
    second = Checkpoints(store=place.open("b"), stage_id=ID, epoch=fence.claim(place.open("b"), ID, "b"))
    found = second.newest()
    assert found is not None
    assert (found.step, (found.folder / "deep" / "state").read_text("utf8")) == (9, "state 9")
    with pytest.raises(StaleFence):
        first.commit(12, write("zombie"))
    assert not list(first.folder.glob(".staged-*"))


@pytest.mark.parametrize("place", ["s3", "s3 through faults"], indirect=True)
def test_a_torn_shared_checkpoint_is_passed_over(place: Place) -> None:
    store = place.open("a")
    assert isinstance(store, S3Store)
    first = Checkpoints(store=store, stage_id=ID, epoch=fence.claim(store, ID, "a"))
    for step in (3, 6):
        first.share(first.commit(step, write(f"state {step}")))
    (torn,) = store.bucket.names(f"{first.shared_prefix}/00000006-000001/files")
    store.bucket.put(f"{first.shared_prefix}/00000006-000001/files/{torn}", "state 7")
    shutil.rmtree(first.folder)
    second = Checkpoints(store=place.open("b"), stage_id=ID, epoch=fence.claim(store, ID, "b"))
    found = second.newest()
    assert found is not None
    assert found.step == 3


@pytest.mark.parametrize("place", ["s3"], indirect=True)
def test_local_copies_keep_within_their_budget_but_for_those_in_use(place: Place) -> None:
    maker = place.open("maker")
    ids = [f"{number:064x}" for number in range(4)]
    for stage_id in ids:
        folder = maker.new_folder()
        (folder / "file.txt").write_text("x" * 1000, "utf8")
        maker.publish(stage_id, "model", folder, {})
    assert isinstance(maker, S3Store)
    reader = S3Store(maker.bucket, maker.local_root.with_name("reader"), cache_budget=3500)
    for stage_id in ids[:3]:
        reader.open(stage_id)
    assert len(list((reader.local_root / "objects").iterdir())) == 3  # over it, but all in use
    reader.begin_job()
    reader.open(ids[0])
    reader.open(ids[3])
    left = {path.name for path in (reader.local_root / "objects").iterdir()}
    assert {ids[0], ids[3]} <= left
    assert ids[1] not in left


@pytest.mark.parametrize("place", ["s3"], indirect=True)
def test_who_publishes_leaves_a_copy_alone_that_another_process_has_just_fetched(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, reader = place.open("machine"), place.open("machine")
    assert isinstance(publisher, S3Store)
    put, seen = publisher.bucket.put, []

    def put_and_read(key: str, text: str, **how: bool) -> bool:
        done = put(key, text, **how)
        seen.append((reader.open(ID) / "file.txt").stat().st_ino)
        return done

    monkeypatch.setattr(publisher.bucket, "put", put_and_read)
    publish(publisher)
    assert [(publisher.open(ID) / "file.txt").stat().st_ino] == seen
    assert not list((publisher.local_root / "tmp").iterdir())


def test_the_faults_were_real() -> None:
    """After all others of this file."""
    assert set(FAULTS) == set(KINDS)
    assert sum(FAULTS.values()) > 20
