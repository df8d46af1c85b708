"""What becomes of jobs when servers come and go, and when jobs grow old or are thrown away."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import soundfile

from tests.conftest import Server, chord


@pytest.fixture(scope="module")
def long_song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "long.flac"
    soundfile.write(path, chord(60.0, channels=1), 44100, subtype="PCM_16")
    return path


def submit(server: Server, song: Path) -> str:
    answer = httpx.post(f"{server.url}/upload", files={"file": (song.name, song.read_bytes())}, timeout=60)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["task_id"])


def job(server: Server, job_id: str) -> dict[str, Any]:
    return dict(httpx.get(f"{server.url}/api/v1/jobs/{job_id}", timeout=20).json())


def until(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def files_of(server: Server, job_id: str) -> list[Path]:
    return [path for path in server.home.rglob("*") if job_id in str(path)]


def stem_bytes(server: Server, job_id: str) -> list[bytes]:
    folder = server.home / "results" / job_id / "extra_output"
    return [(folder / result["file"]).read_bytes() for result in job(server, job_id)["results"]]


def test_a_running_job_that_is_deleted_leaves_nothing(own_server: Server, long_song: Path, song: Path) -> None:
    own_server.start()
    job_id = submit(own_server, long_song)
    until(lambda: job(own_server, job_id)["progress"] > 0)
    assert httpx.delete(f"{own_server.url}/task/{job_id}").status_code == 200
    following = submit(own_server, song)
    until(lambda: job(own_server, following)["state"] == "completed")
    assert files_of(own_server, job_id) == []


def test_a_stopped_server_goes_on_where_it_was(own_server: Server, long_song: Path, song: Path) -> None:
    own_server.start()
    ids = [submit(own_server, long_song), submit(own_server, song)]
    until(lambda: job(own_server, ids[0])["state"] == "running")
    began = time.monotonic()
    own_server.stop()
    assert time.monotonic() - began < 10, "a running job does not hold the server up"
    own_server.start()
    until(lambda: all(job(own_server, job_id)["state"] == "completed" for job_id in ids))
    ended = [job(own_server, job_id)["finished_at"] for job_id in ids]
    assert ended == sorted(ended), "first come, first served"


@pytest.mark.slow
def test_a_second_server_takes_over_from_a_killed_one(own_server: Server, long_song: Path) -> None:
    own_server.start()
    second = Server(own_server.home, environment=own_server.environment)
    second.start()
    try:
        job_id = submit(second, long_song)
        until(lambda: job(second, job_id)["state"] == "running")
        assert second.workers() != own_server.workers()
        own_server.kill()
        until(lambda: job(second, job_id)["state"] == "completed")
    finally:
        second.stop()


@pytest.mark.slow
def test_jobs_that_grew_old_are_deleted(own_server: Server, song: Path) -> None:
    own_server.start()
    old = submit(own_server, song)
    until(lambda: job(own_server, old)["state"] == "completed")
    time.sleep(1.2)
    own_server.environment["MSST_RETENTION_DAYS"] = str(1 / 86400)
    own_server.restart()
    until(lambda: httpx.get(f"{own_server.url}/status/{old}").status_code == 404, 20)
    assert files_of(own_server, old) == []


def test_a_job_runs_again_with_the_same_result(server: Server, song: Path) -> None:
    first = submit(server, song)
    until(lambda: job(server, first)["state"] == "completed")
    answer = httpx.post(f"{server.url}/api/v1/jobs/{first}/rerun")
    assert answer.status_code == 202
    again = answer.json()["id"]
    assert again != first
    until(lambda: job(server, again)["state"] == "completed")
    stems = [stem_bytes(server, job_id) for job_id in (first, again)]
    assert stems[0] == stems[1]
