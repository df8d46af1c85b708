"""Hundreds of uploads and requests that mean harm, against the running server.

Each is answered 4xx, or accepted and then ended: failed with a reason, or completed where there is sound in it after all. Never a
5xx, nothing outside the home folder, nothing read from this machine or fetched from an address; afterwards a good song still works.
"""

from __future__ import annotations

import http.server
import io
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.hostile.common import Upload, good_wav
from tests.hostile.forms import bad_fields, bad_names
from tests.hostile.kinds import other_kinds, playlists
from tests.hostile.sounds import damaged, lying_headers, noise, strange_samples
from tests.hostile.wire import call, send

SEED = 20
PATIENCE = 150.0  # seconds for one batch of tasks
QUICK = 8  # `make test` takes one upload in so many of those that may be sound, and all others
ROOT = Path(__file__).resolve().parents[2]


class Canary(http.server.BaseHTTPRequestHandler):
    """Notes every request: there must be none."""

    def do_GET(self) -> None:
        self.server.requests.append(self.path)  # type: ignore[attr-defined]
        self.send_error(404)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def canary() -> Iterator[http.server.ThreadingHTTPServer]:
    """An HTTP server that nobody should call."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Canary) as server:
        server.requests = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound file of this machine that nobody uploaded."""
    path = tmp_path_factory.mktemp("secret") / "secret.wav"
    path.write_bytes(good_wav())
    return path


