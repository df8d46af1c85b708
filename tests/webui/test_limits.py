"""Bounds: the size of an upload, the length of the line, the time of a job."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import httpx
import pytest
import soundfile

from tests.conftest import Server, chord


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory, weights: Path):
    """A server that allows little."""
    server = Server(
        tmp_path_factory.mktemp("small") / "home",
        environment={
            "MSST_MAX_UPLOAD_MB": "8",
            "MSST_QUEUE_LIMIT": "2",
            "MSST_JOB_TIME_LIMIT": "4",
            "MSST_RETENTION_DAYS": "0",
            "MSST_PAGE": "0",
        },
    )
    server.adopt(weights)
    server.start()
    yield server
    server.stop()


def test_a_large_upload_is_413_however_it_is_sent(small_server: Server) -> None:
    data = b"\0" * (9 << 20)
    announced = httpx.post(f"{small_server.url}/upload", files={"file": ("a.wav", data)})
    assert announced.status_code == 413
    assert announced.json()["code"] == "too_large"

    def chunks():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        for _ in range(90):
            yield b"\0" * 100_000
        yield b"\r\n--x--\r\n"

    streamed = httpx.post(f"{small_server.url}/upload", content=chunks(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert streamed.status_code == 413
    assert [path for path in (small_server.home / "tmp").rglob("*") if path.is_file()] == []


def test_a_full_line_is_429_and_a_long_job_is_stopped(small_server: Server, tmp_path: Path) -> None:
    long = tmp_path / "long.wav"
    soundfile.write(long, chord(400.0, 8000, 1), 8000, subtype="PCM_16")
    ids = []
    answer = None
    for _ in range(4):
        answer = httpx.post(f"{small_server.url}/upload", files={"file": ("long.wav", long.read_bytes())}, timeout=60)
        if answer.status_code != 200:
            break
        ids.append(answer.json()["task_id"])
    assert answer is not None
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["code"] == "queue_full"
    waiting = httpx.get(f"{small_server.url}/status/{ids[-1]}").json()
    assert waiting["status"] == "processing"
    assert waiting["queue_position"] in (1, 2)
    for task_id in ids[1:]:
        assert httpx.delete(f"{small_server.url}/task/{task_id}").status_code == 200
    deadline = time.monotonic() + 60
    while (ended := httpx.get(f"{small_server.url}/status/{ids[0]}").json())["status"] == "processing":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert ended["status"] == "failed"
    assert "time limit" in ended["message"]


def test_cancel_frees_the_slot_within_seconds(server: Server, song: Path, tmp_path: Path) -> None:
    long = tmp_path / "long.flac"
    soundfile.write(long, chord(240.0, channels=1), 44100, subtype="PCM_16")
    job = httpx.post(f"{server.url}/api/v1/jobs", files={"file": ("long.flac", long.read_bytes())}, timeout=60).json()
    deadline = time.monotonic() + 30
    while httpx.get(f"{server.url}/api/v1/jobs/{job['id']}").json()["progress"] <= 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    began = time.monotonic()
    assert httpx.post(f"{server.url}/api/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
    following = httpx.post(f"{server.url}/upload", files={"file": ("song.wav", song.read_bytes())}).json()["task_id"]
    while httpx.get(f"{server.url}/status/{following}").json()["status"] == "processing":
        assert time.monotonic() - began < 60
        time.sleep(0.1)
    state = httpx.get(f"{server.url}/status/{job['id']}").json()
    assert state["status"] == "failed"
    assert (
        httpx.get(f"{server.url}/api/v1/jobs/{following}").json()["started_at"]
        - httpx.get(f"{server.url}/api/v1/jobs/{job['id']}").json()["finished_at"]
        < 5
    )
    assert httpx.post(f"{server.url}/api/v1/jobs/{uuid.uuid4()}/cancel").status_code == 404
