"""The small files of HOME/models: one that cannot be read for a moment is neither emptied nor taken for empty."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference.catalogue import InstalledModel, ModelRecord, load_catalogue
from inference.errors import DiskFull
from tests.webui.conftest import DATA
from tests.webui.shelf import Looked, library, record, write_catalogue
from webui.services import ledger as module
from webui.services.ledger import Ledger, LiveCatalogue
from webui.services.speeds import Speeds

CHANGES: dict[str, Callable[[Ledger], Any]] = {
    "installed.json": lambda ledger: ledger.remove("one"),
    "catalogue.json": lambda ledger: ledger.put_own(ModelRecord.model_validate(record("three", DATA))),
    "defaults.json": lambda ledger: ledger.put_defaults("two", {"overlap": "fast"}),
}


class Busy:
    """Has a file refuse to be read, as on Windows while another process replaces it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._read = Path.read_text
        self.names: set[str] = set()
        self.refused = 0
        monkeypatch.setattr(Path, "read_text", lambda path, *args, **kwargs: self._text(path, *args, **kwargs))

    def _text(self, path: Path, *args: Any, **kwargs: Any) -> str:
        if path.name in self.names:
            self.refused += 1
            raise PermissionError(13, "in use")
        return self._read(path, *args, **kwargs)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Busy:
    return Busy(monkeypatch)


@pytest.fixture
def ledger(models: Path) -> Ledger:
    """With the model one installed, and options for it."""
    found = Ledger(models)
    found.files.mkdir()
    (found.files / "one.ckpt").write_bytes(DATA)
    found.put("one", InstalledModel(files=(found.files / "one.ckpt",), bytes=len(DATA), sha256="a" * 64))
    found.put_defaults("one", {"overlap": "high"})
    return found


@pytest.mark.parametrize("name", CHANGES)
def test_what_cannot_be_read_is_not_changed(ledger: Ledger, busy: Busy, name: str) -> None:
    before = {path.name: path.read_bytes() for path in ledger.models.glob("*.json*")}
    busy.names = {name}
    with pytest.raises(DiskFull, match="in use"):
        CHANGES[name](ledger)
    busy.names = set()
    assert {path.name: path.read_bytes() for path in ledger.models.glob("*.json*")} == before
    CHANGES[name](ledger)
    assert {path.name for path in ledger.models.glob("*.json*")} == set(before)


def test_who_asks_meanwhile_hears_no_lie(ledger: Ledger, busy: Busy) -> None:
    busy.names = set(CHANGES)
    for ask in (lambda: ledger.entry("one"), ledger.entries, lambda: ledger.checksum("one"), lambda: ledger.is_own("one")):
        with pytest.raises(DiskFull):
            ask()
    assert ledger.own_names() == frozenset()  # a list is shown all the same


@pytest.mark.parametrize("text", ["{broken", "[" * 100_000, '{"version": 1, "models": 3}'])
def test_what_makes_no_sense_is_put_aside(ledger: Ledger, text: str) -> None:
    (ledger.models / "defaults.json").write_text(text, encoding="utf-8")
    assert load_catalogue(ledger.models).defaults("one") == {}
    ledger.put_defaults("two", {"overlap": "fast"})
    assert json.loads((ledger.models / "defaults.json").read_text(encoding="utf-8"))["models"] == {"two": {"overlap": "fast"}}
    (kept,) = ledger.models.glob("defaults.json.broken-*")
    assert kept.read_text(encoding="utf-8") == text


def test_speeds_survive_it_too(tmp_path: Path, busy: Busy) -> None:
    speeds = Speeds(tmp_path / "speeds.json")
    speeds.note("a", 1.0, 2.0)
    assert speeds.samples("a") == [(1.0, 2.0)]
    busy.names = {"speeds.json"}
    speeds.note("b", 1.0, 2.0)
    busy.names = set()
    assert speeds.samples("a") == [(1.0, 2.0)]
    assert speeds.samples("b") == []


def test_a_look_that_fails_is_not_the_last(ledger: Ledger, busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY", 0.0)
    live = LiveCatalogue(ledger.models)
    busy.names = {"installed.json"}
    assert not live.get("one").installed  # never read so far
    assert [problem.unread for problem in live.problems] == [True]
    busy.names = set()
    assert live.get("one").installed


def test_what_was_known_stays_while_a_file_is_in_use(ledger: Ledger, busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY", 1e9)
    live = LiveCatalogue(ledger.models)
    assert live.get("one").installed
    ledger.put_defaults("one", {"overlap": "fast"})
    busy.names = {"installed.json"}
    assert live.get("one").installed
    assert live.get("one").installed
    assert busy.refused == 1  # not at every look
    monkeypatch.setattr(module, "RETRY", 0.0)
    assert live.defaults("one") == {"overlap": "fast"}  # one that stays unreadable holds nothing else up
    busy.names = set()
    assert live.get("one").installed


def test_a_drive_that_comes_later_brings_its_models(models: Path, tmp_path: Path) -> None:
    write_catalogue(models, record("one", DATA), record("two", DATA))
    drive, away = tmp_path / "drive", tmp_path / "away"
    drive.mkdir()
    (drive / "one.ckpt").write_bytes(DATA)
    service = library(models)
    assert service.link(drive).linked == ["one"]
    service.stop()
    drive.rename(away)
    live = LiveCatalogue(models)
    assert not live.get("one").installed
    assert live.awaited == (drive / "one.ckpt",)
    away.rename(drive)
    assert live.get("one").installed
    assert live.awaited == ()


def test_a_model_is_not_deleted_while_another_process_installs_it(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from webui.services import library as library_module
    from webui.services.errors import BadRequest

    monkeypatch.setattr(library_module, "PATIENCE", 0.05)
    service, other = library(models, inspect=Looked()), library(models, inspect=Looked())
    part = models / "files" / "one.ckpt.part"
    with other._installer.only_one("one"):
        part.write_bytes(DATA[:100])
        with pytest.raises(BadRequest, match="being installed") as refused:
            service.uninstall("one")
        assert refused.value.params == {"reason": "being_installed"}
        assert part.exists()
        service.uninstall("two")
    assert service.uninstall("one") == 100
    assert not part.exists()
    for each in (service, other):
        each.stop()
