"""Work on more than one core, in order. NumPy and the codecs let other threads run while they compute."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 4  # threads: beyond that memory is what is waited for


def cores() -> int:
    """How many threads are worth having, 1 .. MOST."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on Windows and macOS
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(MOST, count))


def in_order(work: Callable[[Item], Result], items: Iterable[Item], *, threads: int | None = None) -> Iterator[Result]:
    """As `map`, with a few items at work at once. The items are read by the thread that reads the results, only a few ahead.

    Args:
        work: must be free to run in several threads at the same time.
        items: read one by one.
        threads: None for `cores()`.

    Raises:
        Exception: whatever the work or the items raise, in its place.
    """
    threads = threads or cores()
    if threads == 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(threads, "ensemble")
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def read_ahead(items: Iterator[Item], pool: ThreadPoolExecutor) -> Iterator[Item]:
    """The same items, each made in a thread of the pool while the one before it is used."""
    coming = pool.submit(_next, items)
    while found := coming.result():
        coming = pool.submit(_next, items)
        yield from found


def _next(items: Iterator[Item]) -> list[Item]:
    """The next item, or nothing at the end."""
    for item in items:
        return [item]
    return []
