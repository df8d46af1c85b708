"""Requests that mean harm, against the running server: paths, queries, ranges, forms, and calls that race each other."""

from __future__ import annotations

import random
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.hostile.common import Upload, good_wav
from tests.hostile.wire import BOUNDARY, END, FORM, Answer, call, part, send

SEED = 20
PATIENCE = 90.0  # seconds until a short song is done


@pytest.fixture(scope="module")
def finished(server: Any) -> Iterator[str]:
    """The id of a task that is done."""
    task = send(server.url, Upload("good", "good.wav", good_wav())).json()["task_id"]
    deadline = time.monotonic() + PATIENCE
    while (status := call(server.url, "GET", f"/status/{task}").json())["status"] == "processing":
        assert time.monotonic() < deadline, status
        time.sleep(0.1)
    assert status["status"] == "completed", status
    yield task
    call(server.url, "DELETE", f"/task/{task}")


BAD_PATHS = [
    "/download/{id}/..%2f..%2f..%2fjobs.db",
    "/download/{id}/../../../../etc/passwd",
    "/download/{id}/%2e%2e/%2e%2e/etc/passwd",
    "/download/{id}//etc/passwd",
    "/download/{id}/..%5c..%5cjobs.db",
    "/download/{id}/%00",
    "/download/{id}/a%00.wav",
    "/download/{id}/.",
    "/download/{id}/..",
    "/download/{id}/%ff%fe",
    "/download/{id}/{long}",
    "/download/../../etc/passwd",
    "/download/..%2f..%2f/etc%2fpasswd",
    "/download/%2e%2e/passwd",
    "/status/..%2f..",
    "/status/%00",
    "/status/{long}",
    "/status/{id}%0a",
    "/results/%2e%2e",
    "/results/%ff",
    "/api/v1/jobs/..%2f..",
    "/api/v1/jobs/%00",
    "/api/v1/jobs/{id}/log",
    "/api/v1/jobs/{id}/zip",
    "/api/v1/jobs/{id}/stems/..%2f..%2fx/peaks",
    "/api/v1/jobs/{id}/stems/x/pcm?start=-1&frames=99999999999999999999",
]


@pytest.mark.parametrize("path", BAD_PATHS)
def test_paths_lead_nowhere(server: Any, path: str) -> None:
    answer = call(server.url, "GET", path.replace("{id}", str(uuid.uuid4())).replace("{long}", "a" * 5000))
    assert 400 <= answer.code < 500, answer
    assert b"root:" not in answer.body


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "limit=99999999999999999999", "state='", "state=%00"])
def test_queries_are_checked(server: Any, query: str) -> None:
    assert call(server.url, "GET", f"/api/v1/jobs?{query}").code < 500


def bodies() -> dict[str, tuple[bytes, dict[str, str]]]:
    """Bodies of POST /upload that are no form, or not the agreed one: name -> (body, headers)."""
    song = part("file", good_wav(), "song.wav")
    return {
        "nothing": (b"", {}),
        "json": (b'{"file": "song.wav"}', {"Content-Type": "application/json"}),
        "urlencoded": (b"file=song.wav", {"Content-Type": "application/x-www-form-urlencoded"}),
        "no boundary": (song + END, {"Content-Type": "multipart/form-data"}),
        "other boundary": (song + END, {"Content-Type": "multipart/form-data; boundary=another"}),
        "long boundary": (song + END, {"Content-Type": "multipart/form-data; boundary=" + "x" * 5000}),
        "no parts": (END, FORM),
        "no file": (part("preset_name", b"my_preset") + END, FORM),
        "file is text": (part("file", b"song.wav") + END, FORM),
        "id is a file": (part("task_id", b"x", "x") + song + END, FORM),
        "5000 fields": (b"".join(part(f"f{i}", b"x") for i in range(5000)) + song + END, FORM),
        "field of 5 MB": (part("preset_name", b"x" * 5_000_000) + song + END, FORM),
        "field that is no text": (part("preset_name", b"\xff\xfe\x00") + song + END, FORM),
        "header of 1 MB": (f"--{BOUNDARY}\r\nX: {'x' * 1_000_000}\r\n\r\n".encode() + END, FORM),
        "no content-disposition": (f"--{BOUNDARY}\r\n\r\nx\r\n".encode() + END, FORM),
        "noise": (random.Random(SEED).randbytes(5000), FORM),
    }


