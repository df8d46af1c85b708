"""What takes long has threads of its own, and ends with whoever asked for it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from inference.errors import BadConfig, Cancelled
from tests.webui.api.conftest import in_loop
from webui.api.slow import AT_ONCE, SlowThreads

SECONDS = 30.0


class Caller:
    def __init__(self, *, gone: bool = False) -> None:
        self.gone = gone

    async def is_disconnected(self) -> bool:
        return self.gone


def until_stopped(stop: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if stop():
            raise Cancelled
        time.sleep(0.01)


def test_it_ends_when_the_caller_has_gone() -> None:
    with pytest.raises(Cancelled):
        in_loop(SlowThreads().run(Caller(gone=True), until_stopped))


def test_it_ends_with_the_server() -> None:
    async def main() -> None:
        threads = SlowThreads()
        working = asyncio.create_task(threads.run(Caller(), until_stopped))
        await asyncio.sleep(0.05)
        assert not working.done()
        threads.stop()
        await working

    with pytest.raises(Cancelled):
        in_loop(main())


def test_answers_and_errors_come_through() -> None:
    def wrong(_: object) -> None:
        raise BadConfig("no")

    assert in_loop(SlowThreads().run(Caller(), lambda stop: not stop())) is True
    with pytest.raises(BadConfig):
        in_loop(SlowThreads().run(Caller(), wrong))


def test_only_so_many_at_once_and_others_go_on() -> None:
    running, most, free = 0, 0, threading.Event()
    lock = threading.Lock()

    def work(_: object) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        free.wait(SECONDS)
        with lock:
            running -= 1

    async def main() -> None:
        threads = SlowThreads()
        working = [asyncio.create_task(threads.run(Caller(), work)) for _ in range(3 * AT_ONCE)]
        while running < AT_ONCE:
            await asyncio.sleep(0.01)
        await asyncio.wait_for(asyncio.to_thread(lambda: None), SECONDS)
        free.set()
        await asyncio.gather(*working)

    in_loop(main())
    assert most == AT_ONCE
