"""What takes seconds to minutes (reading whole models, building them) runs in few threads of its own: quick requests never wait for it,
and it ends when nobody waits for it any more.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

AT_ONCE = 4
LISTENERS = 32  # that wait for analyses, which are done one at a time
LOOK_EVERY = 0.5  # seconds between two looks whether the caller is still there

Stop = Callable[[], bool]
T = TypeVar("T")


class Caller(Protocol):
    """Who waits: a request."""

    async def is_disconnected(self) -> bool:
        """Whether nobody waits any more."""
        ...


class SlowThreads:
    """The threads of one app."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._limit = CapacityLimiter(at_once)
        self._closing = threading.Event()

    def stop(self) -> None:
        """Have all work end soon: the server goes down."""
        self._closing.set()

    async def run(self, caller: Caller, work: Callable[[Stop], T]) -> T:
        """What `work` returns; its argument says when it is to stop. Raises what it raises."""
        gone = threading.Event()
        watch = asyncio.create_task(_watch(caller, gone))
        try:
            return await run_sync(work, lambda: gone.is_set() or self._closing.is_set(), limiter=self._limit)
        finally:
            watch.cancel()


class Slow:
    """The threads, for one request."""

    def __init__(self, threads: SlowThreads, caller: Caller) -> None:
        self._threads, self._caller = threads, caller

    async def __call__(self, work: Callable[[Stop], T]) -> T:
        """As `SlowThreads.run`."""
        return await self._threads.run(self._caller, work)


async def _watch(caller: Caller, gone: threading.Event) -> None:
    while not await caller.is_disconnected():
        await asyncio.sleep(LOOK_EVERY)
    gone.set()
