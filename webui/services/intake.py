"""Brings a job's files in: each linked or copied into the job's folder and looked at by a process that may crash on it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from inference.errors import DiskFull, MsstError
from webui.services.errors import InputGone
from webui.services.storage import base_name, link_or_copy, stored_name

if TYPE_CHECKING:
    from webui.compute.pool import Prober

SPARE_DISK = 256 * 1024 * 1024
"""Bytes that must stay free beside what a job will write."""


@dataclass(frozen=True)
class Taken:
    """A file that lies in the job's folder."""

    file: str  # the name it came with
    input: str  # its name there
    duration: float | None  # seconds, as its header says
    about: str  # its header in words
    sample_rate: int
    channels: int
    container: str

    @property
    def title(self) -> str:
        """What people call it."""
        return PurePath(self.file).stem or self.file


def take_all(files: Sequence[tuple[Path, str]], folder: Path, prober: Prober) -> list[Taken]:
    """Take files in, each with its name as people see it; from outside, that may be anything.

    Raises:
        DiskFull: no room for them.
        RemoteError, BadAudio: a header that shows it cannot be read; of several files the message says which.
        MsstError: a file cannot be stored.
    """
    taken: list[Taken] = []
    for source, file_name in files:
        name = base_name(file_name) or "song"
        target = _free(folder / stored_name(name))
        try:
            _take(source, target)
            info = prober.probe(str(target))
        except MsstError as error:
            if len(files) == 1:
                raise
            raise _of_file(error, name) from error
        taken.append(_taken(name, target, info))
    return taken


def _free(path: Path) -> Path:
    number, candidate = 1, path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{number}_{path.name}")
    return candidate


def _take(source: Path, target: Path) -> None:
    try:
        size = source.stat().st_size
    except FileNotFoundError as error:  # deleted since somebody looked: an upload, or the files of a job
        raise InputGone("a file that was meant is gone", hint="Send it again.") from error
    free = shutil.disk_usage(target.parent).free
    if free < size + SPARE_DISK:
        raise DiskFull(
            f"{(size + SPARE_DISK) >> 20} MB of disk space are needed and {free >> 20} MB are free",
            hint="Delete old jobs, or move the home folder (MSST_HOME) to a larger disk.",
        )
    try:
        link_or_copy(source, target)
    except OSError as error:
        raise MsstError(f"the song cannot be stored: {error.strerror}", hint="Is the disk full?") from error


def _of_file(error: MsstError, name: str) -> MsstError:
    """The error with the file's name."""
    params = {key: str(value) for key, value in error.params.items()}
    named = MsstError(f"{name!r}: {error.message}", hint=error.hint, **{**params, "file": name})
    named.code = error.code
    return named


def _taken(name: str, target: Path, info: dict[str, Any]) -> Taken:
    duration = info["frames"] / info["sample_rate"] if info["frames"] else None
    return Taken(name, target.name, duration, _describe(info), info["sample_rate"], info["channels"], info["container"])


def _describe(info: dict[str, Any]) -> str:
    length = f"{info['frames'] / info['sample_rate']:.1f} s" if info["frames"] else "of unknown length"
    return f"{info['container']}, {info['sample_rate']} Hz, {info['channels']} channels, {length}"
