"""A disk without room: whatever is written, whoever asks is told what is the matter, and nothing is lost of what was there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from tests.webui.api.conftest import House, refused
from tools.locks import FileLock
from webui.cli import app
from webui.services import files

MODEL = "spleeter_2stems"
PRESET = {
    "version": "2.0.0",
    "name": "Mine",
    "steps": [{"kind": "separate", "name": "s", "model": MODEL}],
    "outputs": [{"from": "s.vocals"}],
}
NO_ROOM = OSError(28, "No space left on device")


@pytest.fixture
def stocked(house: House) -> House:
    """With a key, a setting and a preset."""
    client = house.client()
    assert client.post("/api/v1/keys", json={"name": "studio"}).status_code == 201
    assert client.patch("/api/v1/settings", json={"queue_limit": 7}).status_code == 200
    assert client.put("/api/v1/presets/mine", json=PRESET).status_code in (200, 201)
    return house


@pytest.fixture(params=["write", "lock"])
def full(request: pytest.FixtureRequest, stocked: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """No room for files, or not even for that of a lock; deleting works."""
    if request.param == "lock":
        monkeypatch.setattr(FileLock, "acquire", Mock(side_effect=NO_ROOM))
    monkeypatch.setattr(files, "put", Mock(side_effect=NO_ROOM))
    monkeypatch.setattr("tools.whole.os.fsync", Mock(side_effect=NO_ROOM))
    yield stocked
    monkeypatch.undo()


def kept(home: Path) -> dict[str, str]:
    kinds = ("keys.json", "settings.json", "presets/*.json")
    return {str(path): path.read_text(encoding="utf-8") for kind in kinds for path in home.glob(kind)}


ASKED: dict[str, Callable[[TestClient], Any]] = {
    "key": lambda client: client.post("/api/v1/keys", json={"name": "another"}),
    "setting": lambda client: client.patch("/api/v1/settings", json={"queue_limit": 8}),
    "preset": lambda client: client.put("/api/v1/presets/mine", json={**PRESET, "name": "Other"}),
    "new preset": lambda client: client.put("/api/v1/presets/other", json=PRESET),
    "imported preset": lambda client: client.post("/api/v1/presets/import", files={"file": ("a.json", json.dumps(PRESET).encode())}),
}


@pytest.mark.parametrize("what", ASKED)
def test_it_is_said(full: House, what: str) -> None:
    home = full.services.storage.home
    before = kept(home)
    refused(ASKED[what](full.client()), 507, "disk_full")
    assert kept(home) == before


def test_signing_in_is_refused_with_the_reason(stocked: House, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = stocked.services.keys.make("browser")
    monkeypatch.setattr(files, "put", Mock(side_effect=NO_ROOM))
    answer = stocked.client().post("/signin", data={"key": secret})
    assert answer.status_code == 507


def test_commands_say_it_in_a_line(stocked: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSST_HOME", str(stocked.services.storage.home))
    monkeypatch.setattr(files, "put", Mock(side_effect=NO_ROOM))
    for arguments in (["keys", "add", "another"], ["settings", "set", "queue_limit", "9"]):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 1
        assert isinstance(done.exception, SystemExit)
        assert "No space left" in done.output
