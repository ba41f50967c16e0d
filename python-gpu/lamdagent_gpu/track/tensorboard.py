"""TensorBoard: a folder of event files a run. Each file appears whole, by a rename; what is there already is read first."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionStartInfo
from tensorboard.plugins.text.metadata import create_summary_metadata as text_metadata
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_ndarray, make_tensor_proto

from lamdagent_gpu import failpoints
from lamdagent_gpu.contract.messages import TrackedRun
from lamdagent_gpu.files import sync_file, sync_folder
from lamdagent_gpu.track.place import Place
from lamdagent_gpu.track.tracker import Known, News, news_of, seconds_of

SCORE, ABOUT = "score/", "about/"
"""Before the names of scores (scalars at step 0) and of tags (texts, the newest at the highest step)."""
VERSION = "brain.Event:2"


class TensorBoard:
    def __init__(self, where: str) -> None:
        self.place = Place(Path(where))

    def write(self, run: TrackedRun) -> int:
        folder = self.place.folder / run.explorationId / run.name
        files = sorted(folder.glob("events.out.tfevents.*"))
        known, latest = read(files)
        news = news_of(run, known)
        if news.count == 0:
            return 0
        folder.mkdir(parents=True, exist_ok=True)
        staged = self.place.staged() / "events"
        write_events(staged, events_of(run, news, latest))
        failpoints.reach("track/write")
        os.rename(staged, folder / f"events.out.tfevents.{len(files):06d}.lamdagent")
        sync_folder(folder)
        return news.count

    def close(self) -> None:
        self.place.close()


def read(files: list[Path]) -> tuple[Known, dict[str, int]]:
    """What the files hold, and the highest step of each tag's texts."""
    steps: dict[str, set[int]] = defaultdict(set)
    tags: dict[str, str] = {}
    latest: dict[str, int] = {}
    parameters: set[str] = set()
    for event in (event for file in files for event in EventFileLoader(str(file)).Load()):
        for value in event.summary.value:
            if value.tag == hparams.SESSION_START_INFO_TAG:
                content = value.metadata.plugin_data.content
                parameters |= set(hparams.parse_session_start_info_plugin_data(content).hparams)
            elif value.tag.startswith(ABOUT):
                name = value.tag.removeprefix(ABOUT)
                tags[name] = make_ndarray(value.tensor).item().decode("utf8")
                latest[name] = event.step
            else:
                steps[value.tag].add(event.step)
    scores = frozenset(tag.removeprefix(SCORE) for tag in steps if tag.startswith(SCORE))
    series = {tag: frozenset(found) for tag, found in steps.items()}
    return Known(steps=series, scores=scores, parameters=frozenset(parameters), tags=tags), latest


def events_of(run: TrackedRun, news: News, latest: dict[str, int]) -> Iterator[Any]:
    at = seconds_of(run.endedAt or run.startedAt)
    yield Event(wall_time=at, file_version=VERSION)

    def event(step: int, **value: Any) -> Any:
        return Event(wall_time=at, step=step, summary=Summary(value=[Summary.Value(**value)]))

    if news.parameters:
        yield event(0, tag=hparams.SESSION_START_INFO_TAG, metadata=session_start(run), tensor=hparams.NULL_TENSOR)
    for name, text in news.tags.items():
        metadata = text_metadata(display_name=None, description=None)
        tensor = make_tensor_proto([text.encode("utf8")])
        yield event(latest.get(name, -1) + 1, tag=ABOUT + name, metadata=metadata, tensor=tensor)
    for name, score in news.scores.items():
        yield event(0, tag=SCORE + name, simple_value=score)
    for step, row in news.rows.items():
        for name, value in row.items():
            yield event(step, tag=name, simple_value=value)


def session_start(run: TrackedRun) -> Any:
    """All parameters, for the page of hyper-parameters: a second such record would hide the first."""
    info = SessionStartInfo(group_name=run.explorationId, start_time_secs=seconds_of(run.startedAt))
    for name, value in run.parameters.items():
        if isinstance(value, str):
            info.hparams[name].string_value = value
        else:
            info.hparams[name].number_value = value
    return hparams.create_summary_metadata(HParamsPluginData(session_start_info=info))


def write_events(path: Path, events: Iterator[Any]) -> None:
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString())
    sync_file(path)
