"""Small files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tools.whole import put


def write_whole(path: Path, text: str) -> None:
    """Put `text` in the place of whatever the file held, in one step; only its owner may read it.

    Raises:
        OSError: it cannot be written; the file is then as it was.
    """
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
