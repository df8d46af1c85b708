"""Where a step's stems go: files that are kept, a file for later steps, and what a player needs beside the kept ones."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

from inference.audio import AudioSource, AudioWriter, PeakMeter
from inference.audio.resample import Resampler
from inference.errors import DiskFull
from inference.types import OutputFormat, Samples

log = logging.getLogger(__name__)

INTERMEDIATE = OutputFormat("wav", "FLOAT")
"""What passes from one step to the next: nothing is lost on the way."""

PREVIEW = OutputFormat("flac", "PCM_16")
"""What a player reads where the kept file cannot be read from any sample on."""


@dataclass(frozen=True)
class StemFile:
    """A stem that was kept."""

    stem: str
    path: Path
    sample_rate: int
    channels: int
    frames: int  # samples per channel
    clipped: int  # samples beyond full scale that the format could not hold
    peaks: Path  # int8 [n, 2]: lowest and highest sample of each 1/50 s
    preview: Path | None  # a FLAC of the same samples where the kept file is lossy
    main: bool = False  # the point of the preset
    disagreement: float | None = None  # dB: how far the members of the ensemble that made it were apart
    picture: Path | None = None  # of that over time, an SVG


@dataclass(frozen=True)
class Target:
    """A result file to be."""

    number: int  # place among the preset's outputs
    path: Path
    output: OutputFormat
    main: bool


class _Part(Protocol):
    """One of the files that a stem is written to."""

    def __enter__(self) -> object: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def write(self, samples: Samples) -> None: ...


class StemSink:
    """Writes one stem to all the files it is wanted in. A context manager: an exception removes what was written."""

    def __init__(
        self,
        stem: str,
        *,
        targets: Sequence[Target],
        between: Path | None,
        spare: bool,
        extras: Path,
        sample_rate: int,
        channels: int,
    ) -> None:
        """Say where the stem goes.

        Args:
            stem: its name.
            targets: the result files.
            between: a float file for later steps, or for keeping the step.
            spare: whether nobody but the keeping needs `between`: then a full disk costs that and no more.
            extras: the folder of peaks and previews.
            sample_rate: of the stem.
            channels: of the stem.
        """
        self.stem = stem
        self._results = [_Result(stem, target, extras, sample_rate, channels) for target in targets]
        self._between = _Between(between, spare, sample_rate, channels) if between is not None else None
        self._stack = ExitStack()

    def __enter__(self) -> StemSink:
        with ExitStack() as stack:
            for part in self._parts():
                stack.enter_context(part)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(self, samples: Samples) -> None:
        """Take the next samples, float32 [C, n]."""
        for part in self._parts():
            part.write(samples)

    def results(self) -> list[tuple[int, StemFile]]:
        """What was kept, once closed, with its place among the outputs."""
        return [(result.target.number, result.file()) for result in self._results]

    @property
    def between(self) -> Path | None:
        """The float file, once closed; None where there is none, or the disk was full."""
        return self._between.path if self._between is not None else None

    def _parts(self) -> Iterable[_Part]:
        return [*self._results, *([self._between] if self._between is not None else [])]


class _Result:
    """A kept file, its waveform, and a lossless copy where the file itself is lossy; all of them at the rate that was asked for."""

    def __init__(self, stem: str, target: Target, extras: Path, sample_rate: int, channels: int) -> None:
        self.target = target
        rate = target.output.rate or sample_rate
        self._stem, self._rate, self._channels = stem, rate, channels
        self._resampler = Resampler(channels, sample_rate, rate) if rate != sample_rate else None
        self._peaks_path = extras / f"{target.path.name}.peaks"
        self._preview = extras / f"{target.path.name}.flac" if target.output.lossy else None
        self._writers: list[AudioWriter] = []
        self._stack = ExitStack()
        self._peaks = PeakMeter(rate)
        self._frames = 0

    def __enter__(self) -> _Result:
        files = [(self.target.path, self.target.output), *([(self._preview, PREVIEW)] if self._preview else [])]
        with ExitStack() as stack:
            for path, output in files:
                self._writers.append(stack.enter_context(_writer(path, output, self._rate, self._channels)))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            if self._resampler is not None:
                self._keep(self._resampler.flush())
        self._peaks_path.parent.mkdir(parents=True, exist_ok=True)
        self._peaks_path.write_bytes(self._peaks.finish().tobytes())

    def write(self, samples: Samples) -> None:
        self._keep(samples if self._resampler is None else self._resampler.push(samples))

    def _keep(self, samples: Samples) -> None:
        self._frames += samples.shape[1]
        for writer in self._writers:
            writer.write(samples)
        self._peaks.push(samples)

    def file(self) -> StemFile:
        return StemFile(
            stem=self._stem,
            path=self.target.path,
            sample_rate=self._rate,
            channels=self._channels,
            frames=self._frames,
            clipped=self._writers[0].clipped,
            peaks=self._peaks_path,
            preview=self._preview,
            main=self.target.main,
        )


class _Between:
    """The float file. Where it is only spare, a full disk ends it and nothing else."""

    def __init__(self, path: Path, spare: bool, sample_rate: int, channels: int) -> None:
        self.path: Path | None = path
        self._spare, self._rate, self._channels = spare, sample_rate, channels
        self._writer: AudioWriter | None = None

    def __enter__(self) -> _Between:
        assert self.path is not None
        try:
            self._writer = _writer(self.path, INTERMEDIATE, self._rate, self._channels)
        except DiskFull as error:
            self._give_up(error)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._writer is None:
            return
        try:
            self._writer.__exit__(kind, error, trace)
        except DiskFull as full:
            self._give_up(full)

    def write(self, samples: Samples) -> None:
        if self._writer is None:
            return
        try:
            self._writer.write(samples)
        except DiskFull as error:
            self._give_up(error)

    def _give_up(self, error: DiskFull) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.__exit__(DiskFull, error, None)  # removes the file
        self.path = None
        if not self._spare:
            raise error
        log.warning("no space to keep this step for another time")


def _writer(path: Path, output: OutputFormat, sample_rate: int, channels: int) -> AudioWriter:
    path.parent.mkdir(parents=True, exist_ok=True)
    return AudioWriter(path, sample_rate=sample_rate, channels=channels, format=output)


def copy(source: Path, sink: StemSink, on_work: Callable[[], None]) -> None:
    """Fill a sink from a file that was kept. `on_work` is called now and then and may raise Cancelled."""
    with AudioSource(source) as blocks, sink:
        for block in blocks:
            sink.write(block)
            on_work()