@pytest.mark.parametrize("name", bodies())
def test_bodies_that_are_not_as_agreed_are_refused(server: Any, name: str) -> None:
    body, headers = bodies()[name]
    answer = call(server.url, "POST", "/upload", body, headers)
    assert 400 <= answer.code < 500, answer
    assert answer.json()["detail"]


def test_a_file_beyond_the_limit_is_refused(server: Any) -> None:
    megabytes = 513  # the default limit is 512
    headers = {**FORM, "Content-Length": str(megabytes * 2**20)}
    answer = call(server.url, "POST", "/upload", (bytes(2**20) for _ in range(megabytes)), headers)
    assert answer.code == 413, answer
    assert answer.json()["detail"]


def test_a_caller_that_hangs_up_leaves_no_task(server: Any) -> None:
    task = str(uuid.uuid4())
    body = part("task_id", task.encode()) + part("file", good_wav(), "pwned.wav")
    with socket.create_connection((urlsplit(server.url).hostname, urlsplit(server.url).port), timeout=10) as connection:
        headers = {"Host": "x", "Content-Length": str(len(body) + 1000), **FORM}
        head = "POST /upload HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        connection.sendall(head.encode() + body)
    time.sleep(0.5)
    assert call(server.url, "GET", f"/status/{task}").code == 404
    assert not list(server.home.rglob(f"*{task}*"))


RANGES = [
    "bytes=-0",
    "bytes=5-1",
    "bytes=99999999999999999999-",
    "bytes=abc",
    "bytes=",
    "lines=0-1",
    "bytes=0-0," * 500 + "1-1",
    "bytes=--5",
    "bytes=0-" + "9" * 5000,
]


@pytest.mark.parametrize("wanted", RANGES, ids=lambda wanted: wanted[:24])
def test_ranges_are_checked(server: Any, finished: str, wanted: str) -> None:
    answer = call(server.url, "GET", f"/download/{finished}/good_vocals.wav", headers={"Range": wanted})
    assert answer.code in (200, 206, 400, 416), answer.code
    assert len(answer.body) < 10_000_000


@pytest.mark.parametrize(
    "query", ["start=-5&frames=10", "start=99999999999&frames=10", "start=0&frames=0", "start=x&frames=y", "start=0&frames=-1"]
)
def test_pieces_of_a_stem_are_checked(server: Any, finished: str, query: str) -> None:
    answer = call(server.url, "GET", f"/api/v1/jobs/{finished}/stems/good_vocals.wav/pcm?{query}")
    assert answer.code in (200, 400, 404, 416, 422), answer


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2f..%2fjobs.db",
        "%2e%2e/good_vocals.wav",
        "good_vocals.wav%00",
        "good_vocals.wav/",
        "./good_vocals.wav",
        "GOOD_VOCALS.WAV.",
        "extra_output",
    ],
)
def test_names_beside_a_result_are_not_found(server: Any, finished: str, name: str) -> None:
    assert 400 <= call(server.url, "GET", f"/download/{finished}/{name}").code < 500


def at_once(count: int, do: Callable[[], Answer]) -> list[int]:
    """The codes of the same request, made from several threads at the same time."""
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(do().code)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(codes)


def test_deleting_twice_does_no_harm(server: Any) -> None:
    task = send(server.url, Upload("good", "good.wav", good_wav())).json()["task_id"]
    codes = at_once(6, lambda: call(server.url, "DELETE", f"/task/{task}"))
    assert codes[0] == 200
    assert set(codes) <= {200, 404}
    assert call(server.url, "GET", f"/status/{task}").code == 404


def test_one_id_is_taken_once(server: Any) -> None:
    task = str(uuid.uuid4())
    upload = Upload("twice", "song.wav", good_wav(), {"task_id": task})
    assert at_once(8, lambda: send(server.url, upload)) == [200] + [409] * 7
    call(server.url, "DELETE", f"/task/{task}")
