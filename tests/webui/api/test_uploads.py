"""Songs that come in before their jobs: sent or fetched, referred to, and never a way to other files or other networks."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.conftest import Server
from tests.webui.api.conftest import House, refused
from webui.services import linkfetch
from webui.services import uploads as uploads_module
from webui.services.uploads import Upload

UPLOADS = "/api/v1/uploads"
JOBS = "/api/v1/jobs"


def send(client: TestClient, song: Path, name: str = "song.wav", **fields: str) -> httpx.Response:
    return client.post(UPLOADS, files={"file": (name, song.read_bytes())}, data=fields)


def arrived(client: TestClient, upload: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while upload["state"] == "fetching":
        assert time.monotonic() < deadline, upload
        time.sleep(0.05)
        upload = client.get(f"{UPLOADS}/{upload['id']}").json()
    return upload


class Web:
    """A site on loopback: /song.wav, /page, /endless, /to?URL (redirect), /slow (a byte now and then)."""

    def __init__(self, song: bytes) -> None:
        self.asked: list[str] = []
        self.gone = threading.Event()
        web = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                web.asked.append(self.path)
                path, _, query = self.path.partition("?")
                if path == "/to":
                    self.send_response(302)
                    self.send_header("Location", query)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if path == "/nothing":
                    self.send_error(404)
                    return
                body = b"<html>no song</html>" if path == "/page" else song
                self.send_response(200)
                if path not in ("/endless", "/slow"):
                    self.send_header("Content-Length", str(50_000_000 if path == "/huge" else len(body)))
                else:
                    self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                try:
                    while path in ("/endless", "/slow"):
                        block = b"\0" * (65536 if path == "/endless" else 1024)
                        self.wfile.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
                        if web.gone.wait(0.0 if path == "/endless" else 0.05):
                            return
                    self.wfile.write(body)
                except OSError:
                    pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.gone.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def web(song: Path) -> Iterator[Web]:
    site = Web(song.read_bytes())
    yield site
    site.close()


@pytest.fixture
def open_house(house: House) -> House:
    """One whose settings let songs come from 127.0.0.1, and from nowhere else inside."""
    house.services.configuration.change({"link_allow": ["127.0.0.1"]})
    return house


def test_a_song_is_looked_at_and_kept(client: TestClient, house: House, song: Path) -> None:
    answer = send(client, song, "Größe “1”.wav", path="Album/CD 1/Größe “1”.wav")
    assert answer.status_code == 201, answer.text
    upload = answer.json()
    assert (upload["name"], upload["path"]) == ("Größe “1”.wav", "Album/CD 1/Größe “1”.wav")
    about = {key: upload[key] for key in ("state", "duration", "sample_rate", "channels", "container", "error")}
    assert about == {"state": "ready", "duration": 3.0, "sample_rate": 44100, "channels": 2, "container": "wav", "error": None}
    assert upload["bytes"] == upload["received"] == upload["total"] == song.stat().st_size
    assert client.get(f"{UPLOADS}/{upload['id']}").json() == upload
    unknown = str(uuid.uuid4())
    listed = client.get(UPLOADS, params={"id": [unknown, upload["id"], "../../jobs.db"]}).json()
    assert listed == {"uploads": [upload]}
    assert client.get(UPLOADS).json() == {"uploads": []}
    assert client.delete(f"{UPLOADS}/{upload['id']}").status_code == 200
    refused(client.get(f"{UPLOADS}/{upload['id']}"), 404, "unknown_upload")
    assert list(house.services.storage.uploads.iterdir()) == []


@pytest.mark.parametrize(("content", "code"), [(b"no sound at all", "unsupported_format"), (b"", "empty_audio")])
def test_what_is_no_sound_is_not_kept(client: TestClient, house: House, content: bytes, code: str) -> None:
    answer = client.post(UPLOADS, files={"file": ("song.wav", content)})
    assert answer.status_code in (400, 415)
    assert answer.json()["code"] in (code, "bad_audio")
    assert list(house.services.storage.uploads.iterdir()) == []
    assert list(house.services.storage.tmp.iterdir()) == []


def test_too_large(client: TestClient) -> None:
    refused(client.post(UPLOADS, files={"file": ("song.wav", b"\0" * (1 << 21))}), 413, "too_large")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Windows\\..\\song.wav", "Windows/song.wav"),
        ("a/./b//c\0\n.wav", "a/b/c.wav"),
        ("..", "song.wav"),
        ("x" * 3000, "x" * 500),
    ],
)
def test_a_path_is_words(client: TestClient, house: House, song: Path, path: str, shown: str) -> None:
    upload = send(client, song, "../../song.wav", path=path).json()
    assert (upload["name"], upload["path"]) == ("song.wav", shown)
    files = [each.relative_to(house.services.storage.uploads).parts for each in house.services.storage.uploads.rglob("*") if each.is_file()]
    assert sorted(files) == [(upload["id"], ".upload.json"), (upload["id"], "song.wav")]


def test_a_song_cannot_take_the_record_s_name(client: TestClient, song: Path) -> None:
    upload = send(client, song, ".upload.json").json()
    assert upload["state"] == client.get(f"{UPLOADS}/{upload['id']}").json()["state"] == "ready"


@pytest.mark.parametrize("upload_id", ["..", "..%2F..%2Finputs", "%2e%2e", "nobody", "0" * 36, "a" * 3000])
def test_ids_lead_nowhere_else(client: TestClient, upload_id: str) -> None:
    assert client.get(f"{UPLOADS}/{upload_id}").status_code == 404
    assert client.delete(f"{UPLOADS}/{upload_id}").status_code in (404, 405)
    answer = client.post(JOBS, data={"inputs": json.dumps([{"upload": upload_id}])})
    refused(answer, 404, "unknown_upload")


def test_a_song_from_an_address(open_house: House, web: Web, song: Path) -> None:
    client = open_house.client()
    answer = client.post(f"{UPLOADS}/link", json={"url": f"{web.url}/My%20song.wav?key=1"})
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "fetching"
    upload = arrived(client, answer.json())
    assert (upload["state"], upload["name"], upload["duration"], upload["bytes"]) == ("ready", "My song.wav", 3.0, song.stat().st_size)
    path, _ = open_house.services.uploads.file(upload["id"])
    assert path.read_bytes() == song.read_bytes()
    assert list(open_house.services.storage.tmp.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [("/page", "unsupported_format"), ("/nothing", "link_failed"), ("/endless", "too_large"), ("/huge", "too_large")],
)
def test_an_address_without_a_song(open_house: House, web: Web, path: str, code: str) -> None:
    client = open_house.client()
    upload = arrived(client, client.post(f"{UPLOADS}/link", json={"url": web.url + path}).json())
    assert upload["state"] == "failed"
    assert upload["error"]["code"] in (code, "bad_audio" if path == "/page" else code)
    assert upload["error"]["message"].count(web.url.partition("//")[2]) <= 1
    assert [each.name for each in open_house.services.storage.uploads.rglob("*") if each.is_file()] == [".upload.json"]
    assert list(open_house.services.storage.tmp.iterdir()) == []
    refused(client.post(JOBS, data={"inputs": json.dumps([{"upload": upload["id"]}])}), 409, "not_ready")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/song.wav",
        "http://localhost:7860/song.wav",
        "http://[::1]/song.wav",
        "http://[::ffff:127.0.0.1]/song.wav",
        "http://2130706433/song.wav",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/song.wav",
        "http://192.168.1.1/",
        "http://0.0.0.0/",
        "file:///etc/passwd",
        "ftp://example.com/song.wav",
        "song.wav",
        "",
        "http://",
        "http://user:secret@93.184.215.14/song.wav",
        "http://93.184.215.14:99999/",
    ],
)
def test_addresses_that_may_not_be_called(client: TestClient, house: House, url: str) -> None:
    refused(client.post(f"{UPLOADS}/link", json={"url": url}), 400, "forbidden_address")
    assert list(house.services.storage.uploads.iterdir()) == []


@pytest.mark.parametrize(
    "target", ["http://127.0.0.2:{port}/song.wav", "http://169.254.169.254/", "http://[::1]:{port}/song.wav", "file:///etc/passwd"]
)
def test_redirects_are_checked_too(open_house: House, web: Web, target: str) -> None:
    client = open_house.client()
    target = target.format(port=web.server.server_port)
    upload = arrived(client, client.post(f"{UPLOADS}/link", json={"url": f"{web.url}/to?{target}"}).json())
    assert (upload["state"], upload["error"]["code"]) == ("failed", "link_failed")
    assert web.asked == [f"/to?{target}"]


def test_a_redirect_to_a_song(open_house: House, web: Web) -> None:
    client = open_house.client()
    upload = arrived(client, client.post(f"{UPLOADS}/link", json={"url": f"{web.url}/to?/song.wav"}).json())
    assert upload["state"] == "ready"


def test_fetching_can_be_stopped(open_house: House, web: Web) -> None:
    client = open_house.client()
    upload = client.post(f"{UPLOADS}/link", json={"url": f"{web.url}/slow"}).json()
    deadline = time.monotonic() + 20
    while not client.get(f"{UPLOADS}/{upload['id']}").json()["received"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    refused(client.post(JOBS, data={"inputs": json.dumps([{"upload": upload["id"]}])}), 409, "not_ready")
    assert client.delete(f"{UPLOADS}/{upload['id']}").status_code == 200
    while list(open_house.services.storage.tmp.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    refused(client.get(f"{UPLOADS}/{upload['id']}"), 404, "unknown_upload")
    assert list(open_house.services.storage.uploads.iterdir()) == []


def test_a_stream_that_never_ends_is_not_waited_for(open_house: House, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linkfetch, "TIME_LIMIT", 0.6)
    client = open_house.client()
    upload = arrived(client, client.post(f"{UPLOADS}/link", json={"url": f"{web.url}/slow"}).json())
    assert (upload["state"], upload["error"]["code"]) == ("failed", "link_failed")
    assert list(open_house.services.storage.tmp.iterdir()) == []


def test_fetching_goes_on_after_a_restart(open_house: House, web: Web) -> None:
    """What a server that ended leaves behind: a record that says "fetching", and nobody who fetches."""
    client, uploads = open_house.client(), open_house.services.uploads
    left = Upload(str(uuid.uuid4()), "song.wav", "song.wav", "fetching", time.time(), url=f"{web.url}/song.wav")
    uploads._write(left)
    assert client.get(f"{UPLOADS}/{left.id}").json()["state"] == "fetching"
    uploads.resume()
    uploads.resume()
    assert arrived(client, client.get(f"{UPLOADS}/{left.id}").json())["state"] == "ready"
    assert web.asked == ["/song.wav"]


def test_only_so_many_are_kept_and_fetched(open_house: House, web: Web, song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = open_house.client()
    monkeypatch.setattr(uploads_module, "MAX_WAITING", 3)
    for _ in range(3):
        assert client.post(f"{UPLOADS}/link", json={"url": f"{web.url}/slow"}).status_code == 202
    refused(client.post(f"{UPLOADS}/link", json={"url": f"{web.url}/slow"}), 429, "queue_full")
    monkeypatch.setattr(uploads_module, "MAX_KEPT", 3)
    refused(send(client, song), 429, "queue_full")


def test_what_nobody_uses_goes_after_a_day(client: TestClient, house: House, song: Path) -> None:
    old, used, new = (send(client, song).json()["id"] for _ in range(3))
    yesterday = time.time() - 90_000
    for each in (old, used):
        os.utime(house.services.storage.uploads / each / ".upload.json", (yesterday, yesterday))
    house.services.uploads.file(used)
    house.services._housekeeper._uploads.sweep()
    assert {each.name for each in house.services.storage.uploads.iterdir()} == {used, new}


def test_uploads_are_cleaned_on_demand_but_not_those_of_the_last_hour(client: TestClient, house: House, song: Path) -> None:
    ids = [send(client, song).json()["id"] for _ in range(2)]
    old = time.time() - 2 * 3600
    os.utime(house.services.storage.uploads / ids[0] / ".upload.json", (old, old))
    freed = client.post("/api/v1/uploads/clean").json()["freed"]
    assert freed >= song.stat().st_size
    assert [client.get(f"{UPLOADS}/{each}").status_code for each in ids] == [404, 200]
    assert client.post("/api/v1/uploads/clean").json() == {"freed": 0}


@pytest.mark.parametrize(
    ("inputs", "status", "code"),
    [
        ("nonsense", 400, "bad_request"),
        ("{}", 400, "bad_request"),
        ("[]", 400, "bad_request"),
        ("[1]", 400, "bad_request"),
        ('["/etc/passwd"]', 400, "bad_request"),
        ('[{"path": "/etc/passwd"}]', 400, "bad_request"),
        ('[{"upload": 3}]', 400, "bad_request"),
        ('[{"upload": "a", "job": "b"}]', 400, "bad_request"),
        ('[{"sample": "../song"}]', 400, "bad_request"),
        ('[{"job": "../../etc"}]', 404, "unknown_job"),
        ('[{"job": "00000000-0000-0000-0000-000000000000", "file": "x.wav"}]', 404, "unknown_job"),
        (json.dumps([{"upload": "a"}] * 65), 400, "bad_request"),
    ],
)
def test_references_to_nothing(server: Server, inputs: str, status: int, code: str) -> None:
    refused(httpx.post(server.url + JOBS, data={"inputs": inputs}), status, code)


def finished(server: Server, job: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while not job["finished_at"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        job = httpx.get(f"{server.url}{JOBS}/{job['id']}").json()
    assert job["state"] == "completed", job
    return job


def test_jobs_from_what_is_here(server: Server, song: Path) -> None:
    """An upload, then a result of that job, then the song of the first: each is the input of a job; the upload may go meanwhile."""
    upload = httpx.post(server.url + UPLOADS, files={"file": ("song.wav", song.read_bytes())}, timeout=60).json()
    fields = {"model": "spleeter_2stems", "title": "Evening", "door": "ui"}
    answer = httpx.post(server.url + JOBS, data={"inputs": json.dumps([{"upload": upload["id"]}]), **fields}, timeout=60)
    assert answer.status_code == 202, answer.text
    assert httpx.delete(f"{server.url}{UPLOADS}/{upload['id']}").status_code == 200
    first = finished(server, answer.json())
    assert (first["title"], first["file"], first["source"]) == ("Evening", "song.wav", "ui")
    vocals = next(each["file"] for each in first["results"] if each["stem"] == "vocals")
    sample = ({"sample": "song"}, "Sample song.mp3")
    for reference, name in (({"job": first["id"], "file": vocals}, vocals), ({"job": first["id"]}, "song.wav"), sample):
        answer = httpx.post(server.url + JOBS, data={"inputs": json.dumps([reference]), "model": "spleeter_2stems"}, timeout=60)
        assert answer.status_code == 202, answer.text
        assert finished(server, answer.json())["file"] == name
    for wrong in ("nothing.wav", "../player", "..", ".upload.json"):
        answer = httpx.post(server.url + JOBS, data={"inputs": json.dumps([{"job": first["id"], "file": wrong}])})
        refused(answer, 404, "unknown_file")
