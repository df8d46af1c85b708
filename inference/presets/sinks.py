"""Where a step's stems go: files that are kept, files for the next step, and what a player needs beside them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from inference.audio import AudioWriter, PeakMeter
from inference.types import OutputFormat, Samples

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


class StemSink:
    """Writes one stem to all the files it is wanted in. A context manager: an exception removes what was written."""

    def __init__(
        self,
        stem: str,
        *,
        kept: Path | None,
        next_step: Path | None,
        extras: Path,
        output: OutputFormat,
        sample_rate: int,
        channels: int,
    ) -> None:
        self._stem, self._kept, self._output, self._extras = stem, kept, output, extras
        self._rate, self._channels = sample_rate, channels
        self._targets: list[tuple[Path, OutputFormat]] = []
        if kept is not None:
            self._targets.append((kept, output))
        if kept is not None and output.lossy:
            self._targets.append((self._preview_path(kept), PREVIEW))
        if next_step is not None:
            self._targets.append((next_step, INTERMEDIATE))
        self._stack = ExitStack()
        self._writers: list[AudioWriter] = []
        self._peaks = PeakMeter(sample_rate)
        self._frames = 0

    def _preview_path(self, kept: Path) -> Path:
        return self._extras / f"{kept.name}.flac"

    def __enter__(self) -> StemSink:
        with ExitStack() as stack:
            for path, output in self._targets:
                path.parent.mkdir(parents=True, exist_ok=True)
                writer = AudioWriter(path, sample_rate=self._rate, channels=self._channels, format=output)
                self._writers.append(stack.enter_context(writer))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, trace)
        if kind is None and self._kept is not None:
            self._extras.mkdir(parents=True, exist_ok=True)
            self._peaks_path.write_bytes(self._peaks.finish().tobytes())

    @property
    def _peaks_path(self) -> Path:
        assert self._kept is not None
        return self._extras / f"{self._kept.name}.peaks"

    def write(self, samples: Samples) -> None:
        """Take the next samples, float32 [C, n]."""
        self._frames += samples.shape[1]
        for writer in self._writers:
            writer.write(samples)
        if self._kept is not None:
            self._peaks.push(samples)

    def result(self) -> StemFile | None:
        """What was kept, once closed; None for a stem that only fed the next step."""
        if self._kept is None:
            return None
        return StemFile(
            stem=self._stem,
            path=self._kept,
            sample_rate=self._rate,
            channels=self._channels,
            frames=self._frames,
            clipped=self._writers[0].clipped,
            peaks=self._peaks_path,
            preview=self._preview_path(self._kept) if self._output.lossy else None,
        )
