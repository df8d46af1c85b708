"""The compute children of a server: one for each job that may run at once, and a light one that looks at uploads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from inference.errors import BadAudio, MsstError
from webui.compute.process import ChildDied, ComputeChild

log = logging.getLogger(__name__)


class PoolClosed(Exception):
    """The server is going down: no child is lent any more."""


class Pool:
    """Lends out at most `size` children at a time, starting one where none is warm. Thread-safe."""

    def __init__(self, size: int = 1, *, keep_heap: bool = True) -> None:
        self._keep_heap = keep_heap
        self._size = self._free = size
        self._idle: list[ComputeChild] = []
        self._busy: set[ComputeChild] = set()
        self._changed = threading.Condition()
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[ComputeChild]:
        """A child for as long as the block runs, waiting for one where all are busy.

        Raises:
            PoolClosed: the pool is closed, before or while waiting.
        """
        child = self._take()
        try:
            yield child
        finally:
            self._give_back(child)

    def resize(self, size: int) -> None:
        """Lend out at most `size` children from now on; those beyond it end, with the models that they hold, as soon as they are idle."""
        with self._changed:
            self._free += size - self._size
            self._size = size
            surplus = [self._idle.pop(0) for _ in range(min(len(self._idle), max(len(self._idle) + len(self._busy) - size, 0)))]
            self._changed.notify_all()
        for child in surplus:
            child.kill()

    def children(self) -> list[ComputeChild]:
        """Those that live."""
        with self._changed:
            return [child for child in (*self._idle, *self._busy) if child.alive]

    def look_again(self) -> None:
        """Have a child that has nothing to do tell about its machine, if there is one; takes milliseconds."""
        with self._changed:
            if self._closed or self._free < 1 or not any(child.alive for child in self._idle):
                return
        with suppress(ChildDied, PoolClosed, MsstError), self.lend() as child:
            child.call("machine", {})

    def warm_up(self, operation: str, *, device: str = "cpu", on_ready: Callable[[str], None] = lambda _: None) -> None:
        """Start a child and let it import what `operation` needs, without waiting; `on_ready` hears its device in words."""

        def work() -> None:
            try:
                with self.lend() as child:
                    on_ready(child.call("warm_up", {"operation": operation, "device": device}))
            except (ChildDied, PoolClosed):
                log.info("a compute process ended while it warmed up")
            except MsstError as error:
                log.warning("%s. %s", error.message, error.hint)

        threading.Thread(target=work, name=f"warm-up-{operation}", daemon=True).start()

    def _take(self) -> ComputeChild:
        with self._changed:
            self._changed.wait_for(lambda: self._free > 0 or self._closed)
            if self._closed:
                raise PoolClosed
            living = [child for child in self._idle if child.alive]
            child = living.pop() if living else ComputeChild(keep_heap=self._keep_heap)
            self._idle = living
            self._free -= 1
            self._busy.add(child)
            return child

    def _give_back(self, child: ComputeChild) -> None:
        with self._changed:
            self._busy.discard(child)
            self._free += 1
            surplus = len(self._idle) + len(self._busy) >= self._size
            if child.alive and not surplus:
                self._idle.append(child)
            self._changed.notify()
        if surplus:
            child.kill()

    def close(self) -> None:
        """End all children; what they were doing raises ChildDied, and those who wait get PoolClosed."""
        with self._changed:
            self._closed = True
            children = [*self._idle, *self._busy]
            self._changed.notify_all()
        for child in children:
            child.kill()

    @property
    def closed(self) -> bool:
        """Whether the server is going down."""
        return self._closed


class Prober:
    """Looks at the headers of files from outside in a process of its own: a decoder that crashes costs nothing."""

    def __init__(self) -> None:
        self._pool = Pool(keep_heap=False)

    def start(self) -> None:
        """Have a child ready before the first upload."""
        self._pool.warm_up("probe")

    def probe(self, path: str) -> dict[str, Any]:
        """What the header of the audio file at `path` says.

        Raises:
            RemoteError: the file cannot be read as audio.
            BadAudio: the file crashed its decoder.
        """
        with self._pool.lend() as child:
            try:
                value: dict[str, Any] = child.call("probe", {"path": path})
            except ChildDied as error:
                raise BadAudio("the file crashes its decoder", hint="Convert it with another program first.") from error
            return value

    def close(self) -> None:
        """End the child."""
        self._pool.close()
