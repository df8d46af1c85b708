"""A user's own checkpoint, named in the home folder's catalogue, through the REST door and with options."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import soundfile

from tests.conftest import Server
from tests.families import small_model

NAMES = ("mel_band_roformer", "vr", "htdemucs", "mdx23c")


@pytest.fixture(scope="module")
def own_models(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[Server]:
    """A server whose home has some models, one with weights that run code and one of the wrong family."""
    folder = tmp_path_factory.mktemp("own")
    records = [small_model(name, folder / "weights").model_dump(mode="json") for name in NAMES]
    evil = folder / "weights" / "evil.ckpt"
    evil.write_bytes(b"cos\nsystem\n(S'touch " + str(folder / "marker").encode() + b"'\ntR.")
    records.append({**records[0], "name": "evil", "weights": {"kind": "file", "files": [str(evil)]}})
    records.append({**records[0], "name": "stranger", "weights": records[2]["weights"]})
    server = Server(folder / "home", environment={"MSST_PAGE": "0"})
    server.adopt(weights)
    (server.home / "models" / "catalogue.json").write_text(json.dumps({"version": 1, "models": records}), encoding="utf-8")
    server.start()
    yield server
    server.stop()
    assert not (folder / "marker").exists()


def separated(server: Server, song: Path, model: str, **options: object) -> dict[str, object]:
    with song.open("rb") as file:
        data = {"model": model, "options": json.dumps(options)}
        job = httpx.post(f"{server.url}/api/v1/jobs", files={"file": (song.name, file)}, data=data, timeout=60).raise_for_status().json()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        job = httpx.get(f"{server.url}/api/v1/jobs/{job['id']}").json()
        if job["finished_at"]:
            return job
        time.sleep(0.1)
    raise AssertionError(f"not done: {job}")


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("mel_band_roformer", {"overlap": "fast", "precision": "exact"}),
        ("vr", {"vr": {"window_size": 320, "aggressiveness": 20}}),
        ("htdemucs", {"overlap": 1}),
        ("mdx23c", {"normalize": True, "batch": 2}),
    ],
)
def test_it_takes_songs_apart(own_models: Server, song: Path, model: str, options: dict[str, object]) -> None:
    job = separated(own_models, song, model, **options)
    assert job["state"] == "completed", job
    frames = soundfile.info(song).frames
    results = job["results"]
    assert isinstance(results, list)
    assert len(results) >= 2
    assert {result["frames"] for result in results} == {frames}


@pytest.mark.parametrize(("model", "said"), [("evil", "not safe to load"), ("stranger", "another kind of network")])
def test_weights_that_cannot_be_say_why(own_models: Server, song: Path, model: str, said: str) -> None:
    job = separated(own_models, song, model)
    assert job["state"] == "failed"
    assert job["error"]["code"] == "bad_weights"  # type: ignore[index]
    assert said in job["error"]["message"]  # type: ignore[index]


@pytest.mark.parametrize("options", ["nonsense", "[1]", '{"overlap": 0}', '{"speed": 9}', '{"vr": {"window_size": 99}}'])
def test_options_that_cannot_be_are_refused_at_once(own_models: Server, song: Path, options: str) -> None:
    with song.open("rb") as file:
        answer = httpx.post(f"{own_models.url}/api/v1/jobs", files={"file": (song.name, file)}, data={"model": "vr", "options": options})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_option"
    assert answer.json()["detail"]
