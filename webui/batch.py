"""`separate` on the command line: songs and folders in, stems in a folder out, with a line of progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inference.errors import MsstError
from inference.types import OutputFormat
from webui.compute.pool import Pool
from webui.services import Choice, Job, Services
from webui.services.presets import DEFAULT_PRESET
from webui.services.storage import link_or_copy
from webui.settings import Settings

AUDIO_SUFFIXES = frozenset(
    f".{name}"
    for name in "wav wave flac ogg oga opus mp3 m4a aac mp4 m4v mov mkv webm avi wma wmv aif aiff aifc caf au ac3 mka ts 3gp".split()
)
"""Files of these kinds are taken from a folder; a file named outright is tried whatever it is called."""

POLL_SECONDS = 0.1
AHEAD = 4
"""Songs that wait in the job store while one is separated: more would fill the queue that others share."""

Echo = Callable[..., None]


@dataclass(frozen=True)
class Batch:
    """What the command line asked for."""

    songs: list[Path]
    output: Path
    output_format: str
    subtype: str
    model: str | None
    preset: str | None
    device: str | None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def choice(self) -> Choice:
        """Preset or model, the default preset where neither was named."""
        return Choice(preset=self.preset or (None if self.model else DEFAULT_PRESET), model=self.model)


@dataclass(frozen=True)
class _Song:
    path: Path
    folder: Path  # where its stems go


def separate_all(batch: Batch, pool: Pool, *, echo: Echo) -> int:
    """Separate every song; the exit status: 0, or 1 if any failed, or 2 for a request that cannot be. The services are left running."""
    try:
        output = OutputFormat(batch.output_format.lower(), batch.subtype)
        services = Services(Settings(), pool=pool)
        services.start()
        services.jobs.check(choice=batch.choice)
        return _Progress(services, batch, output, echo).run(list(_songs(batch)))
    except MsstError as error:
        echo(f"{error.message}. {error.hint}".strip(), err=True)
        return 2


def _songs(batch: Batch) -> Iterator[_Song]:
    for path in batch.songs:
        if not path.is_dir():
            yield _Song(path, batch.output)
            continue
        for file in sorted(path.rglob("*")):
            if file.is_file() and file.suffix.lower() in AUDIO_SUFFIXES:
                yield _Song(file, batch.output / file.parent.relative_to(path))


class _Progress:
    """Feeds the job store and follows what happens."""

    def __init__(self, services: Services, batch: Batch, output: OutputFormat, echo: Echo) -> None:
        self._services, self._batch, self._output, self._echo = services, batch, output, echo
        self._failed = 0
        self._live = sys.stderr.isatty()

    def run(self, songs: list[_Song]) -> int:
        if not songs:
            self._echo("no songs found", err=True)
            return 2
        waiting = list(enumerate(songs, start=1))
        running: list[tuple[int, _Song, Job]] = []
        try:
            while waiting or running:
                while waiting and len(running) < AHEAD:
                    number, song = waiting.pop(0)
                    job = self._submit(song)
                    if job is not None:
                        running.append((number, song, job))
                running = [entry for entry in running if not self._look(entry, len(songs), first=entry is running[0])]
                if running:
                    time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            for _, _, job in running:
                self._services.jobs.cancel(job.id)
            self._echo("\nstopped; finished songs are kept", err=True)
            return 1
        return 1 if self._failed else 0

    def _submit(self, song: _Song) -> Job | None:
        try:
            if not song.path.is_file():
                raise MsstError("there is no such file")
            return self._services.jobs.submit(
                song.path,
                file_name=song.path.name,
                choice=self._batch.choice,
                output=self._output,
                door="cli",
                device=self._batch.device,
                options=self._batch.options,
            )
        except MsstError as error:
            self._fail(song, error.message, error.hint)
            return None

    def _look(self, entry: tuple[int, _Song, Job], total: int, *, first: bool) -> bool:
        """Whether this song is done with."""
        number, song, job = entry
        job = self._services.jobs.get(job.id)
        if not job.ended:
            if first:
                self._bar(number, total, song, job)
            return False
        self._clear_bar()
        if job.state == "completed":
            self._deliver(song, job)
        else:
            error = job.error
            self._fail(song, error.message if error else job.state, error.hint if error else "")
        return True

    def _deliver(self, song: _Song, job: Job) -> None:
        song.folder.mkdir(parents=True, exist_ok=True)
        for result in job.results:
            target = _free(song.folder / result.file)
            link_or_copy(self._services.results.path(job.id, result.file), target)
            self._echo(str(target))

    def _fail(self, song: _Song, message: str, hint: str) -> None:
        self._failed += 1
        self._echo(f"{song.path}: {message}. {hint}".strip(), err=True)

    def _bar(self, number: int, total: int, song: _Song, job: Job) -> None:
        if not self._live:
            return
        filled = round(job.progress * 30)
        left = f", {job.seconds_left:.0f} s left" if job.seconds_left else ""
        line = f"[{number}/{total}] {song.path.name[:40]} [{'#' * filled}{'.' * (30 - filled)}] {job.progress:4.0%} {job.stage}{left}"
        self._echo(f"\r\033[K{line}", nl=False, err=True)

    def _clear_bar(self) -> None:
        if self._live:
            self._echo("\r\033[K", nl=False, err=True)


def _free(path: Path) -> Path:
    """The path itself, or with a number where the name is taken."""
    number, candidate = 1, path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}_{number}{path.suffix}")
    return candidate
