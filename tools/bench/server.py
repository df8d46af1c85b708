"""From a click to work, as a user has it: the server itself, started as a user starts it, asked over HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.bench.compare import Say
from tools.bench.runner import ROOT

PATIENCE = 120.0  # seconds for the server to start, and for a song
POLL = 0.02  # seconds


def first_work(folder: Path, say: Say, songs: int = 4) -> list[float]:
    """Seconds from the request for the sample song to the first progress that the server shows; the first, cold, is left out.

    The server shows progress as it records it, so this is more than the time to the work itself.
    """
    with _server(folder) as url:
        found = []
        for number in range(songs):
            found.append(_one_song(url))
            say(f"first progress of song {number + 1} after {found[-1]:.2f} s")
    return found[1:]


def _one_song(url: str) -> float:
    began = time.perf_counter()
    job = _ask(f"{url}/api/v1/jobs", b"sample=true")
    seconds = None
    while time.perf_counter() - began < PATIENCE:
        about = _ask(f"{url}/api/v1/jobs/{job['id']}")
        if seconds is None and (about["progress"] > 0 or about["finished_at"]):
            seconds = time.perf_counter() - began
        if about["finished_at"]:
            return seconds or 0.0
        time.sleep(POLL)
    raise TimeoutError("the server did not separate the sample song")


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "webui.py", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "MSST_HOME": str(folder / "home")},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _ask(f"{url}/health")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server did not start")


def _ask(url: str, form: bytes | None = None) -> Any:
    with urllib.request.urlopen(url, form, timeout=30) as answer:  # noqa: S310 - an address of our own
        return json.load(answer)
