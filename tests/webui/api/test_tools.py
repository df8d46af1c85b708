"""The tools over HTTP: jobs over sounds that are here, analyses, and the song beside its stems."""

from __future__ import annotations

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from fastapi.testclient import TestClient
from PIL import Image

from tests.conftest import Server, chord
from tests.tools.analysis.synth import RATE, noise, progression, save
from tests.webui.api.conftest import House, refused
from tests.webui.api.test_jobs import BUILT_IN, ended, submit


def upload(server: Server, file: Path) -> dict[str, str]:
    answer = httpx.post(f"{server.url}/api/v1/uploads", files={"file": (file.name, file.read_bytes())}, timeout=60)
    assert answer.status_code == 201, answer.text
    return {"upload": answer.json()["id"]}


def tool(server: Server, name: str, inputs: list[dict[str, str]], settings: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    body = {"inputs": inputs, "settings": settings or {}, "subtype": "FLOAT", **fields}
    return ended(server, httpx.post(f"{server.url}/api/v1/tools/{name}", json=body, timeout=60))


def ask(server: Server, name: str, **body: Any) -> Any:
    answer = httpx.post(f"{server.url}/api/v1/tools/{name}", json=body, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.json()


def sound(server: Server, job: dict[str, Any], number: int = 0) -> np.ndarray:
    data = httpx.get(f"{server.url}{job['results'][number]['url']}").content
    return soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)[0].T


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("sounds")
    return save(folder / "a b.c.wav", noise(2.0)), save(folder / "two.wav", noise(1.5, seed=1))


def test_a_sound_as_a_player_wants_it(server: Server, files: tuple[Path, Path], song: Path) -> None:
    here = upload(server, files[0])
    sent = httpx.get(f"{server.url}/api/v1/tools/listen", params=here, headers={"Range": "bytes=0-3"}, timeout=60)
    assert (sent.status_code, sent.content, sent.headers["content-type"]) == (206, b"fLaC", "audio/flac")
    whole = httpx.get(f"{server.url}/api/v1/tools/listen", params=here).content
    found, rate = soundfile.read(io.BytesIO(whole), dtype="float32", always_2d=True)
    assert rate == RATE
    assert np.allclose(found.T, noise(2.0), atol=1 / 32768)
    pairs = np.frombuffer(httpx.get(f"{server.url}/api/v1/tools/waveform", params=here).content, np.int8).reshape(-1, 2)
    assert len(pairs) == 100
    assert (pairs[:, 0] < 0).all()
    assert (pairs[:, 1] > 0).all()
    for params, status in (
        ({}, 400),
        ({"upload": "x"}, 404),
        ({"job": here["upload"]}, 404),
        ({"upload": here["upload"], "file": "a"}, 400),
    ):
        assert httpx.get(f"{server.url}/api/v1/tools/waveform", params=params).status_code == status


def test_cut_and_join_are_the_original(server: Server, files: tuple[Path, Path]) -> None:
    here = upload(server, files[0])
    parts = [tool(server, "cut", [here], {"end": 0.7}), tool(server, "cut", [here], {"start": 0.7})]
    assert [part["results"][0]["file"] for part in parts] == ["a_b_c_cut.wav"] * 2
    both = [{"job": part["id"], "file": part["results"][0]["file"]} for part in parts]
    whole = tool(server, "join", both, title="Whole again", door="ui")
    assert (whole["title"], whole["source"], whole["preset"], whole["tool"]) == ("Whole again", "ui", "Tool: join", "join")
    assert np.array_equal(sound(server, whole), noise(2.0))


def test_each_file_is_converted(server: Server, files: tuple[Path, Path]) -> None:
    inputs = [upload(server, file) for file in (*files, files[1])]
    job = tool(server, "convert", inputs, {"rate": 48000, "channels": 1}, format="flac", subtype="PCM_16")
    assert [(each["file"], each["sample_rate"], each["channels"], each["frames"]) for each in job["results"]] == [
        ("a_b_c.flac", 48000, 1, 96000),
        ("two.flac", 48000, 1, 72000),
        ("two_2.flac", 48000, 1, 72000),
    ]


def test_a_mix_at_the_middle_is_the_sum(server: Server, files: tuple[Path, Path]) -> None:
    inputs = [upload(server, file) for file in files]
    job = tool(server, "mix", inputs)
    one, two = noise(2.0), np.pad(noise(1.5, seed=1), ((0, 0), (0, RATE // 2)))
    assert np.array_equal(sound(server, job), one + two)
    parts = [{"gain_db": -6.0206, "pan": -1}, {"gain_db": None}]
    job = tool(server, "mix", inputs, {"parts": parts})
    assert np.allclose(sound(server, job), one * np.array([[0.5], [0]]), atol=1e-5)
    job = tool(server, "mix", inputs, {"speed": 0.8, "semitones": -2})
    assert job["results"][0]["file"] == "a_b.c_mix_x0.8_-2.wav"
    assert job["results"][0]["frames"] == round(2 * RATE / 0.8)
    named = tool(server, "mix", inputs, title="夜曲 - Karaoke")
    assert named["results"][0]["file"] == "夜曲_-_Karaoke.wav"


def test_speed_key_and_gain(server: Server, files: tuple[Path, Path]) -> None:
    here = upload(server, files[0])
    assert np.array_equal(sound(server, tool(server, "speed-key", [here])), noise(2.0))
    assert tool(server, "speed-key", [here], {"speed": 2})["results"][0]["frames"] == RATE
    louder = tool(server, "gain", [here], {"db": 6.0206})
    assert np.allclose(sound(server, louder), 2 * noise(2.0), atol=1e-5)
    level = tool(server, "gain", [here], {"lufs": -30})
    assert ask(server, "info", input={"job": level["id"], "file": level["results"][0]["file"]})["loudness"] == pytest.approx(-30, abs=0.1)


def test_analyses(server: Server, tmp_path: Path) -> None:
    here = upload(server, save(tmp_path / "song.wav", progression(9, minor=True, bpm=104)))
    found = ask(server, "key-tempo", input=here)
    assert (found["key"], found["scale"], found["camelot"]) == ("A", "minor", "8A")
    assert found["tempo"] == pytest.approx(104, rel=0.002)
    score = ask(server, "score", reference=here, estimate=here)
    assert score["sdr"] == score["si_sdr"] == 200
    about = ask(server, "info", input=here)
    assert (about["sample_rate"], about["channels"], about["silent"]) == (RATE, 1, False)
    answer = httpx.post(f"{server.url}/api/v1/tools/spectrogram", json={"input": here, "width": 200, "height": 100}, timeout=60)
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (200, 100)
    kept = {entry.name for entry in (server.home / "cache" / "analyses").iterdir()}
    assert len(kept) >= 4
    again = upload(server, (tmp_path / "song.wav").rename(tmp_path / "other name.wav"))
    assert ask(server, "key-tempo", input=again) == found
    assert {entry.name for entry in (server.home / "cache" / "analyses").iterdir()} == kept  # known by what is in it


@pytest.fixture(scope="module")
def separated(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    song = tmp_path_factory.mktemp("songs") / "song.wav"
    soundfile.write(song, chord(14.0), RATE, subtype="PCM_16")
    return ended(server, submit(server, song, model=BUILT_IN, subtype="FLOAT"))


def test_the_quality_of_a_job(server: Server, separated: dict[str, Any]) -> None:
    found = httpx.get(f"{server.url}/api/v1/jobs/{separated['id']}/quality", timeout=120).json()
    assert found["null_db"] < -80
    assert [each["file"] for each in found["stems"]] == [each["file"] for each in separated["results"]]
    assert {"peak_db", "rms_db", "loudness", "bandwidth_hz", "silent"} <= set(found["song"])
    assert {"stem", "bleed_db"} <= set(found["stems"][0])
    began = time.monotonic()
    assert httpx.get(f"{server.url}/api/v1/jobs/{separated['id']}/quality", timeout=120).json() == found
    assert time.monotonic() - began < 0.5


def test_the_song_beside_its_stems(server: Server, separated: dict[str, Any]) -> None:
    address = f"{server.url}/api/v1/jobs/{separated['id']}/song"
    stem = separated["results"][0]
    with ThreadPoolExecutor(4) as listeners:
        data = list(listeners.map(lambda _: httpx.get(f"{address}/pcm", params={"frames": 10**6}, timeout=60).content, range(4)))
    assert len(set(data)) == 1
    assert httpx.get(f"{address}/info").json() == {"sample_rate": RATE, "channels": 2, "frames": stem["frames"]}
    samples = np.frombuffer(data[0], "<i2").reshape(-1, 2)
    assert np.abs(samples - np.rint(chord(14.0) * 32767)).max() <= 2
    peaks = httpx.get(f"{address}/peaks").content
    assert len(peaks) == len(httpx.get(f"{server.url}/api/v1/jobs/{separated['id']}/stems/{stem['file']}/peaks").content)
    for picture in ("song/spectrogram", f"stems/{stem['file']}/spectrogram"):
        answer = httpx.get(f"{server.url}/api/v1/jobs/{separated['id']}/{picture}", timeout=60)
        image = Image.open(io.BytesIO(answer.content))
        assert image.height == 256
        assert image.width <= 4096
    zipped = httpx.get(f"{server.url}/api/v1/jobs/{separated['id']}/zip").content
    assert zipped.count(b"PK\x01\x02") == len(separated["results"])


def test_a_part_is_separated_again(server: Server, separated: dict[str, Any]) -> None:
    first, second = separated["results"]
    body = {"file": first["file"], "start": 12, "end": 13, "fade": 0.1, "model": BUILT_IN, "subtype": "FLOAT"}
    job = ended(server, httpx.post(f"{server.url}/api/v1/jobs/{separated['id']}/replace", json=body, timeout=60))
    assert [each["file"] for each in job["results"]] == [first["file"], second["file"]]
    old, new = sound(server, separated), sound(server, job)
    assert np.array_equal(new[:, : 12 * RATE], old[:, : 12 * RATE])
    assert np.array_equal(new[:, 13 * RATE :], old[:, 13 * RATE :])
    cut = tool(server, "cut", [{"job": separated["id"]}], {"start": 2})
    inputs = json.dumps([{"job": cut["id"], "file": cut["results"][0]["file"]}])
    data = {"inputs": inputs, "model": BUILT_IN, "subtype": "FLOAT"}
    part = ended(server, httpx.post(f"{server.url}/api/v1/jobs", data=data, timeout=60))
    middle = slice(round(12.2 * RATE), round(12.8 * RATE))
    again = slice(middle.start - 2 * RATE, middle.stop - 2 * RATE)
    assert np.abs(new[:, middle] - sound(server, part)[:, again]).max() < 1e-6
    assert np.array_equal(sound(server, job, 1), sound(server, separated, 1))
    by_purpose = {name: value for name, value in body.items() if name != "model"} | {"purpose": "vocals"}
    job = ended(server, httpx.post(f"{server.url}/api/v1/jobs/{separated['id']}/replace", json=by_purpose, timeout=60))
    assert np.array_equal(sound(server, job), new)  # the built-in model is the only one that is installed
    swapped = {**body, "stem": second["stem"], "others": False}
    job = ended(server, httpx.post(f"{server.url}/api/v1/jobs/{separated['id']}/replace", json=swapped, timeout=60))
    assert [each["file"] for each in job["results"]] == [first["file"]]
    assert np.abs(sound(server, job)[:, middle] - sound(server, part, 1)[:, again]).max() < 1e-6


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"file": "nobody.wav"}, 404, "unknown_file"),
        ({"start": 13, "end": 12}, 400, "bad_option"),
        ({"start": 500, "end": 501}, 400, "bad_option"),
        ({"model": "nobody"}, 404, "unknown_model"),
        ({"model": None}, 400, "bad_request"),
        ({"preset": "my_preset"}, 400, "bad_request"),
        ({"model": None, "purpose": "nonsense"}, 400, "bad_option"),
        ({"preset": "nobody", "model": None}, 404, "unknown_preset"),
        ({"stem": "trombone"}, 400, "bad_option"),
        ({"format": "exe"}, 400, "bad_output_format"),
        ({"start": -1}, 422, "bad_request"),
    ],
)
def test_what_cannot_be_replaced(server: Server, separated: dict[str, Any], change: dict[str, Any], status: int, code: str) -> None:
    body = {"file": separated["results"][0]["file"], "start": 1, "end": 2, "model": BUILT_IN, **change}
    refused(httpx.post(f"{server.url}/api/v1/jobs/{separated['id']}/replace", json=body, timeout=60), status, code)


def test_a_broken_sound_is_said_to_be_one(server: Server, tmp_path: Path) -> None:
    whole = save(tmp_path / "song.wav", noise(1.0)).read_bytes()
    broken = tmp_path / "broken.wav"
    broken.write_bytes(whole[:5000] + b"\x00\x00\xc0\x7f" * 500 + whole[7000:])  # not numbers
    here = upload(server, broken)
    for name, body in (("info", {"input": here}), ("key-tempo", {"input": here}), ("score", {"reference": here, "estimate": here})):
        refused(httpx.post(f"{server.url}/api/v1/tools/{name}", json=body, timeout=60), 400, "bad_audio")
    assert ask(server, "info", input=upload(server, tmp_path / "song.wav"))["frames"] == RATE


def test_the_server_answers_while_it_listens(server: Server, tmp_path: Path) -> None:
    """More analyses wait than there are threads for slow work, and what is quick stays quick."""
    here = upload(server, save(tmp_path / "long.wav", np.tile(noise(10), 12), subtype="PCM_16"))
    sizes = [{"width": 300 + number, "height": 200} for number in range(12)]

    def draw(size: dict[str, int]) -> int:
        return httpx.post(f"{server.url}/api/v1/tools/spectrogram", json={"input": here, **size}, timeout=120).status_code

    with ThreadPoolExecutor(len(sizes)) as listeners:
        drawn = [listeners.submit(draw, size) for size in sizes]
        waits = []
        while not all(each.done() for each in drawn):
            began = time.monotonic()
            assert httpx.get(f"{server.url}/api/v1/jobs", timeout=30).status_code == 200
            waits.append(time.monotonic() - began)
            time.sleep(0.02)
    assert [each.result() for each in drawn] == [200] * len(sizes)
    assert len(waits) >= 5
    assert sorted(waits)[len(waits) // 2] < 0.3


NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("info", {"input": {"upload": NOBODY}}, 404, "unknown_upload"),
        ("info", {"input": {"job": NOBODY}}, 404, "unknown_job"),
        ("info", {"input": {"job": "../../etc", "file": "passwd"}}, 404, "unknown_job"),
        ("info", {"input": {"path": "/etc/passwd"}}, 400, "bad_request"),
        ("info", {"input": {}}, 400, "bad_request"),
        ("info", {"input": "song"}, 422, "bad_request"),
        ("info", {}, 422, "bad_request"),
        ("score", {"reference": {"upload": NOBODY}, "estimate": {"upload": NOBODY}}, 404, "unknown_upload"),
        ("cut", {"inputs": []}, 422, "bad_request"),
        ("cut", {"inputs": [{"upload": NOBODY}] * 65}, 422, "bad_request"),
        ("cut", {"inputs": [{"upload": NOBODY}], "format": "exe"}, 400, "bad_output_format"),
        ("explode", {"inputs": [{"upload": NOBODY}]}, 422, "bad_request"),
    ],
)
def test_what_is_not_here(server: Server, name: str, body: dict[str, Any], status: int, code: str) -> None:
    refused(httpx.post(f"{server.url}/api/v1/tools/{name}", json=body, timeout=60), status, code)


