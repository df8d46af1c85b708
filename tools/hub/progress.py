"""How fast a download is, and whether it stands still."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

SMOOTHING = 3.0  # seconds over which the speed is averaged
SAY_EVERY = 0.1  # seconds between two reports
QUIET = 2.0  # seconds without a byte after which the speed of before says nothing any more


@dataclass(frozen=True)
class Progress:
    """How far a download is."""

    done: int  # bytes
    total: int | None  # bytes, when known
    speed: float  # bytes per second, smoothed
    source: str  # name of the endpoint
    stage: str = "downloading"  # or verifying

    @property
    def seconds_left(self) -> float | None:
        """At this speed; None where nobody can say."""
        if self.total is None or self.speed <= 0:
            return None
        return max(self.total - self.done, 0) / self.speed


class Meter:
    """Averages the speed, and tells when a connection is too slow to be alive.

    Args:
        window: seconds over which a connection must bring something.
        slowest: bytes per second that it must bring.
        clock: seconds; tests have their own.
    """

    def __init__(self, window: float, slowest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._window, self._slowest, self._clock = window, slowest, clock
        self._last = self._since = self._came = clock()
        self._bytes_in_window = 0
        self._pending = 0
        self.speed = 0.0

    def connected(self) -> None:
        """A connection begins."""
        self._last = self._since = self._clock()
        self._bytes_in_window = 0

    def add(self, count: int) -> None:
        """So many bytes came."""
        now = self._came = self._clock()
        self._pending += count
        self._bytes_in_window += count
        passed = now - self._last
        if passed >= SAY_EVERY:
            weight = 1 - math.exp(-passed / SMOOTHING)
            rate = self._pending / passed
            self.speed = rate if self.speed == 0 else self.speed + weight * (rate - self.speed)
            self._last, self._pending = now, 0

    def fell_silent(self) -> bool:
        """Whether nothing has come for a while; true once, and the speed is 0 from then on."""
        if not self.speed or self._clock() - self._came < QUIET:
            return False
        self.speed, self._pending = 0.0, 0
        return True

    def too_slow(self) -> bool:
        """Whether the window passed and brought next to nothing; a new one begins when it has passed."""
        if self._clock() - self._since < self._window:
            return False
        slow = self._bytes_in_window < self._slowest * self._window
        self._since, self._bytes_in_window = self._clock(), 0
        return slow
