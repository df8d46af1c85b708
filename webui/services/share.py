"""A public address for a while: a relay elsewhere that leads to this server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Literal, Protocol

from webui.services.errors import ShareFailed

log = logging.getLogger(__name__)

State = Literal["off", "starting", "open", "failed"]


class Tunnel(Protocol):
    """An open way through a relay."""

    @property
    def url(self) -> str:
        """The public address."""
        ...

    def close(self) -> None:
        """Close it."""


class Share:
    """Opens and closes the public address. Thread-safe.

    Args:
        opener: opens a tunnel to a port of this machine, within a minute. Raises anything.
    """

    def __init__(self, opener: Callable[[int], Tunnel] | None = None) -> None:
        self.opener = opener
        self._lock = threading.Condition()
        self._state: State = "off"
        self._tunnel: Tunnel | None = None
        self._error: ShareFailed | None = None
        self._wanted = 0  # counts starts and stops: what was begun before the last one is not wanted any more

    @property
    def active(self) -> bool:
        """Whether callers may come through it."""
        return self._state in ("starting", "open")

    @property
    def url(self) -> str | None:
        """The public address."""
        tunnel = self._tunnel
        return tunnel.url if tunnel is not None else None

    def status(self) -> dict[str, Any]:
        """state, url and error, as JSON."""
        with self._lock:
            error = self._error
            told = {"code": error.code, "message": error.message, "hint": error.hint, "params": {}} if error else None
            return {"state": self._state, "url": self.url, "error": told}

    def start(self, port: int, on_open: Callable[[str], None] = lambda _: None) -> None:
        """Begin to open it; `status` says what came of it."""
        with self._lock:
            if self.active:
                return
            self._state, self._error = "starting", None
            self._wanted += 1
            wanted = self._wanted
        threading.Thread(target=self._open, args=(port, wanted, on_open), name="share", daemon=True).start()

    def stop(self) -> None:
        """Close it."""
        with self._lock:
            self._wanted += 1
            tunnel, self._tunnel = self._tunnel, None
            self._state, self._error = "off", None
            self._lock.notify_all()
        if tunnel is not None:
            tunnel.close()

    def wait(self, seconds: float) -> State:
        """The state, once it is not "starting" any more."""
        with self._lock:
            self._lock.wait_for(lambda: self._state != "starting", seconds)
            return self._state

    def _open(self, port: int, wanted: int, on_open: Callable[[str], None]) -> None:
        try:
            if self.opener is None:
                raise RuntimeError("this server was built without it")
            tunnel = self.opener(port)
        except Exception as error:
            log.warning("no public address could be opened: %s", error, exc_info=log.isEnabledFor(logging.DEBUG))
            reason = f"{error}".strip().partition("\n")[0] or type(error).__name__
            self._ended(wanted, ShareFailed(f"no public address could be opened: {reason[:300]}", hint="Is this machine on the internet?"))
            return
        with self._lock:
            kept = wanted == self._wanted
            if kept:
                self._tunnel, self._state = tunnel, "open"
                self._lock.notify_all()
        if kept:
            log.info("the public address is %s", tunnel.url)
            on_open(tunnel.url)
        else:
            tunnel.close()

    def _ended(self, wanted: int, error: ShareFailed) -> None:
        with self._lock:
            if wanted == self._wanted:
                self._state, self._error = "failed", error
                self._lock.notify_all()
