"""The server's child for analyses: started when one is asked for, ended when none was for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from inference.errors import BadAudio, Cancelled
from webui.compute.process import ChildDied, ComputeChild

IDLE_SECONDS = 120.0
"""How long an idle child is kept: its memory is worth more than the half second that a new one takes to start."""

TIME_LIMIT = 900.0  # seconds for one analysis; an hour of music takes some ten

Cancel = Callable[[], bool]
Ask = Callable[[str, dict[str, Any]], Any]


class Analyst:
    """Does one analysis at a time, in a process that is less urgent than those that separate. Thread-safe."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._child: ComputeChild | None = None
        self._used = 0.0
        self._watching = False
        self._closed = threading.Event()

    @contextmanager
    def turn(self, cancelled: Cancel) -> Iterator[Ask]:
        """Wait for one's turn; the block is given what does analyses, by their names and arguments as in webui.compute.analyses.

        Nobody else has one while the block runs: what two ask for at once is computed once, where the block first looks for what is there.

        Raises:
            RemoteError: it cannot be done, with the reason.
            BadAudio: a file crashed the process.
            Cancelled: `cancelled` said so, the server goes down, or it took too long.
        """
        began = time.monotonic()

        def tick() -> None:
            if cancelled() or self._closed.is_set() or time.monotonic() - began > TIME_LIMIT:
                raise Cancelled("the analysis was stopped")

        def ask(what: str, args: dict[str, Any]) -> Any:
            try:
                return self._living().call("analyse", {"what": what, "args": args}, tick=tick)
            except ChildDied as error:
                tick()
                raise BadAudio("the file crashes the program that looks at it", hint="Convert it with another program first.") from error

        while not self._turn.acquire(timeout=0.1):
            tick()
        began = time.monotonic()  # waiting for others was no part of it
        try:
            yield ask
        finally:
            self._used = time.monotonic()
            self._turn.release()

    def children(self) -> list[ComputeChild]:
        """The child, while there is one."""
        child = self._child
        return [child] if child is not None and child.alive else []

    def close(self) -> None:
        """End the child; what it does is cancelled."""
        self._closed.set()
        child = self._child
        if child is not None:
            child.kill()

    def _living(self) -> ComputeChild:
        if self._closed.is_set():
            raise Cancelled("the server goes down")
        if self._child is None or not self._child.alive:
            self._child = ComputeChild(keep_heap=False)
        if not self._watching:
            self._watching = True
            threading.Thread(target=self._watch, name="analyst", daemon=True).start()
        return self._child

    def _watch(self) -> None:
        """End the child once it has been idle for long enough; a new one is watched again."""
        while not self._closed.wait(IDLE_SECONDS / 4):
            with self._turn:
                if time.monotonic() - self._used < IDLE_SECONDS:
                    continue
                if self._child is not None:
                    self._child.kill()
                self._child, self._watching = None, False
                return
