"""What happened to a job: one JSON object a line, kept beside the results."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


def append(path: Path, message: str, *, level: str = "info") -> None:
    """Add a line; a full disk must not fail the job for its log's sake."""
    line = json.dumps({"time": round(time.time(), 3), "level": level, "message": message}, ensure_ascii=False)
    log.log(logging.getLevelName(level.upper()), "%s %s", path.stem, message)
    try:
        with path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(line + "\n")
    except OSError:
        log.exception("the log of job %s cannot be written", path.stem)


def read(path: Path) -> list[dict[str, Any]]:
    """All lines, oldest first; none where there is no log. A line cut off by a crash is left out."""
    if not path.exists():
        return []
    lines = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return lines
