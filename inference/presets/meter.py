"""Each step's own progress as progress of the whole, with an estimate of the time left."""

from __future__ import annotations

import time
from collections.abc import Sequence

from inference.types import Progress, Report

INTERVAL = 0.05  # seconds


class Meter:
    """Told what happens in which step; reports it.

    Args:
        report: receives progress.
        weights: the time each step is thought to take, in any unit.
    """

    def __init__(self, report: Report, weights: Sequence[float]) -> None:
        self._report, self._weights = report, weights
        self._total = sum(weights)
        self._step, self._stage, self._fraction = 1, "decoding", 0.0
        self._work_began: float | None = None  # when the running step began to work: loading is no measure of speed
        self._work_seconds = 0.0
        self._next = 0.0  # when `again` reports again
        self._work_weight = 0.0  # of the steps that were really worked on

    def begin(self, number: int) -> None:
        """Step `number` (1 ...) begins."""
        self._leave_work()
        self._step, self._fraction = number, 0.0

    def stage(self, stage: str) -> None:
        """What the step does now."""
        self._leave_work()
        if stage in ("separating", "processing"):
            self._work_began = time.monotonic()
        self._stage = stage
        self._send()

    def fraction(self, fraction: float) -> None:
        """How far the step is; never backwards."""
        self._fraction = max(fraction, self._fraction)
        self._send()

    def again(self) -> None:
        """Still there: gives the caller a chance to stop, now and then."""
        if time.monotonic() >= self._next:
            self._send()

    def end(self, *, worked: bool) -> None:
        """The step is done; `worked` is false for one that was kept from another time."""
        self._leave_work()
        self._fraction = 1.0
        if worked:
            self._work_weight += self._weights[self._step - 1]
        self._send()

    def _leave_work(self) -> None:
        if self._work_began is not None:
            self._work_seconds += time.monotonic() - self._work_began
        self._work_began = None

    def _send(self) -> None:
        self._next = time.monotonic() + INTERVAL
        before = sum(self._weights[: self._step - 1])
        done = (before + self._weights[self._step - 1] * self._fraction) / self._total
        self._report(Progress(min(done, 1.0), self._stage, self._seconds_left(done), self._step, len(self._weights)))

    def _seconds_left(self, done: float) -> float | None:
        running = time.monotonic() - self._work_began if self._work_began is not None else 0.0
        worked = self._work_seconds + running
        weight = self._work_weight + (self._weights[self._step - 1] * self._fraction if self._work_began is not None else 0.0)
        if weight <= 0 or worked < 0.5:
            return None
        return worked * self._total * (1 - done) / weight
