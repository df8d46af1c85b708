"""Files that are there whole or not at all, whoever else writes or reads them."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TRIES, PAUSE = 50, 0.02  # seconds


def put(source: Path, target: Path) -> None:
    """Rename a file to `target`, which it replaces, or a folder to one that is not there yet.

    Raises:
        OSError: that cannot be.
    """
    for _ in range(TRIES):  # Windows, while another process reads the target, or a scanner of viruses what has just been written
        try:
            source.replace(target)
        except PermissionError:
            time.sleep(PAUSE)
        else:
            return
    source.replace(target)


@contextmanager
def made_whole(*targets: Path) -> Iterator[list[Path]]:
    """Paths to write instead of `targets`: what is there when the block ends takes their places, and when it fails, nothing does.

    Each has a name of its own, so that two processes may make the same file at a time.

    Raises:
        OSError: they cannot be put there.
    """
    parts = [target.with_name(f".{target.name}.{uuid.uuid4().hex}") for target in targets]
    try:
        yield parts
        for part, target in zip(parts, targets, strict=True):
            put(part, target)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Put a text in UTF-8 in the place of whatever the file held, and on the disk.

    Raises:
        OSError: it cannot be written; the file is then as it was.
    """
    with made_whole(target) as (part,), part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
