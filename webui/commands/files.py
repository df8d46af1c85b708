"""Files that a command was told of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from inference.errors import BadOption


def check_there(files: Iterable[Path]) -> None:
    """Refuse files that are not there. Raises BadOption, which names them."""
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise BadOption(f"there is no file {', '.join(missing)}")
