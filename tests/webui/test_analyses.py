"""What is kept of analyses: found without waiting for those that run, and not thrown away while somebody listens to it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from webui.services import analyses as module
from webui.services.analyses import AnalysisService
from webui.services.storage import Storage


def never() -> bool:
    return False


class Pretended:
    """An analyst that answers at once, and can be kept busy."""

    def __init__(self) -> None:
        self.turns = threading.Lock()
        self.asked: list[str] = []
        self.copy = b"fLaC"

    @contextmanager
    def turn(self, _: Any) -> Iterator[Any]:
        with self.turns:
            yield self._ask

    def _ask(self, what: str, args: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(what)
        if what == "copy":
            Path(args["target"]).write_bytes(self.copy)
            Path(args["peaks"]).write_bytes(b"\0\1")
        if what == "spectrogram":
            Path(args["target"]).write_bytes(b"picture")
        return {"stems": [{}]}


@pytest.fixture
def analyst() -> Pretended:
    return Pretended()


@pytest.fixture
def service(tmp_path: Path, analyst: Pretended) -> AnalysisService:
    storage = Storage(tmp_path / "home")
    storage.prepare()
    results = Mock()
    results.completed.return_value.results = [Mock(file="one.wav", stem="one")]
    results.path.return_value = song = tmp_path / "one.wav"
    song.write_bytes(b"one")
    references = Mock()
    references.resolve.return_value = (song, "one.wav")
    storage.result = lambda *_: song  # type: ignore[method-assign]
    folder = storage.player(JOB)
    folder.mkdir(parents=True)
    return AnalysisService(storage, results, references, analyst)  # type: ignore[arg-type]


JOB = "00000000-0000-0000-0000-000000000001"


def all_of(service: AnalysisService, song: Path) -> list[Any]:
    return [
        service.info(song, never),
        service.key_tempo(song, never),
        service.score(song, song, never),
        service.spectrogram(song, never),
        service.copy(song, never),
        service.quality(JOB, never),
        service.of_result(JOB, "one.wav", never),
        service.of_song(JOB, never),
    ]


def test_what_is_kept_waits_for_nobody(service: AnalysisService, analyst: Pretended, tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    song.write_bytes(b"song")
    made = all_of(service, song)
    asked = list(analyst.asked)
    with analyst.turns, ThreadPoolExecutor(1) as thread:  # somebody's analysis runs
        assert thread.submit(all_of, service, song).result(30) == made
    assert analyst.asked == asked


def test_what_two_want_at_once_is_made_once(service: AnalysisService, analyst: Pretended, tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    song.write_bytes(b"song")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: service.copy(song, never), range(4)))
    assert analyst.asked == ["copy"]


def test_a_file_is_read_once_while_it_is_the_same(
    service: AnalysisService, analyst: Pretended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    whole = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *args, **kwargs: opened.append(path.name) or whole(path, *args, **kwargs))
    song = tmp_path / "song.wav"
    song.write_bytes(b"song")
    opened.clear()
    first = service.copy(song, never)
    assert service.copy(song, never) == first
    assert opened.count("song.wav") == 1
    song.write_bytes(b"gnos")
    os.utime(song, (1, 1))
    assert service.copy(song, never) != first


def test_a_copy_larger_than_all_that_is_kept_stays_while_it_is_used(
    service: AnalysisService, analyst: Pretended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_KEPT_BYTES", 1000)
    analyst.copy = b"fLaC" * 1000
    song = tmp_path / "song.wav"
    song.write_bytes(b"song")
    for _ in range(2):
        target, peaks = service.copy(song, never)
        assert target.read_bytes() == analyst.copy
        assert peaks.read_bytes()
    service.spectrogram(song, never)
    service.info(song, never)
    assert service.copy(song, never)[0].read_bytes() == analyst.copy
    assert analyst.asked == ["copy", "spectrogram", "info"]


def test_a_copy_that_somebody_deleted_is_made_again(service: AnalysisService, analyst: Pretended, tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    song.write_bytes(b"song")
    target, _ = service.copy(song, never)
    target.unlink()
    assert service.copy(song, never)[0].read_bytes() == b"fLaC"


def test_the_least_recently_used_go_first(
    service: AnalysisService, analyst: Pretended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_KEPT_BYTES", 1000)
    monkeypatch.setattr(module, "STAY", 1)
    kept = tmp_path / "home" / "cache" / "analyses"
    kept.mkdir(parents=True)
    for age, (name, size) in enumerate({"c": 400, "large": 5000, "b": 400, "a": 400}.items(), 1):
        (kept / name).write_bytes(b"x" * size)
        os.utime(kept / name, (10_000 - age, 10_000 - age))
    song = tmp_path / "song.wav"
    song.write_bytes(b"song")
    service.info(song, never)
    assert {each.name for each in kept.iterdir()} & {"a", "b", "c", "large"} == {"b", "c"}
