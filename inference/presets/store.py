"""Finished steps, kept for the next time: after a crash, a cancel, or with another last step.

FOLDER/{key}/step.json           {"version": 1, "stems": [{"name", "file", "bytes"}, ...], "notes": {...}}
FOLDER/{key}/0.wav 1.wav ...     float32
FOLDER/.new-...                  one that is being written; FOLDER/.old-...  one that is being deleted

The key says all that a step's result depends on (keys.py), so whatever lies under it is right, whoever put it there. A folder
comes and goes in one rename. Files go in and out as hard links where the file system has them: they cost no space while they lie
in two places, and an entry that is deleted stays with those who took it.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

META = "step.json"
VERSION = 1
LEFTOVER_SECONDS = 86_400.0  # half-written folders of that age belong to nobody any more
GIB = 1 << 30


@dataclass(frozen=True)
class _Entry:
    folder: Path
    used: float  # epoch seconds
    bytes: int


class StepStore:
    """The kept steps in a folder. Several processes may use one at a time.

    Args:
        folder: made when something is kept.
        limit: bytes that it may hold; the least recently used go first.
        spare: bytes that are left free on its disk.
        free: how many bytes are free where a folder lies.
    """

    def __init__(self, folder: Path, limit: int, *, spare: int = GIB, free: Callable[[Path], int] | None = None) -> None:
        self._folder, self._limit, self._spare = folder, limit, spare
        self._free = free or (lambda path: shutil.disk_usage(path).free)

    def take(self, key: str, into: Path) -> dict[str, Path] | None:
        """The stems of a kept step by name, in order, as files in the folder `into`; None where there are none."""
        entry = self._folder / key
        try:
            stems = _read(entry)
        except (OSError, ValueError, KeyError, TypeError) as error:
            if entry.exists():
                log.warning("a kept step is damaged and is made again: %s", error)
                _delete(entry)
            return None
        found = {name: into / file.name for name, file in stems}
        try:
            into.mkdir(parents=True, exist_ok=True)
            for name, file in stems:
                _link(file, found[name])
            os.utime(entry / META)  # used just now
        except OSError as error:  # no room for copies where there are no links, or it was deleted just now
            log.warning("a kept step cannot be used: %s", error)
            shutil.rmtree(into, ignore_errors=True)
            return None
        return found

    def notes(self, key: str) -> dict[str, Any]:
        """What was noted about a kept step; nothing where there is none."""
        try:
            notes = json.loads((self._folder / key / META).read_text(encoding="utf-8")).get("notes")
        except (OSError, ValueError, AttributeError):
            return {}
        return notes if isinstance(notes, dict) else {}

    def keep(self, key: str, stems: Mapping[str, Path], notes: Mapping[str, Any] | None = None) -> bool:
        """Keep the stems of a finished step; whether that worked. Never raises for a disk that is full or broken.

        Args:
            key: of the step.
            stems: their files by name.
            notes: what else is to be known of the step, JSON.
        """
        if not self._limit or (self._folder / key).exists():
            return False
        new = self._folder / f".new-{uuid.uuid4().hex}"
        try:
            new.mkdir(parents=True)
            listed = []
            for number, (name, file) in enumerate(stems.items()):
                _link(file, new / f"{number}.wav")
                listed.append({"name": name, "file": f"{number}.wav", "bytes": file.stat().st_size})
            (new / META).write_text(json.dumps({"version": VERSION, "stems": listed, "notes": dict(notes or {})}), encoding="utf-8")
            new.replace(self._folder / key)
        except OSError as error:
            shutil.rmtree(new, ignore_errors=True)
            if not (self._folder / key).exists():  # another process was faster: as good
                log.warning("a finished step could not be kept: %s", error)
            return False
        return True

    def trim(self) -> int:
        """Delete what was not used for longest, until the rest fits the limit and leaves the disk its spare room; the bytes deleted."""
        if not self._folder.is_dir():
            return 0
        self._remove_leftovers()
        entries = sorted(self._entries(), key=lambda entry: entry.used)
        held, gone = sum(entry.bytes for entry in entries), 0
        for entry in entries:
            if held <= self._limit and self._free(self._folder) >= self._spare:
                break
            _delete(entry.folder)
            held -= entry.bytes
            gone += entry.bytes
        if gone:
            log.info("%d MB of kept steps were deleted to make room", gone >> 20)
        return gone

    def clear(self) -> None:
        """Delete all that is kept."""
        for entry in self._entries():
            _delete(entry.folder)

    def _entries(self) -> list[_Entry]:
        found = []
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            with suppress(OSError):  # it is going just now
                if not folder.name.startswith("."):
                    meta = folder / META
                    used = meta.stat().st_mtime if meta.exists() else 0.0
                    found.append(_Entry(folder, used, sum(file.stat().st_size for file in folder.iterdir())))
        return found

    def _remove_leftovers(self) -> None:
        limit = time.time() - LEFTOVER_SECONDS
        for folder in self._folder.glob(".*"):
            with suppress(OSError):
                if folder.stat().st_mtime < limit or folder.name.startswith(".old-"):
                    shutil.rmtree(folder, ignore_errors=True)


def _read(entry: Path) -> list[tuple[str, Path]]:
    """The stems of an entry. Raises OSError, ValueError, KeyError or TypeError for one that is not whole."""
    meta = json.loads((entry / META).read_text(encoding="utf-8"))
    if meta["version"] != VERSION:
        raise ValueError(f"of version {meta['version']!r}")
    found = []
    for stem in meta["stems"]:
        file = entry / Path(stem["file"]).name
        if file.stat().st_size != stem["bytes"]:
            raise ValueError(f"{file.name} has {file.stat().st_size} bytes, not {stem['bytes']}")
        found.append((str(stem["name"]), file))
    return found


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        shutil.copyfile(source, target)


def _delete(folder: Path) -> None:
    """Gone at once for everybody else, then for good."""
    old = folder.with_name(f".old-{uuid.uuid4().hex}")
    with suppress(OSError):
        folder.replace(old)
    shutil.rmtree(old, ignore_errors=True)
