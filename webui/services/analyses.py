"""What can be said about sounds, for the tools and the results of jobs. Computed once, in a process that lets separations go first.

HOME/cache/analyses/{key}.json, .png, .flac, .peaks   of files, by what is in them: the same song is the same song under any name
HOME/results/{job}/player/quality.json      of a job, gone with it
HOME/results/{job}/player/{file}.spectrogram.png
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from inference.errors import BadOption
from tools.whole import made_whole
from webui.services.errors import UnknownFile
from webui.services.storage import Storage

if TYPE_CHECKING:
    from webui.compute.analyst import Analyst, Ask, Cancel
    from webui.services.references import References
    from webui.services.results import ResultService

log = logging.getLogger(__name__)

T = TypeVar("T")

VERSION = 1
"""Raised whenever an analysis says something else than before: what was kept by then is not used any more."""

MAX_KEPT, MAX_KEPT_BYTES = 2000, 256 * 1024 * 1024  # analyses of files; the least recently used go first
STAY = 8  # of the most recently used: a song's copy, which may be larger than all that, its waveform, pictures and figures
PICTURE_WIDTH, PICTURE_HEIGHT = 4096, 256  # of a job's spectrograms
MAX_WIDTH, MAX_HEIGHT = 4096, 1024
QUALITY = "quality.json"


class AnalysisService:
    """Asks, and keeps the answers."""

    def __init__(self, storage: Storage, results: ResultService, references: References, analyst: Analyst) -> None:
        self._storage, self._results, self._references, self._analyst = storage, results, references, analyst
        self._kept = storage.analyses

    def info(self, path: Path, cancelled: Cancel) -> dict[str, Any]:
        """A file in figures, see tools.analysis.describe. Raises BadAudio and its kinds, Cancelled; so do all others."""
        return self._of_files("info", {"path": path}, cancelled)

    def key_tempo(self, path: Path, cancelled: Cancel) -> dict[str, Any]:
        """Key and tempo, see tools.analysis.music."""
        return self._of_files("key_tempo", {"path": path}, cancelled)

    def score(self, reference: Path, estimate: Path, cancelled: Cancel) -> dict[str, Any]:
        """How near a file is to a reference, see tools.analysis.score. Raises BadOption for other lengths, too."""
        return self._of_files("score", {"reference": reference, "estimate": estimate}, cancelled)

    def quality_of(self, song: Path, stems: Sequence[Path], cancelled: Cancel) -> dict[str, Any]:
        """The stems of a song in figures, see tools.analysis.quality. Not kept."""
        with self._analyst.turn(cancelled) as ask:
            found: dict[str, Any] = ask("quality", {"song": str(song), "stems": [str(stem) for stem in stems]})
            return found

    def spectrogram(self, path: Path, cancelled: Cancel, *, width: int = 1600, height: int = 400) -> bytes:
        """A picture (PNG) of a file. Raises BadOption for a size that it cannot have."""
        if not (16 <= width <= MAX_WIDTH and 16 <= height <= MAX_HEIGHT):
            raise BadOption(f"a picture of {width} by {height}", hint=f"16 to {MAX_WIDTH} by 16 to {MAX_HEIGHT}.", option="width")
        target = self._place("spectrogram", {"path": path}, (width, height), ".png")

        def make(ask: Ask) -> bytes:
            target.parent.mkdir(parents=True, exist_ok=True)
            ask("spectrogram", {"path": str(path), "target": str(target), "width": width, "height": height})
            made = target.read_bytes()
            self._trim()
            return made

        return self._once(lambda: self._used(target), make, cancelled)

    def copy(self, path: Path, cancelled: Cancel) -> tuple[Path, Path]:
        """A lossless copy of a file that every browser plays (FLAC), and its waveform: int8 pairs, 50 for each second."""
        target = self._place("copy", {"path": path}, (), ".flac")
        both = target, target.with_suffix(".peaks")

        def make(ask: Ask) -> tuple[Path, Path]:
            target.parent.mkdir(parents=True, exist_ok=True)
            ask("copy", {"source": str(path), "target": str(target), "peaks": str(both[1])})
            self._trim()
            return both

        return self._once(lambda: both if all(map(_mark, both)) else None, make, cancelled)

    def quality(self, job_id: str, cancelled: Cancel) -> dict[str, Any]:
        """The results of a job in figures, see tools.analysis.quality.

        Raises:
            UnknownJob, NotCompleted: there is no such job, or it has no results (yet).
            InputGone: its song was deleted.
        """
        job = self._results.completed(job_id)
        file = self._storage.player(job_id) / QUALITY

        def look() -> dict[str, Any] | None:
            kept = _read(file)
            return kept if kept is not None and kept.pop("version", None) == VERSION else None

        def make(ask: Ask) -> dict[str, Any]:
            song, _ = self._references.resolve({"job": job_id})
            stems = [str(self._storage.result(job_id, result.file)) for result in job.results]
            found: dict[str, Any] = ask("quality", {"song": str(song), "stems": stems})
            names = [{"file": result.file, "stem": result.stem} for result in job.results]
            found["stems"] = [{**name, **each} for name, each in zip(names, found["stems"], strict=True)]
            _write(file, {"version": VERSION, **found})
            return found

        return self._once(look, make, cancelled)

    def of_result(self, job_id: str, name: str, cancelled: Cancel) -> bytes:
        """The spectrogram of a result. Raises UnknownJob, NotCompleted, UnknownFile."""
        path = self._results.path(job_id, name)
        return self._of_job(job_id, path, f"{path.name}.spectrogram.png", cancelled)

    def of_song(self, job_id: str, cancelled: Cancel) -> bytes:
        """The spectrogram of a completed job's song. Raises UnknownJob, NotCompleted, InputGone."""
        self._results.completed(job_id)
        path, _ = self._references.resolve({"job": job_id})
        return self._of_job(job_id, path, "song.spectrogram.png", cancelled)

    def close(self) -> None:
        """Stop what is computed."""
        self._analyst.close()

    def _of_job(self, job_id: str, path: Path, name: str, cancelled: Cancel) -> bytes:
        target = self._storage.player(job_id) / name

        def make(ask: Ask) -> bytes:
            size = {"width": PICTURE_WIDTH, "height": PICTURE_HEIGHT}
            ask("spectrogram", {"path": str(path), "target": str(target), **size})
            return target.read_bytes()

        return self._once(lambda: _bytes(target), make, cancelled)

    def _of_files(self, what: str, files: Mapping[str, Path], cancelled: Cancel) -> dict[str, Any]:
        target = self._place(what, files, (), ".json")

        def look() -> dict[str, Any] | None:
            kept = _read(target)
            if kept is not None:
                _mark(target)
            return kept

        def make(ask: Ask) -> dict[str, Any]:
            found: dict[str, Any] = ask(what, {name: str(path) for name, path in files.items()})
            _write(target, found)
            self._trim()
            return found

        return self._once(look, make, cancelled)

    def _once(self, look: Callable[[], T | None], make: Callable[[Ask], T], cancelled: Cancel) -> T:
        """What is kept, at once; else what is made of it in one's turn, unless somebody made it meanwhile."""
        kept = look()
        if kept is not None:
            return kept
        with self._analyst.turn(cancelled) as ask:
            kept = look()
            return kept if kept is not None else make(ask)

    def _place(self, what: str, files: Mapping[str, Path], settings: Sequence[int], suffix: str) -> Path:
        """Where the answer is kept: under what it depends on."""
        try:
            sums = {name: _sum_of(path) for name, path in files.items()}
        except OSError as error:
            raise UnknownFile(f"the file cannot be read: {error.strerror}") from error
        said = json.dumps([VERSION, what, sums, list(settings)], sort_keys=True)
        return self._kept / f"{hashlib.sha256(said.encode()).hexdigest()}{suffix}"

    def _used(self, file: Path) -> bytes | None:
        """What is kept in a file, which counts as used now; None where there is none."""
        data = _bytes(file)
        return data if data is not None and _mark(file) else None

    def _trim(self) -> None:
        """Delete what was not used for longest, beyond the limits. What was used last stays, however large: somebody listens to it."""
        files = []
        for entry in self._kept.iterdir() if self._kept.is_dir() else ():
            with suppress(OSError):  # deleted meanwhile
                about = entry.stat()
                files.append((about.st_mtime, about.st_size, entry))
        size = 0
        for place, (_, length, entry) in enumerate(sorted(files, key=lambda each: each[0], reverse=True)):
            if place >= STAY and (place >= MAX_KEPT or size + length > MAX_KEPT_BYTES):
                with suppress(OSError):
                    entry.unlink()
            else:
                size += length


def _sum_of(path: Path) -> str:
    """The SHA-256 of a file, remembered while it is the same by path, size and date. Raises OSError."""
    about = path.stat()
    return _sum(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=1000)
def _sum(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _mark(file: Path) -> bool:
    """Have a file count as used now; whether it is there: another process, or whoever cleans, may have deleted it."""
    try:
        os.utime(file)
    except OSError:
        return False
    return True


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _read(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write(file: Path, data: Mapping[str, Any]) -> None:
    """Keep an answer; one that cannot be kept is given all the same."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with made_whole(file) as (part,):
            part.write_text(json.dumps(data), encoding="utf-8")
    except OSError as error:
        log.warning("an analysis cannot be kept: %s", error)
