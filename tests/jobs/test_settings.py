"""Settings on a real server: a change holds for the next job, a restart keeps it, results are named and written as they say."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import soundfile

from tests.conftest import Server, chord
from tests.tools.hub.server import eventually


def change(server: Server, **values: Any) -> None:
    answer = httpx.patch(f"{server.url}/api/v1/settings", json=values)
    assert answer.status_code == 200, answer.text


def submit(server: Server, path: Path, **fields: str) -> httpx.Response:
    return httpx.post(f"{server.url}/api/v1/jobs", files={"file": (path.name, path.read_bytes())}, data=fields, timeout=60)


def ended(server: Server, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while (job := httpx.get(f"{server.url}/api/v1/jobs/{job_id}").json())["state"] in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert job["state"] == "completed", job
    found: dict[str, Any] = job
    return found


@pytest.fixture
def long(tmp_path: Path) -> Path:
    path = tmp_path / "long.wav"
    soundfile.write(path, chord(240.0, 8000, 1), 8000, subtype="PCM_16")
    return path


def states(server: Server) -> list[str]:
    return sorted(job["state"] for job in httpx.get(f"{server.url}/api/v1/jobs").json()["jobs"])


def test_the_line_is_as_long_as_the_settings_say_now(own_server: Server, long: Path) -> None:
    own_server.start()
    jobs = [submit(own_server, long).json()["id"] for _ in range(3)]
    eventually(lambda: states(own_server) == ["queued", "queued", "running"], 30)
    change(own_server, queue_limit=1)
    answer = submit(own_server, long)
    assert (answer.status_code, answer.json()["code"], answer.json()["params"]["limit"]) == (429, "queue_full", "1")
    own_server.restart()
    assert submit(own_server, long).status_code == 429
    change(own_server, queue_limit=None, parallel_jobs=2)
    eventually(lambda: states(own_server) == ["queued", "running", "running"], 30)
    assert len(httpx.get(f"{own_server.url}/api/v1/system").json()["memory"]["workers"]) == 2
    for job in jobs:
        httpx.delete(f"{own_server.url}/api/v1/jobs/{job}")


def test_results_are_as_the_settings_say_and_those_of_the_contract_as_ever(own_server: Server, song: Path) -> None:
    own_server.start()
    change(own_server, output_format="flac", output_subtype="PCM_16", output_rate=22050, output_name="{stem} of {song}")
    job = ended(own_server, submit(own_server, song).json()["id"])
    assert sorted(result["file"] for result in job["results"]) == ["accompaniment_of_song.flac", "vocals_of_song.flac"]
    assert {(result["sample_rate"], result["frames"]) for result in job["results"]} == {(22050, 3 * 22050)}
    stems = f"{own_server.url}/api/v1/jobs/{job['id']}/stems/vocals_of_song.flac"
    assert len(httpx.get(f"{stems}/pcm", params={"frames": 22050 * 9}).content) == 3 * 22050 * 4
    assert len(httpx.get(f"{stems}/peaks").content) == 3 * 50 * 2
    file = own_server.home / "results" / job["id"] / "extra_output" / "vocals_of_song.flac"
    assert (soundfile.info(file).samplerate, soundfile.info(file).subtype) == (22050, "PCM_16")
    again = httpx.post(f"{own_server.url}/api/v1/jobs/{job['id']}/rerun").json()
    change(own_server, output_rate=None, output_name=None)
    assert sorted(each["file"] for each in ended(own_server, again["id"])["results"]) == sorted(each["file"] for each in job["results"])
    change(own_server, output_rate=48000, output_name="{stem}")

    task = httpx.post(f"{own_server.url}/upload", files={"file": ("song.wav", song.read_bytes())}).json()["task_id"]
    contract = ended(own_server, task)
    assert {(result["file"], result["sample_rate"]) for result in contract["results"]} == {
        ("song_vocals.wav", 44100),
        ("song_accompaniment.wav", 44100),
    }
    system = httpx.get(f"{own_server.url}/api/v1/system").json()
    assert system["devices"][-1]["id"] == "cpu"
    (worker,) = [each for each in system["memory"]["workers"] if each["models"]]
    assert worker["models"] == ["spleeter_2stems"]
    assert worker["bytes"] > 50e6


def test_keys_on_the_real_page(own_server: Server) -> None:
    own_server.environment["MSST_PAGE"] = "1"
    own_server.start()
    with httpx.Client(base_url=own_server.url, timeout=60) as owner, httpx.Client(base_url=own_server.url, timeout=60) as browser:
        page = owner.get("/").text
        static = re.search(r"\./(ui/static/[^\"]+\.css)", page)
        assert static is not None
        key = owner.post("/api/v1/keys", json={"name": "studio"}).json()["key"]
        assert owner.patch("/api/v1/settings", json={"access": "keys"}).status_code == 200
        assert owner.get("/config").status_code == 200
        assert browser.get("/health").json()["status"] == "healthy"
        assert browser.get(f"/{static[1]}").status_code == 200
        for path in ("/config", "/gradio_api/info", "/gradio_api/queue/data", "/api/v1/jobs", "/assets/x.js"):
            assert browser.get(path).status_code == 401, path
        assert browser.post("/gradio_api/upload", files={"files": b"x"}).status_code == 401
        sent = browser.get("/?tab=jobs", headers={"accept": "text/html"})
        assert (sent.status_code, sent.headers["location"]) == (303, "./signin?next=%2F%3Ftab%3Djobs")
        done = browser.post("/signin", data={"key": key, "next": "/?tab=jobs"}, headers={"origin": own_server.url})
        assert (done.status_code, done.headers["location"]) == (303, "./?tab=jobs")
        assert browser.get("/?tab=jobs").status_code == 200
        assert browser.get("/config").status_code == 200
        own_server.restart()
        assert browser.get("/config").status_code == 200
        assert "studio" not in httpx.get(own_server.url, headers={"accept": "text/html"}, follow_redirects=True).text
        assert browser.get("/api/v1/diagnostics").status_code == 200
