"""Files that lock something for one process at a time; the system lets go of them when that process ends, however it ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

PAUSE = 0.02  # seconds between two tries to take a lock


def try_lock(file: IO[str]) -> None:
    """Lock an open file.

    Raises:
        OSError: somebody else has locked it, in this process or in another.
    """
    if os.name == "nt":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """A lock by a file of its own, which is there only while somebody holds or wants it.

    Args:
        path: of that file; its folder exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free.

        Raises:
            OSError: the file cannot be made.
        """
        try:
            file = self._path.open("a+", encoding="utf-8")
        except PermissionError:
            if os.name != "nt":
                raise
            return False  # while its last holder takes it away
        try:
            try_lock(file)
            if not os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                raise FileNotFoundError  # its last holder took it away between our opening and locking it
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def wait(self, patience: float, cancelled: Callable[[], bool] = lambda: False) -> bool:
        """Take the lock as soon as it is free. False where it was not in `patience` seconds, or `cancelled` said so meanwhile.

        Raises:
            OSError: the file cannot be made.
        """
        deadline = time.monotonic() + patience
        while not self.acquire():
            if cancelled() or time.monotonic() > deadline:
                return False
            time.sleep(PAUSE)
        return True

    def release(self) -> None:
        """Let go of it."""
        if self._file is None:
            return
        if os.name != "nt":  # while it is still ours, so that nobody can hold it by now
            self._path.unlink(missing_ok=True)
        self._file.close()
        self._file = None
        if os.name == "nt":
            with suppress(OSError):  # somebody else has it open
                self._path.unlink()
