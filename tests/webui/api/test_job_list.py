"""The list of jobs, their line, and what can be done with many: the real app and the real store over HTTP, the computing pretended."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from fastapi.testclient import TestClient

from tests.webui.api.conftest import House, refused
from webui.services.runner import Shutdown

JOBS = "/api/v1/jobs"
BUILT_IN = "spleeter_2stems"


class Work:
    """What stands in for the computing: each job waits until it is let go, then makes one small result."""

    def __init__(self, house: House) -> None:
        self.house, self.free, self.ended, self.began = house, threading.Semaphore(0), False, [""]
        self.event = {"fraction": 0.5, "stage": "separating", "seconds_left": 7.0, "started_at": 1.0}

    def __call__(self, job_id: str, spec: dict[str, Any], publish: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        self.began.append(job_id)
        while not self.free.acquire(timeout=0.05):
            if self.ended:
                raise Shutdown
            publish(self.event)
        folder = self.house.services.storage.results(job_id) / "extra_output"
        folder.mkdir(parents=True)
        (folder / "one.wav").write_bytes(b"\0" * 1000)
        result = {"file": "one.wav", "stem": "one", "sample_rate": 8000, "channels": 1, "frames": 1, "bytes": 1000, "clipped": 0}
        results = [{**result, "peaks": "p", "preview": None}]
        return {"results": results, "error": None, "started_at": time.time() - 1, "finished_at": time.time()}


@pytest.fixture
def work(house: House) -> Iterator[Work]:
    pretended = Work(house)
    house.services._engine._run_job = pretended
    house.services.start()
    yield pretended
    pretended.ended = True


@pytest.fixture
def upload(client: TestClient, work: Work, song: Path) -> str:
    answer = client.post("/api/v1/uploads", files={"file": ("Größe.wav", song.read_bytes())})
    return str(answer.json()["id"])


def submit(client: TestClient, upload: str, **fields: str) -> str:
    answer = client.post(JOBS, data={"inputs": json.dumps([{"upload": upload}]), "model": BUILT_IN, **fields})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def listed(client: TestClient, **query: Any) -> list[str]:
    return [job["id"] for job in client.get(JOBS, params=query).json()["jobs"]]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def state(client: TestClient, job_id: str) -> str:
    return str(client.get(f"{JOBS}/{job_id}").json()["state"])


def line(client: TestClient) -> list[str]:
    waiting = client.get(JOBS, params={"state": "queued"}).json()["jobs"]
    waiting.sort(key=lambda job: job["queue_position"])
    assert [job["queue_position"] for job in waiting] == list(range(1, len(waiting) + 1))
    return [job["id"] for job in waiting]


def test_filters_and_pages(client: TestClient, work: Work, upload: str) -> None:
    one = submit(client, upload, title="Évening song", door="ui")
    until(lambda: state(client, one) == "running")
    middle = time.time()
    two = submit(client, upload, title="Morning", options='{"overlap": "fast"}')
    three = submit(client, upload)
    assert listed(client) == [three, two, one]
    page = client.get(JOBS, params={"limit": 1, "offset": 1}).json()
    assert [job["id"] for job in page["jobs"]] == [two]
    assert (page["total"], page["limit"], page["offset"]) == (3, 1, 1)
    assert listed(client, offset=3) == []
    assert listed(client, text="evening SPLEETER") == [one]
    assert listed(client, text="nothing") == []
    assert listed(client, text="GROSSE morning") == [two]
    assert listed(client, source="ui") == [one]
    assert listed(client, source=["ui", "rest"], state=["queued"]) == [three, two]
    assert listed(client, since=middle) == [three, two]
    assert listed(client, until=middle) == [one]
    job = client.get(f"{JOBS}/{two}").json()
    about = {key: job[key] for key in ("options", "bytes", "inputs_gone", "purpose", "quality", "queue_position", "source")}
    expected = {"options": {"overlap": "fast"}, "bytes": 0, "inputs_gone": False, "purpose": None, "quality": None}
    assert about == {**expected, "queue_position": 1, "source": "rest"}
    until(lambda: client.get(f"{JOBS}/{two}").json()["seconds_until_start"] == 7.0)  # as the first one tells
    job = client.get(f"{JOBS}/{two}").json()
    assert client.get(JOBS, params={"limit": 1, "offset": 1}).json()["jobs"] == [job]
    for wrong in ({"state": "lost"}, {"source": "nobody"}):
        refused(client.get(JOBS, params=wrong), 400, "bad_request")
    refused(client.get(JOBS, params={"limit": 0}), 422, "bad_request")


def test_an_unchanged_list_is_not_sent_again(client: TestClient, work: Work, upload: str) -> None:
    first = submit(client, upload)
    work.free.release()
    until(lambda: state(client, first) == "completed")
    answer = client.get(JOBS)
    tag = answer.headers["etag"]
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get(JOBS, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(JOBS, params={"limit": 3}, headers={"If-None-Match": tag}).status_code == 200
    submit(client, upload)
    changed = client.get(JOBS, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    until(lambda: client.get(JOBS).json()["jobs"][0]["progress"] == 0.5)
    tag = client.get(JOBS).headers["etag"]
    work.event = {**work.event, "fraction": 0.6}
    until(lambda: client.get(JOBS, headers={"If-None-Match": tag}).status_code == 200)
    tag = client.get(JOBS).headers["etag"]
    assert client.delete(f"{JOBS}/{first}").status_code == 200
    assert client.get(JOBS, headers={"If-None-Match": tag}).json()["total"] == 1


def test_places_in_the_line(client: TestClient, work: Work, upload: str) -> None:
    running, *waiting = [submit(client, upload) for _ in range(5)]
    until(lambda: state(client, running) == "running")
    a, b, c, d = waiting
    for job, to, expected in (
        (c, "up", [a, c, b, d]),
        (a, "down", [c, a, b, d]),
        (d, "first", [d, c, a, b]),
        (d, "up", [d, c, a, b]),
        (c, "last", [d, a, b, c]),
        (c, "down", [d, a, b, c]),
    ):
        moved = client.post(f"{JOBS}/{job}/move", json={"to": to})
        assert moved.status_code == 200, moved.text
        assert moved.json()["queue_position"] == expected.index(job) + 1
        assert line(client) == expected
    with ThreadPoolExecutor(4) as hands:  # as if several people, or processes, had moved at a time
        list(hands.map(lambda number: work.house.services._store.move(waiting[number % 4], "first" if number % 3 else "last"), range(80)))
    places = [row.priority for row in work.house.services._store.rows() if row.waits]
    assert len(set(places)) == 4
    for job in (c, b, a, d):
        client.post(f"{JOBS}/{job}/move", json={"to": "first"})
    late = submit(client, upload)
    assert line(client) == [d, a, b, c, late]
    for job, to, status, code in ((running, "first", 409, "not_waiting"), (a, "sideways", 422, "bad_request")):
        refused(client.post(f"{JOBS}/{job}/move", json={"to": to}), status, code)
    refused(client.post(f"{JOBS}/{uuid.uuid4()}/move", json={"to": "up"}), 404, "unknown_job")
    for _ in range(6):
        work.free.release()
    until(lambda: state(client, late) == "completed")
    assert work.began[1:] == [running, d, a, b, c, late]


def test_when_waiting_jobs_start(client: TestClient, work: Work, upload: str) -> None:
    services = work.house.services
    for length in (3.0, 3.0, 3.0):
        services.estimator._speeds.note(f"{BUILT_IN}|auto|", length, 10.0)
    running, first, second = [submit(client, upload) for _ in range(3)]
    until(lambda: client.get(f"{JOBS}/{first}").json()["seconds_until_start"] == pytest.approx(7.0))  # as the first one tells
    assert client.get(f"{JOBS}/{second}").json()["seconds_until_start"] == pytest.approx(17.0)
    by_id = {job["id"]: job for job in client.get(JOBS).json()["jobs"]}
    assert by_id[second]["seconds_until_start"] == pytest.approx(17.0)
    assert by_id[running]["seconds_until_start"] is None
    assert client.get("/api/v1/estimates", params={"model": BUILT_IN, "duration": 3}).json()["queue_seconds"] == pytest.approx(27.0)


def test_again_with_changes(client: TestClient, work: Work, upload: str) -> None:
    first = submit(client, upload, title="Mine", format="flac", subtype="PCM_24", options='{"tta": true}')
    work.free.release()
    until(lambda: state(client, first) == "completed")
    same = client.post(f"{JOBS}/{first}/rerun").json()
    keep = ("title", "file", "model", "preset", "format", "options")
    before = client.get(f"{JOBS}/{first}").json()
    assert {key: same[key] for key in keep} == {key: before[key] for key in keep}
    preset = client.get(f"{JOBS}/{first}/preset").json()
    assert preset["steps"][0]["model"] == BUILT_IN
    preset["name"] = "Changed"
    for text in (preset, json.dumps(preset)):
        other = client.post(f"{JOBS}/{first}/rerun", json={"preset_json": text, "options": {}, "format": "mp3", "door": "ui"}).json()
        assert (other["preset"], other["model"], other["options"], other["source"]) == ("Changed", None, {}, "ui")
        assert (other["title"], other["format"]["container"]) == ("Mine", "mp3")
        assert other["format"]["subtype"] != "PCM_24"
    purpose = client.post(f"{JOBS}/{first}/rerun", json={"purpose": "vocals"}).json()
    assert (purpose["purpose"], purpose["model"], purpose["options"]) == ("vocals", BUILT_IN, {"tta": True})
    for body, code in (({"preset": "my_preset", "model": BUILT_IN}, "bad_request"), ({"quality": "best"}, "bad_request")):
        refused(client.post(f"{JOBS}/{first}/rerun", json=body), 400, code)
    refused(client.post(f"{JOBS}/{first}/rerun", json={"options": {"overlap": -1}}), 400, "bad_option")
    refused(client.post(f"{JOBS}/{first}/rerun", json={"format": "exe"}), 400, "bad_output_format")
    (work.house.services.storage.inputs(first) / "Größe.wav").unlink()
    assert client.get(f"{JOBS}/{first}").json()["inputs_gone"] is True
    refused(client.post(f"{JOBS}/{first}/rerun"), 410, "input_gone")
    refused(client.get(f"{JOBS}/{uuid.uuid4()}/preset"), 404, "unknown_job")


def test_many_are_deleted_and_say_what_that_frees(client: TestClient, work: Work, upload: str, song: Path) -> None:
    jobs = [submit(client, upload) for _ in range(4)]
    for _ in range(3):
        work.free.release()
    until(lambda: [state(client, each) for each in jobs] == ["completed"] * 3 + ["running"])
    delete = f"{JOBS}/delete"
    assert client.get(f"{JOBS}/{jobs[0]}").json()["bytes"] == 1000
    nobody = str(uuid.uuid4())
    assert client.post(delete, json={"ids": [jobs[0], jobs[0], nobody, "../../.."]}).json() == {"deleted": 1, "freed": 1000}
    old = {"states": ["completed"], "older_than_days": 1}
    assert client.post(delete, json=old).json() == {"deleted": 0, "freed": 0}
    for wrong in ({}, {"ids": [], "states": []}, {"states": ["running"]}, {"states": ["all"]}):
        refused(client.post(delete, json=wrong), 400, "bad_request")
    refused(client.post(delete, json={"states": ["failed"], "older_than_days": -1}), 422, "bad_request")
    assert client.post(delete, json={"states": []}).json() == {"deleted": 0, "freed": 0}
    assert client.delete(f"/api/v1/uploads/{upload}").status_code == 200
    assert client.post(delete, json={"states": ["completed", "failed"]}).json() == {"deleted": 2, "freed": 2000}
    assert client.post(delete, json={"ids": [jobs[3]]}).json() == {"deleted": 1, "freed": song.stat().st_size}
    assert client.get(JOBS).json()["total"] == 0
    assert list((work.house.services.storage.home / "inputs").iterdir()) == []


def test_a_list_before_there_are_jobs(client: TestClient) -> None:
    """Nobody has set the store up: a command line may look before any server ran."""
    assert client.get(JOBS).json()["jobs"] == []


def test_jobs_can_be_kept_longer_than_there_were_any(client: TestClient, work: Work, upload: str) -> None:
    one = submit(client, upload)
    work.free.release()
    until(lambda: state(client, one) == "completed")
    work.house.services.configuration.change({"retention_days": 999_999})
    work.house.services._housekeeper._delete_old_jobs()
    assert work.house.services._store.ended_before(time.time() - 999_999 * 86400) == []
    assert listed(client) == [one]


def test_a_list_bears_a_job_that_is_being_deleted(client: TestClient, work: Work, upload: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = submit(client, upload)
    work.free.release()
    until(lambda: state(client, one) == "completed")
    with monkeypatch.context() as deleted:
        deleted.setattr(Path, "iterdir", Mock(side_effect=FileNotFoundError))
        (job,) = client.get(JOBS).json()["jobs"]
    assert job["inputs_gone"]


def test_what_was_half_begun_can_be_begun_again(house: House, client: TestClient, song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services, work = house.services, Work(house)
    services._engine._run_job = work
    with monkeypatch.context() as broken:
        broken.setattr(services._engine, "_take_jobs", Mock(side_effect=RuntimeError("no room")))
        with pytest.raises(RuntimeError, match="no room"):
            services._standby.try_now()
    services.library.resume = Mock(side_effect=OSError("unreadable"))  # type: ignore[method-assign]
    assert services._standby.try_now()
    sent = client.post("/api/v1/uploads", files={"file": ("song.wav", song.read_bytes())}).json()
    job = submit(client, sent["id"])
    work.free.release()
    until(lambda: state(client, job) == "completed")
    work.ended = True
