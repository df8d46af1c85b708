"""Opens the page in the user's browser once the server answers."""

from __future__ import annotations

import os
import sys
import time
import webbrowser
from typing import Protocol


class Starting(Protocol):
    """What is waited for: uvicorn's server."""

    started: bool
    should_exit: bool


def open_when_ready(server: Starting, address: str) -> None:
    """Wait until the server takes requests, then open `address`; nothing opens when it ends before, or where nobody could see a window."""
    if not _has_screen():
        return
    while not (server.started or server.should_exit):
        time.sleep(0.05)
    if server.started:
        webbrowser.open(address)


def _has_screen() -> bool:
    """Without one, Linux would open a browser of text in the terminal that shows the server's log."""
    return sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