@pytest.mark.parametrize(
    ("name", "settings", "count"),
    [
        ("cut", {"start": 2, "end": 1}, 1),
        ("cut", {"start": "soon"}, 1),
        ("cut", {"input": "file2"}, 1),
        ("cut", {"stem": "../x"}, 1),
        ("convert", {"rate": 1}, 1),
        ("convert", {"channels": 99}, 1),
        ("join", {"gap": -1}, 2),
        ("join", {"sources": ["mixture"]}, 2),
        ("join", {}, 1),
        ("join", {}, 33),
        ("speed-key", {"speed": 9}, 1),
        ("speed-key", {"spede": 1}, 1),
        ("mix", {"parts": [{}]}, 2),
        ("mix", {"parts": [{"gain_db": None}]}, 1),
        ("mix", {"parts": [{"pan": 2}]}, 1),
        ("mix", {"parts": [{"gain_db": 1e9}]}, 1),
        ("gain", {}, 1),
        ("gain", {"db": 1, "lufs": -14}, 1),
        ("gain", {"db": 1, "peak_db": -1}, 1),
    ],
)
def test_settings_that_cannot_be(house: House, client: TestClient, tmp_path: Path, name: str, settings: dict[str, Any], count: int) -> None:
    upload = house.services.uploads.add(save(tmp_path / "song.wav", noise(0.1)), name="song.wav")
    body = {"inputs": [{"upload": upload.id}] * count, "settings": settings}
    refused(client.post(f"/api/v1/tools/{name}", json=body), 400, "bad_option")


@pytest.mark.parametrize("size", [{"width": 1}, {"height": 10**9}, {"width": 5000}])
def test_pictures_that_cannot_be(house: House, client: TestClient, tmp_path: Path, size: dict[str, int]) -> None:
    upload = house.services.uploads.add(save(tmp_path / "song.wav", noise(0.1)), name="song.wav")
    refused(client.post("/api/v1/tools/spectrogram", json={"input": {"upload": upload.id}, **size}), 400, "bad_option")
