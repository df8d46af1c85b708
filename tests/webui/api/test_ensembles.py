"""Ensembles over HTTP: of files, and of models over one song."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from tests.conftest import Server
from tests.webui.api.conftest import House, refused
from tests.webui.api.test_jobs import BUILT_IN, ended


def wav(level: float, frames: int = 4410, channels: int = 2) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.full((frames, channels), level), 44100, "FLOAT", format="WAV")
    return buffer.getvalue()


def test_of_files(server: Server) -> None:
    sent = [("file", ("one.wav", wav(0.5))), ("file", ("two.wav", wav(0.1, channels=1)))]
    settings = json.dumps({"algorithm": "avg_wave", "weights": [3, 1]})
    data = {"settings": settings, "subtype": "FLOAT"}
    job = ended(server, httpx.post(f"{server.url}/api/v1/ensembles", files=sent, data=data, timeout=60))
    (result,) = job["results"]
    assert (result["file"], result["frames"]) == ("one_ensemble.wav", 4410)
    found, _ = soundfile.read(io.BytesIO(httpx.get(f"{server.url}{result['url']}").content))
    assert np.allclose(found, 0.4, atol=1e-6)
    picture = httpx.get(f"{server.url}/api/v1/jobs/{job['id']}/stems/{result['file']}/disagreement")
    assert (picture.status_code, picture.headers["content-type"].partition(";")[0]) == (200, "image/svg+xml")
    levels = httpx.get(f"{picture.url}/levels").json()
    assert (levels["seconds"], levels["overall"]) == (0.5, result["disagreement"] and round(result["disagreement"], 1))
    # 3/4 of 0.5 and 1/4 of 0.1: 0.4 in common, apart by 0.1 and 0.3
    assert levels["levels"] == [pytest.approx(10 * np.log10((0.75 * 0.1**2 + 0.25 * 0.3**2) / 0.4**2), abs=0.06)]


def test_of_models(server: Server, song: Path) -> None:
    members = [{"model": BUILT_IN, "stem": "vocals"}, {"model": BUILT_IN, "stem": "accompaniment", "weight": 1}]
    data = {"members": json.dumps(members), "residual": "true"}
    answer = httpx.post(f"{server.url}/api/v1/ensembles", files={"file": ("song.wav", song.read_bytes())}, data=data, timeout=60)
    assert len(ended(server, answer)["results"]) == 2


@pytest.mark.parametrize(
    ("count", "fields", "status", "code"),
    [
        (1, {}, 400, "bad_option"),
        (2, {"settings": '{"algorithm": "best"}'}, 400, "bad_option"),
        (2, {"settings": "[]"}, 400, "bad_option"),
        (2, {"settings": '{"weights": [1, 2, 3]}'}, 400, "bad_option"),
        (2, {"members": '[{"model": "a"}]'}, 400, "bad_option"),
        (1, {"members": '[{"model": "nobody", "stem": "vocals"}, {"model": "nobody", "stem": "vocals"}]'}, 404, "unknown_model"),
        (1, {"members": '[{"stem": "vocals"}]'}, 400, "bad_option"),
        (1, {"members": "nonsense"}, 400, "bad_option"),
        (2, {"format": "exe"}, 400, "bad_output_format"),
    ],
)
def test_what_cannot_be(house: House, count: int, fields: dict[str, Any], status: int, code: str) -> None:
    sent = [("file", (f"{number}.wav", wav(0.1))) for number in range(count)]
    refused(house.client().post("/api/v1/ensembles", files=sent, data=fields), status, code)


def test_the_ways_to_do_it(house: House) -> None:
    said = house.client().get("/api/v1/ensembles/algorithms").json()
    assert {"avg_wave", "median_fft", "uvr_max_spec"} <= {each["name"] for each in said["algorithms"]}
    assert said["defaults"]["algorithm"] == "avg_wave"


def test_further_files_of_a_job(house: House) -> None:
    preset = {
        "version": "2.0.0",
        "name": "Two",
        "steps": [{"kind": "mix", "name": "m", "sources": [{"from": "mixture"}, {"from": "file2"}]}],
        "outputs": [{"from": "m"}],
    }
    client, data = house.client(), {"preset_json": json.dumps(preset)}
    one = [("file", ("a.wav", wav(0.1)))]
    refused(client.post("/api/v1/jobs", files=one, data=data), 400, "bad_preset")
    assert not list(house.services.storage.tmp.iterdir())
