"""Requests that nobody sends by accident: text that is none, bodies without end, files that vanish on the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from inference.errors import MsstError
from inference.types import OutputFormat
from tests.webui.api.conftest import House, refused
from webui.api import limits
from webui.services import Choice
from webui.services.errors import InputGone

HALF = "\\ud83d"  # of a character, as JSON writes it
JSON = {"content-type": "application/json"}
PRESET = {
    "version": "2.0.0",
    "name": "half",
    "steps": [{"kind": "separate", "name": "s", "model": "spleeter_2stems"}],
    "outputs": [{"from": "s.vocals"}],
}

TWO = {
    "version": "2.0.0",
    "name": "two",
    "steps": [{"kind": "mix", "name": "sum", "sources": [{"from": "mixture"}, {"from": "file2"}]}],
    "outputs": [{"from": "sum"}],
}


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("PATCH", "/api/v1/settings", f'{{"output_name": "{HALF}{{song}}"}}'),
        ("PATCH", "/api/v1/settings", f'{{"link_allow": "{HALF}"}}'),
        ("POST", "/api/v1/keys", f'{{"name": "{HALF}"}}'),
        ("POST", "/api/v1/tools/info", f'{{"input": {{"job": "{HALF}"}}}}'),
    ],
)
def test_halves_of_characters_are_refused(house: House, method: str, path: str, content: str) -> None:
    house.services.start()
    client = house.client()
    refused(client.request(method, path, content=content, headers=JSON), 400, "bad_request")
    assert client.get("/api/v1/settings").status_code == client.get("/api/v1/keys").status_code == 200


def test_a_preset_with_half_a_character_spoils_no_list(house: House, client: TestClient) -> None:
    house.services.start()
    text = json.dumps(PRESET).replace('"half"', f'"{HALF}"')
    refused(client.post("/api/v1/jobs", data={"sample": "true", "preset_json": text}), 400, "bad_preset")
    assert client.get("/api/v1/jobs").json()["jobs"] == []


def test_a_file_may_be_called_anything(house: House, client: TestClient, song: Path) -> None:
    house.services.start()
    name = b"\xff\xfe song.wav".decode("utf-8", "surrogateescape")  # as Linux gives what is no UTF-8
    job = house.services.jobs.submit(
        song, file_name=name, choice=Choice(model="spleeter_2stems"), output=OutputFormat(), door="cli", title=name
    )
    (shown,) = client.get("/api/v1/jobs").json()["jobs"]
    assert (shown["id"], shown["file"], shown["title"]) == (job.id, "?? song.wav", "?? song.wav")


def test_json_is_not_read_without_end(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PLAIN", 1 << 19)  # half of what a song may have here
    ids = json.dumps({"ids": ["1" * ((1 << 19) + limits.OVERHEAD)]})
    said = refused(client.post("/api/v1/jobs/delete", content=ids, headers=JSON), 413, "too_large")
    assert "0.5 MB" in said
    refused(client.post("/gradio_api/queue/join", content=ids, headers=JSON), 413, "too_large")


def test_a_file_that_vanishes_on_the_way(house: House, tmp_path: Path, song: Path) -> None:
    house.services.start()
    gone = (tmp_path / "gone.wav", "gone.wav")
    with pytest.raises(MsstError) as gone_error:
        house.services.jobs.submit(
            song, file_name="song.wav", more=[gone], choice=Choice(inline=json.dumps(TWO)), output=OutputFormat(), door="rest"
        )
    assert gone_error.value.code == InputGone.code
    assert list((house.services.storage.home / "inputs").iterdir()) == []
