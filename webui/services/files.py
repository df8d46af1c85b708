"""Small files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inference.errors import DiskFull
from tools.whole import put


@contextmanager
def storing(what: str) -> Iterator[None]:
    """Tells what goes wrong with files while the block runs.

    Args:
        what: is stored there, for people: "the keys".

    Raises:
        DiskFull: in the place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise DiskFull(f"{what} cannot be stored: {error.strerror or error}", hint="Is the disk full?") from error


def write_whole(path: Path, text: str) -> None:
    """Put `text` in the place of whatever the file held, in one step; only its owner may read it.

    Raises:
        DiskFull: it cannot be written; the file is then as it was.
    """
    with storing(path.name):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made for its owner alone
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            put(Path(name), path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
