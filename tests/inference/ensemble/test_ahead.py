"""Several threads, one order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from inference.ensemble.ahead import MOST, cores, in_order, read_ahead


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_results_come_in_order_and_items_are_read_a_few_ahead(threads: int) -> None:
    read, done = 0, 0

    def items() -> Iterator[int]:
        nonlocal read
        for number in range(50):
            read += 1
            assert read <= done + threads + 2
            yield number

    for result in in_order(lambda number: number * number, items(), threads=threads):
        assert result == done * done
        done += 1
    assert done == 50


def test_work_is_done_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=60)  # passes only where two are at work at once
    assert len(list(in_order(lambda _: meeting.wait(), range(6), threads=2))) == 6


@pytest.mark.parametrize("threads", [1, 2])
def test_errors_arrive_in_their_place_and_no_thread_is_left(threads: int) -> None:
    def work(number: int) -> int:
        if number == 3:
            raise OSError("the third")
        return number

    found = []
    with pytest.raises(OSError, match="the third"):
        found.extend(in_order(work, range(10), threads=threads))
    stream = in_order(work, range(3), threads=threads)
    next(stream)
    stream.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ensemble")]


def test_a_stream_read_ahead_is_the_same_stream() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise OSError("the end")

    found = []
    with ThreadPoolExecutor(2) as pool, pytest.raises(OSError, match="the end"):
        found.extend(read_ahead(items(), pool))
    assert found == [0, 1, 2, 3, 4]
    with ThreadPoolExecutor(2) as pool:
        assert list(read_ahead(iter([0, None, 2]), pool)) == [0, None, 2]


def test_there_is_at_least_one_thread_and_not_too_many() -> None:
    assert 1 <= cores() <= MOST
