"""The contract with back ends, over real HTTP: every route, name and status."""

from __future__ import annotations

import io
import os
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import numpy as np
import pytest
import soundfile

from tests.conftest import Server, chord


def upload(server: Server, song: Path, name: str = "song.wav", **fields: str) -> httpx.Response:
    return httpx.post(f"{server.url}/upload", files={"file": (name, song.read_bytes())}, data=fields, timeout=60)


def wait(server: Server, task_id: str, seconds: float = 60) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = httpx.get(f"{server.url}/status/{task_id}").json()
        if answer["status"] != "processing":
            return dict(answer)
        time.sleep(0.1)
    raise AssertionError(f"task {task_id} did not end: {answer}")


@pytest.fixture(scope="module")
def done(server: Server, song: Path) -> dict[str, Any]:
    """A completed task."""
    task_id = str(uuid.uuid4())
    answer = upload(server, song, "我的 歌.wav", task_id=task_id)
    assert answer.status_code == 200
    return wait(server, task_id)


def test_upload_answers_what_the_client_expects(server: Server, song: Path) -> None:
    task_id = str(uuid.uuid4())
    answer = upload(server, song, task_id=task_id, preset_name="my_preset.yaml", output_format="mp3")
    assert answer.status_code == 200
    body = answer.json()
    assert body["task_id"] == task_id
    assert body["status"] == "accepted"
    assert isinstance(body["message"], str)
    ended = wait(server, task_id)
    assert ended["results"] == [f"{task_id}/extra_output/song_vocals.mp3", f"{task_id}/extra_output/song_accompaniment.mp3"]


def test_an_id_is_made_where_none_is_sent(server: Server, song: Path) -> None:
    body = upload(server, song).json()
    assert str(uuid.UUID(body["task_id"])) == body["task_id"]
    assert wait(server, body["task_id"])["status"] == "completed"


def test_status_of_a_completed_task(done: dict[str, Any]) -> None:
    assert done["status"] == "completed"
    assert done["progress"] == 1.0
    assert done["queue_position"] is None
    assert done["results"] == [f"{done['task_id']}/extra_output/我的_歌_{stem}.wav" for stem in ("vocals", "accompaniment")]


def test_results_have_absolute_addresses_that_work(server: Server, done: dict[str, Any], song: Path) -> None:
    body = httpx.get(f"{server.url}/results/{done['task_id']}").json()
    assert body["task_id"] == done["task_id"]
    assert body["results"] == done["results"]
    mixture, rate = soundfile.read(song, dtype="float32")
    total = np.zeros_like(mixture)
    for url in body["download_urls"]:
        assert url.startswith(server.url)
        answer = httpx.get(url)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "audio/wav"
        stem, stem_rate = soundfile.read(io.BytesIO(answer.content), dtype="float32")
        assert stem_rate == rate
        assert stem.shape == mixture.shape
        total += stem
    residual = np.sum((total - mixture) ** 2) / np.sum(mixture**2)
    assert 10 * np.log10(residual + 1e-20) < -60


def test_addresses_follow_the_proxy(server: Server, done: dict[str, Any]) -> None:
    headers = {"X-Forwarded-Host": "stems.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/msst"}
    body = httpx.get(f"{server.url}/results/{done['task_id']}", headers=headers).json()
    assert all(url.startswith(f"https://stems.example.org/msst/download/{done['task_id']}/") for url in body["download_urls"])


@pytest.mark.parametrize("host", ["a b", "x/../y", "evil.example\r\nX: 1".replace("\r\n", ""), '"><script>'])
def test_a_forged_host_is_not_repeated(server: Server, done: dict[str, Any], host: str) -> None:
    body = httpx.get(f"{server.url}/results/{done['task_id']}", headers={"X-Forwarded-Host": host}).json()
    assert all(url.startswith(server.url) for url in body["download_urls"])


