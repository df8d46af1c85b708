"""kill -9 at any moment: of the compute process, of the server. Nothing is lost, nothing is done twice, nothing differs."""

from __future__ import annotations

import hashlib
import random
import time
from pathlib import Path

import httpx
import pytest
import soundfile

from tests.conftest import Server, chord
from tests.receiver import Receiver

SONGS = 5


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("five")
    paths = [folder / f"song {number}.flac" for number in range(SONGS)]
    for number, path in enumerate(paths):
        soundfile.write(path, chord(10.0 + 2 * number), 44100, subtype="PCM_16")
    return paths


def submit_all(server: Server, songs: list[Path], receiver: Receiver) -> list[str]:
    ids = []
    for song in songs:
        data = {"callback_url": receiver.url}
        answer = httpx.post(f"{server.url}/upload", files={"file": (song.name, song.read_bytes())}, data=data, timeout=30)
        assert answer.status_code == 200, answer.text
        ids.append(answer.json()["task_id"])
    return ids


def ended(server: Server, ids: list[str]) -> bool:
    return all(httpx.get(f"{server.url}/status/{task_id}", timeout=20).json()["status"] != "processing" for task_id in ids)


def wait_for_all(server: Server, ids: list[str], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not ended(server, ids):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def fingerprints(server: Server, ids: list[str]) -> list[dict[str, str]]:
    found = []
    for task_id in ids:
        folder = server.home / "results" / task_id / "extra_output"
        found.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())})
    return found


def kill_at_random(server: Server, ids: list[str], kills: int, seed: int) -> int:
    """Kill the server and its worker in turn at random moments while there is work; how often it came to that."""
    generator = random.Random(seed)
    for number in range(kills):
        time.sleep(generator.uniform(0.0, 2.5))
        if ended(server, ids):
            return number
        if number % 2:
            server.kill()
            server.start()
        else:
            for worker in server.workers():
                worker.kill()
    return kills


@pytest.mark.parametrize(("count", "kills", "seed"), [(3, 3, 1), pytest.param(5, 10, 2, marks=pytest.mark.slow)])
def test_killed_at_random_moments(own_server: Server, songs: list[Path], count: int, kills: int, seed: int) -> None:
    songs = songs[:count]
    receiver = Receiver()
    own_server.start()
    calm = submit_all(own_server, songs, receiver)
    wait_for_all(own_server, calm)
    ids = submit_all(own_server, songs, receiver)
    came_to = kill_at_random(own_server, ids, kills, seed)
    wait_for_all(own_server, ids)
    assert came_to >= kills // 2, "the kills hit a working server"
    states = [httpx.get(f"{own_server.url}/status/{task_id}").json() for task_id in ids]
    assert [state["status"] for state in states] == ["completed"] * count, states
    assert fingerprints(own_server, ids) == fingerprints(own_server, calm)
    receiver.wait(2 * count)
    told = {body["task_id"] for body in receiver.received}
    assert told == {*calm, *ids}
    for task_id in ids:
        lines = httpx.get(f"{own_server.url}/api/v1/jobs/{task_id}/log").json()["lines"]
        assert sum(line["message"].startswith("completed:") for line in lines) == 1
    receiver.close()


@pytest.mark.slow
def test_a_worker_that_dies_for_ever_fails_its_job_and_no_other(own_server: Server, songs: list[Path]) -> None:
    receiver = Receiver()
    own_server.start()
    poison, good = submit_all(own_server, [songs[-1], songs[0]], receiver)
    deadline = time.monotonic() + 60
    while httpx.get(f"{own_server.url}/status/{poison}").json()["status"] == "processing":
        assert time.monotonic() < deadline
        if httpx.get(f"{own_server.url}/api/v1/jobs/{poison}").json()["state"] == "running":
            for worker in own_server.workers():
                worker.kill()
        time.sleep(0.2)
    failed = httpx.get(f"{own_server.url}/status/{poison}").json()
    assert failed["status"] == "failed"
    assert "ended 6 times" in failed["message"]
    wait_for_all(own_server, [good])
    assert httpx.get(f"{own_server.url}/status/{good}").json()["status"] == "completed"
    receiver.wait(2)
    assert {(body["task_id"], body["status"]) for body in receiver.received} == {(poison, "failed"), (good, "completed")}
    receiver.close()


@pytest.mark.slow
def test_a_callback_survives_the_server(own_server: Server, songs: list[Path]) -> None:
    receiver = Receiver(500, 500)
    own_server.environment["MSST_CALLBACK_BACKOFF"] = "0.7"
    own_server.start()
    submit_all(own_server, songs[:1], receiver)
    receiver.wait(1)
    own_server.kill()
    own_server.start()
    receiver.wait(3)
    time.sleep(1.5)
    assert len(receiver.received) == 3
    receiver.close()
