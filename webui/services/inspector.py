"""Has a compute child look at a model's weights: whether they fit, what family they are of. The child also converts them, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from inference.errors import BadWeights, Cancelled
from webui.compute.process import ChildDied, ComputeChild

TIME_LIMIT = 900.0  # seconds; a model of 2 GB takes some ten


class Inspect(Protocol):
    """Looks at weights; the arguments and the answer are those of `webui.compute.inspection.inspect_weights`."""

    def __call__(self, order: dict[str, Any], cancelled: Callable[[], bool]) -> dict[str, Any]:
        """Raises MsstError, and Cancelled when `cancelled` says so."""
        ...


class Inspector:
    """Looks in a process of its own, which ends afterwards: what it read takes memory, and a file from outside may crash it."""

    def __init__(self) -> None:
        self._one = threading.Lock()  # at a time: each needs as much memory as its weights

    def __call__(self, order: dict[str, Any], cancelled: Callable[[], bool]) -> dict[str, Any]:
        """Look at weights.

        Raises:
            RemoteError: what is wrong with them.
            BadWeights: they crash whoever reads them.
            Cancelled: `cancelled` said so.
        """
        deadline = time.monotonic() + TIME_LIMIT

        def tick() -> None:
            if cancelled():
                raise Cancelled
            if time.monotonic() > deadline:
                raise BadWeights(f"looking at the weights of {order['name']} took too long")

        while not self._one.acquire(timeout=0.2):
            tick()
        try:
            return self._look(order, tick)
        finally:
            self._one.release()

    def _look(self, order: dict[str, Any], tick: Callable[[], None]) -> dict[str, Any]:
        child = ComputeChild(keep_heap=False)
        try:
            found: dict[str, Any] = child.call("inspect_weights", order, tick=tick)
        except ChildDied as error:
            raise BadWeights(
                f"the weights of {order['name']} crash the process that reads them (exit status {error.code})",
                hint="The file is damaged, or there is too little memory.",
                model=order["name"],
            ) from error
        finally:
            child.kill()
        return found
