"""Callbacks: delivered once it is true, tried again, and never where they may not go."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import Server
from tests.receiver import Receiver
from webui.services import callbacks
from webui.services.errors import BadCallback
from webui.services.job import Callback


def submit(server: Server, song: Path, receiver: Receiver) -> str:
    answer = httpx.post(
        f"{server.url}/upload", files={"file": ("歌 1.wav", song.read_bytes())}, data={"callback_url": receiver.url}, timeout=30
    )
    assert answer.status_code == 200, answer.text
    task_id: str = answer.json()["task_id"]
    return task_id


def test_a_callback_says_what_was_made(server: Server, song: Path) -> None:
    receiver = Receiver()
    task_id = submit(server, song, receiver)
    receiver.wait(1)
    body = receiver.received[0]
    assert set(body) == {"task_id", "status", "results", "download_urls", "message"}
    assert body["task_id"] == task_id
    assert body["status"] == "completed"
    assert body["results"] == httpx.get(f"{server.url}/results/{task_id}").json()["results"]
    assert all(httpx.get(url).status_code == 200 for url in body["download_urls"])
    log = httpx.get(f"{server.url}/api/v1/jobs/{task_id}/log").json()["lines"]
    assert any("callback delivered at try 1" in line["message"] for line in log)
    receiver.close()


def test_a_callback_is_tried_again_and_redirects_are_not_followed(server: Server, song: Path) -> None:
    receiver = Receiver(500, 302)
    task_id = submit(server, song, receiver)
    receiver.wait(3)
    time.sleep(1.0)
    assert len(receiver.received) == 3
    log = [line["message"] for line in httpx.get(f"{server.url}/api/v1/jobs/{task_id}/log").json()["lines"]]
    assert any("try 1 failed: answered 500" in line for line in log)
    assert any("try 2 failed: answered 302" in line for line in log)
    receiver.close()


PUBLIC = "93.184.216.34"


@pytest.mark.parametrize(
    ("url", "local", "allow", "fine"),
    [
        (f"http://{PUBLIC}/x", False, (), True),
        ("http://127.0.0.1:1/x", False, (), False),
        ("http://127.0.0.1:1/x", True, (), True),
        ("http://localhost:1/x", True, (), True),
        ("http://[::1]:1/x", False, (), False),
        ("http://10.1.2.3/x", True, (), False),
        ("http://10.1.2.3/x", False, ("10.0.0.0/8",), True),
        ("http://192.168.1.1/x", False, ("192.168.1.1",), True),
        ("http://192.168.1.2/x", False, ("192.168.1.1",), False),
        ("http://0.0.0.0/x", False, (), False),
        ("http://169.254.169.254/x", True, (), False),
        ("http://2130706433/x", False, (), False),
        ("http://[64:ff9b::7f00:1]/x", False, (), False),
        ("http://[64:ff9b:1::7f00:1]/x", False, (), False),
        ("http://[::127.0.0.1]/x", False, (), False),
        (f"http://[64:ff9b::{PUBLIC}]/x", False, (), True),
        ("http://[2002:a00:1::]/x", False, (), False),
        ("http://224.0.0.1/x", False, (), False),
        ("gopher://93.184.216.34/", False, (), False),
        ("http:///x", False, (), False),
        ("not a url", False, (), False),
        (f"http://{PUBLIC}/\x7f", False, (), False),
        (f"http://{PUBLIC}/\ud800", False, (), False),
        (f"http://{PUBLIC}/{'x' * 100_000}", False, (), False),
    ],
)
def test_where_a_callback_may_go(url: str, local: bool, allow: tuple[str, ...], fine: bool) -> None:
    callback = Callback(url, caller_is_local=local)
    if fine:
        callbacks.check(callback, allow)
    else:
        with pytest.raises(BadCallback):
            callbacks.check(callback, allow)


def test_six_tries_with_growing_pauses() -> None:
    assert callbacks.TRIES == 6
    assert [callbacks.pause(2.0, attempt) for attempt in range(1, 6)] == [2.0, 6.0, 18.0, 54.0, 162.0]


@pytest.fixture
def answering() -> Iterator[Callable[[bytes, bytes, float], Callback]]:
    """Servers that take a request, send what they are told to, and then the other thing again and again until nobody reads any more."""
    listeners: list[socket.socket] = []

    def serve(first: bytes, then: bytes, every: float = 0.0) -> Callback:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        ended = threading.Event()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                try:
                    connection.sendall(first)
                    while not ended.wait(every):
                        connection.sendall(then)
                except OSError:
                    return

        threading.Thread(target=answer, daemon=True).start()
        return Callback(f"http://127.0.0.1:{listener.getsockname()[1]}/done", caller_is_local=True)

    yield serve
    for listener in listeners:
        listener.close()


def test_an_answer_without_end_is_not_read(answering: Callable[..., Callback]) -> None:
    callback = answering(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)
    assert callbacks.deliver(callback, (), "1", {}) == "answered 200"


def test_an_answer_that_is_no_gzip_is_not_unpacked(answering: Callable[..., Callback]) -> None:
    bomb = gzip.compress(b"\0" * 100_000)[:-8]
    callback = answering(b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\n\r\n" + bomb, b"broken")
    assert callbacks.deliver(callback, (), "1", {}) == "answered 201"


def test_an_answer_that_comes_in_drops_is_given_up(answering: Callable[..., Callback], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "TIMEOUT", 0.5)
    callback = answering(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.05)
    with pytest.raises(callbacks.DeliveryFailed, match=r"no answer in 0\.5 seconds"):
        callbacks.deliver(callback, (), "1", {})
