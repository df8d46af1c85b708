"""A file that cannot be read forever: hostile bytes may send a demuxer in circles, but not for longer than this lets it."""

from __future__ import annotations

import os
from typing import BinaryIO

BUDGET_BASE = 64 * 1024 * 1024  # bytes
BUDGET_PER_BYTE = 16  # a badly interleaved video reads its blocks several times over, hardly ever 16 times
CALL_COST = 512  # bytes that each call is charged: circles without reading end, and so do headers of millions of empty chunks


class BoundedFile:
    """Read, seek and tell of an open file, with a budget that is linear in its size. Once that is spent, the file seems to end.

    What stands before `start` (bytes) does not exist for its reader. It has no name, on purpose: libraries guess formats from names.
    """

    def __init__(self, file: BinaryIO, start: int = 0) -> None:
        self._file = file
        self._start = start
        self.size = max(0, os.fstat(file.fileno()).st_size - start)  # bytes
        self._budget = BUDGET_BASE + BUDGET_PER_BYTE * self.size

    @property
    def exhausted(self) -> bool:
        """Whether the budget is spent."""
        return self._budget < 0

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; none at the end or when the budget is spent."""
        data = b"" if self.exhausted else self._file.read(size)
        self._budget -= len(data) + CALL_COST
        return data

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Like read, into a buffer; the number of bytes read."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of a file; an impossible place gives -1, as a damaged header must not raise inside a C library's callback."""
        self._budget -= CALL_COST
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self.size}.get(whence)
        if base is None or base + offset < 0:
            return -1
        try:
            return self._file.seek(self._start + base + offset) - self._start
        except (OSError, ValueError, OverflowError):
            return -1

    def tell(self) -> int:
        """The place of the next byte to be read."""
        return self._file.tell() - self._start