def test_download_serves_ranges_and_the_name(server: Server, done: dict[str, Any]) -> None:
    name = done["results"][0].rsplit("/", 1)[1]
    whole = httpx.get(f"{server.url}/download/{done['task_id']}/{name}")
    part = httpx.get(f"{server.url}/download/{done['task_id']}/{name}", headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert unquote(whole.headers["content-disposition"]).endswith(f"utf-8''{name}")
    head = httpx.head(f"{server.url}/download/{done['task_id']}/{name}")
    assert head.status_code == 200
    assert int(head.headers["content-length"]) == len(whole.content)


@pytest.mark.parametrize("name", ["nothing.wav", "..%2f..%2fjobs.db", "%2e%2e%5c", "%00", "C:%5Cx", "song_vocals.wav%2f.."])
def test_no_name_leads_outside(server: Server, done: dict[str, Any], name: str) -> None:
    answer = httpx.get(f"{server.url}/download/{done['task_id']}/{name}")
    assert answer.status_code == 404
    assert answer.json()["detail"]


@pytest.mark.parametrize("task_id", ["nothing", "00000000-0000-4000-8000-000000000000", "%2e%2e%2f"])
@pytest.mark.parametrize("route", ["status", "results", "download"])
def test_unknown_tasks_are_404(server: Server, route: str, task_id: str) -> None:
    tail = "/x.wav" if route == "download" else ""
    assert httpx.get(f"{server.url}/{route}/{task_id}{tail}").status_code == 404


def test_delete_removes_everything(server: Server, song: Path) -> None:
    task_id = upload(server, song).json()["task_id"]
    wait(server, task_id)
    answer = httpx.delete(f"{server.url}/task/{task_id}")
    assert answer.status_code == 200
    assert isinstance(answer.json()["message"], str)
    assert httpx.get(f"{server.url}/status/{task_id}").status_code == 404
    assert httpx.delete(f"{server.url}/task/{task_id}").status_code == 404
    left = list(server.home.rglob(f"*{task_id}*"))
    assert left == []
    assert upload(server, song, task_id=task_id).status_code == 200, "the id is free again"
    wait(server, task_id)


def test_a_used_id_is_a_conflict(server: Server, done: dict[str, Any], song: Path) -> None:
    answer = upload(server, song, task_id=done["task_id"])
    assert answer.status_code == 409
    assert answer.json()["code"] == "job_exists"


def test_an_id_is_free_again_after_a_process_died_with_it(server: Server, song: Path) -> None:
    task_id = str(uuid.uuid4())
    left = server.home / "inputs" / task_id
    left.mkdir()
    (left / "half.wav").write_bytes(b"RIFF")
    assert upload(server, song, task_id=task_id).status_code == 409  # perhaps it is at work still
    os.utime(left, (1, 1))
    assert upload(server, song, task_id=task_id).status_code == 200
    wait(server, task_id)
    assert [path.name for path in left.iterdir()] == ["song.wav"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"preset_name": "no such preset"}, 404, "unknown_preset"),
        ({"preset_name": "../my_preset"}, 404, "unknown_preset"),
        ({"task_id": "not a uuid"}, 400, "bad_job_id"),
        ({"task_id": "../../../../etc/passwd"}, 400, "bad_job_id"),
        ({"output_format": "exe"}, 400, "bad_output_format"),
        ({"callback_url": "ftp://example.org/x"}, 400, "bad_callback"),
        ({"callback_url": "http://169.254.169.254/latest"}, 400, "bad_callback"),
        ({"callback_url": "http://192.168.0.1/"}, 400, "bad_callback"),
        ({"callback_url": "http://[::ffff:10.0.0.1]/"}, 400, "bad_callback"),
        ({"callback_url": "http://user:pass@127.0.0.1/"}, 400, "bad_callback"),
        ({"callback_url": "http://127.0.0.1:99999/"}, 400, "bad_callback"),
        ({"callback_url": "http://127.0.0.1/\x7f"}, 400, "bad_callback"),
    ],
)
def test_bad_fields_are_refused_with_a_reason(server: Server, song: Path, fields: dict[str, str], status: int, code: str) -> None:
    answer = upload(server, song, **fields)
    assert answer.status_code == status
    body = answer.json()
    assert body["code"] == code
    assert body["detail"]
    assert set(body) == {"detail", "code", "hint", "params"}


def test_what_is_no_audio_is_refused_at_once(server: Server, tmp_path: Path) -> None:
    page = tmp_path / "page.wav"
    page.write_text("<html><body>not a song</body></html>", encoding="utf-8")
    assert upload(server, page).status_code in (400, 415)
    page.write_bytes(b"")
    assert upload(server, page).status_code in (400, 415)


def test_a_missing_file_is_a_client_error(server: Server) -> None:
    answer = httpx.post(f"{server.url}/upload", data={"preset_name": "my_preset"})
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


def test_a_song_that_cannot_be_decoded_fails_with_its_reason(server: Server, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    samples = chord(2.0)
    samples[44100:] = np.nan
    soundfile.write(broken, samples, 44100, subtype="FLOAT")
    ended = wait(server, upload(server, broken).json()["task_id"])
    assert ended["status"] == "failed"
    assert "1" in ended["message"], "it says at which second"
    assert ended["results"] == []


def test_health_and_docs(server: Server) -> None:
    body = httpx.get(f"{server.url}/health").json()
    assert body["status"] == "healthy"
    assert {"service", "version", "device", "model", "queue_length"} <= set(body)
    head = httpx.head(f"{server.url}/health")
    assert (head.status_code, head.content) == (200, b"")
    assert httpx.get(f"{server.url}/docs").status_code == 200
    paths = httpx.get(f"{server.url}/openapi.json").json()["paths"]
    wanted = {"/upload", "/status/{task_id}", "/results/{task_id}", "/download/{task_id}/{filename}", "/task/{task_id}", "/health"}
    assert wanted <= set(paths)
