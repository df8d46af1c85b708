"""The file that is written to, with its failures kept until Python can raise them.

The codecs call `write` from C, where an exception cannot pass: it would be printed and lost. So the first failure is remembered,
what comes after it is dropped, and `check` raises.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from inference.errors import DiskFull

BUFFER = 1024 * 1024  # bytes
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


class Sink:
    """A file for writing: write, seek, tell, and `check`.

    Raises:
        DiskFull: no space even for the empty file.
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._error: OSError | None = None
        try:
            self._file = path.open("wb", buffering=BUFFER)
        except OSError as error:
            self._error = error
            self.check()

    def write(self, data: bytes | memoryview) -> int:
        """Writes all of it; never raises, see `check`."""
        try:
            if self._error is None:
                self._file.write(data)
        except OSError as error:
            self._error = error
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of a file; never raises."""
        try:
            return self._file.seek(offset, whence)
        except OSError as error:
            self._error = self._error or error
            return 0

    def tell(self) -> int:
        """As of a file; never raises."""
        return self.seek(0, os.SEEK_CUR)

    def close(self) -> None:
        """Closes the file; never raises; can be called twice."""
        try:
            self._file.close()
        except OSError as error:
            self._error = self._error or error

    def check(self) -> None:
        """Raises what went wrong so far.

        Raises:
            DiskFull: no space left, or a quota reached.
            OSError: any other failure.
        """
        error, self._error = self._error, None
        if error is None:
            return
        if error.errno in _FULL:
            raise DiskFull(
                f"no space left to write {self._path.name!r}",
                hint="Free some space, or choose a smaller format.",
                file=self._path.name,
            ) from error
        raise error