def ended(server: Any, tasks: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The final status of each task (id -> name); fails when one does not end."""
    deadline, final = time.monotonic() + PATIENCE, {}
    while len(final) < len(tasks):
        for task in tasks.keys() - final.keys():
            answer = call(server.url, "GET", f"/status/{task}")
            assert answer.code == 200, (tasks[task], answer)
            if answer.json()["status"] != "processing":
                final[task] = answer.json()
        waiting = [tasks[task] for task in tasks.keys() - final.keys()]
        assert time.monotonic() < deadline, f"never ended: {waiting}"
        time.sleep(0.1)
    return final


def submit(server: Any, uploads: list[Upload]) -> dict[str, tuple[Upload, str]]:
    """Sends all; answers the accepted ones: id -> (upload, its first status). Every refusal is checked."""
    accepted = {}
    for upload in uploads:
        answer = send(server.url, upload)
        assert 400 <= answer.code < 500 or answer.code == 200, f"{upload.name}: {answer}"
        assert answer.code != 429, f"{upload.name}: the queue is full, so nothing was tested"
        if answer.code == 200:
            accepted[answer.json()["task_id"]] = (upload, answer.json()["status"])
        else:
            assert answer.json()["detail"], f"{upload.name}: refused without a reason"
    return accepted


def endure(server: Any, uploads: list[Upload], batch: int = 40) -> dict[str, str]:
    """What became of each upload: name -> refused, failed or completed. Checks reasons and results, and deletes the tasks."""
    fates = {upload.name: "refused" for upload in uploads}
    faults = []
    for start in range(0, len(uploads), batch):
        accepted = submit(server, uploads[start : start + batch])
        final = ended(server, {task: upload.name for task, (upload, _) in accepted.items()})
        for task, (upload, _) in accepted.items():
            fates[upload.name] = final[task]["status"]
            faults += [f"{upload.name}: {fault}" for fault in faults_of(server, task, final[task])]
            assert call(server.url, "DELETE", f"/task/{task}").code == 200
    assert not faults, "\n".join(faults)
    return fates


def faults_of(server: Any, task: str, final: dict[str, Any]) -> list[str]:
    """What is wrong with a task's end. Each result must open under its name pasted into the URL, and hold only numbers."""
    if final["status"] == "failed":
        return [] if final["message"] else ["failed without a reason"]
    faults = [] if final["results"] else ["completed with nothing"]
    for result in final["results"]:
        name = result.removeprefix(f"{task}/extra_output/")
        answer = call(server.url, "GET", f"/download/{task}/{httpish(name)}")
        if "/" in name or answer.code != 200:
            faults.append(f"{result} is answered {answer.code}")
        elif not np.isfinite(soundfile.read(io.BytesIO(answer.body))[0]).all():
            faults.append(f"{result} holds numbers that are no sound")
    return faults


def httpish(name: str) -> str:
    """What an HTTP client makes of letters beyond ASCII; everything else goes out as it is."""
    return "".join(letter if letter.isascii() else "".join(f"%{byte:02X}" for byte in letter.encode()) for letter in name)


def strays(home: Path) -> list[Path]:
    """Files named by us that lie outside the home folder."""
    flat = [Path("/"), Path("/tmp"), Path("/root"), Path.home(), home.parent, home.parent.parent, ROOT, ROOT.parent]
    found = [path for folder in flat if folder.is_dir() and readable(folder) for path in folder.iterdir() if "pwned" in path.name]
    sources = (path for path in ROOT.rglob("*pwned*") if ".git" not in path.parts)
    return [path for path in [*found, *sources] if home not in path.parents]


def readable(folder: Path) -> bool:
    """Whether this user may list the folder."""
    try:
        next(folder.iterdir(), None)
    except PermissionError:
        return False
    return True


def thinned(uploads: Iterator[Upload]) -> list[Upload]:
    """A sample, spread over the whole."""
    return list(uploads)[::QUICK]


def test_files_that_are_no_sound_are_refused_or_fail(server: Any, secret: Path, canary: Any) -> None:
    url = f"http://127.0.0.1:{canary.server_address[1]}/song.wav"
    lists = list(playlists(secret, url))
    fates = endure(server, [*noise(random.Random(SEED)), *other_kinds(random.Random(SEED)), *lists])
    followed = [upload.name for upload in lists if fates[upload.name] == "completed"]
    assert not followed, f"a playlist was followed: {followed}"
    assert not canary.requests, f"an address was opened: {canary.requests}"


def test_bad_fields_are_refused(server: Any) -> None:
    wrong = [upload for upload in bad_fields() if "callback_url" not in upload.fields]
    accepted = submit(server, wrong)
    for task in accepted:
        call(server.url, "DELETE", f"/task/{task}")
    assert not accepted, f"accepted: {[upload.name for upload, _ in accepted.values()]}"


def test_bad_callback_addresses_do_no_harm(server: Any) -> None:
    for task in submit(server, [upload for upload in bad_fields() if "callback_url" in upload.fields]):
        assert call(server.url, "DELETE", f"/task/{task}").code == 200


def test_names_lead_nowhere(server: Any) -> None:
    for task in submit(server, list(bad_names())):  # accepted or not, all are stored for a moment at least
        assert call(server.url, "DELETE", f"/task/{task}").code == 200
    endure(server, list(bad_names())[::8])
    assert not strays(server.home)


def test_some_damaged_sound_is_endured(server: Any) -> None:
    for group in (damaged(random.Random(SEED)), lying_headers()):
        endure(server, thinned(group))


def test_samples_that_are_no_sound_are_endured(server: Any) -> None:
    endure(server, list(strange_samples()))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_damaged_sound_is_endured(server: Any) -> None:
    fates = endure(server, [*damaged(random.Random(SEED)), *lying_headers(), *strange_samples(), *bad_names()])
    assert len(fates) > 150
    assert set(fates.values()) == {"refused", "failed", "completed"} or set(fates.values()) == {"refused", "completed"}
    assert not strays(server.home)


def test_afterwards_a_good_song_still_works(server: Any) -> None:
    fates = endure(server, [Upload("good", "good.wav", good_wav())])
    assert fates == {"good": "completed"}
    health = call(server.url, "GET", "/health")
    assert health.code == 200
    assert health.json()["status"] == "healthy"
    assert not strays(server.home)
