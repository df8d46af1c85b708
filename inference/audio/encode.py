"""Streams of float32 blocks [C, n] to files.

    write  →  downmix where the codec has two channels  →  resample where it lacks the rate  →  encoder  →  file

The same samples give the same bytes, every time. What a format cannot hold is clipped and counted, never wrapped or scaled.
"""

from __future__ import annotations

import logging
from pathlib import Path
from types import TracebackType
from typing import Protocol

import numpy as np

from inference.audio.downmix import to_stereo
from inference.audio.resample import Resampler
from inference.audio.sink import Sink
from inference.errors import BadOutputFormat
from inference.types import OutputFormat, Samples

log = logging.getLogger(__name__)

_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
_RATES = {"mp3": _MP3_RATES, "m4a": _AAC_RATES, "opus": (48000,)}  # samples per second that a codec has; wav has all
_FLAC_MAX_RATE, _FLAC_HIGH_RATE = 655_350, 384_000
_FLAC_MAX_CHANNELS = 8
BLOCK = 1 << 16  # samples handed to an encoder at once


class _Encoder(Protocol):
    """What write_wav.py, write_sndfile.py and write_av.py have in common."""

    clipped: int

    def write(self, block: Samples) -> None: ...

    def close(self) -> None: ...


class AudioWriter:
    """Writes one file. A context manager: when its block ends with an exception, or the disk is full, the file is removed.

    MP3, m4a and Opus hold at most two channels: more are mixed down (downmix.py says how) and the log says so. Rates that a codec
    lacks become the next higher one it has, else its highest. Bit rates that it lacks at that rate become the nearest it has. What
    is read back has exactly as many samples as were written (times the ratio of the rates, rounded, where these differ).

    Raises:
        BadOutputFormat: FLAC with more than 8 channels.
        DiskFull: no space left (also by `write` and `close`).
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path, *, sample_rate: int, channels: int, format: OutputFormat) -> None:  # noqa: A002 (its name outside)
        if format.container == "flac" and channels > _FLAC_MAX_CHANNELS:
            raise BadOutputFormat(f"FLAC cannot hold {channels} channels", hint="Choose wav.", format=format.container)
        self._path = path
        self._channels = channels
        self._rate = writable_rate(format.container, sample_rate)
        self._mixes_down = format.lossy and channels > 2
        if self._mixes_down:
            log.info("%s holds two channels: the %d of %r are mixed down", format.container, channels, path.name)
        out_channels = 2 if self._mixes_down else channels
        self._resampler = None
        if self._rate != sample_rate:
            log.info("%s has no rate of %d Hz: %r is written at %d Hz", format.container, sample_rate, path.name, self._rate)
            self._resampler = Resampler(out_channels, sample_rate, self._rate)
        self._open = True
        self._sink = Sink(path)
        try:
            self._encoder = _encoder(self._sink, self._rate, out_channels, format)
            self._sink.check()
        except BaseException:
            self._remove()
            raise

    @property
    def sample_rate(self) -> int:
        """The rate that the file has, in samples per second."""
        return self._rate

    @property
    def clipped(self) -> int:
        """Samples that the format could not hold so far: beyond full scale, or NaN. Float WAV holds everything."""
        return self._encoder.clipped

    def write(self, block: Samples) -> None:
        """Appends a block [C, n] of any length, full scale at -1.0 .. 1.0.

        Raises:
            DiskFull: no space left.
            ValueError: another number of channels than announced, or the writer is closed.
        """
        if not self._open:
            raise ValueError("the writer is closed")
        if block.ndim != 2 or block.shape[0] != self._channels:
            raise ValueError(f"a block of shape {block.shape} for {self._channels} channels")
        for start in range(0, block.shape[1], BLOCK):
            self._write(block[:, start : start + BLOCK])
        self._sink.check()

    def close(self) -> None:
        """Writes what is still held back and closes the file; can be called twice.

        Raises:
            DiskFull: no space left; the file is removed.
        """
        if not self._open:
            return
        self._open = False
        try:
            if self._resampler is not None:
                self._encode(self._resampler.flush())
            self._encoder.close()
            self._sink.close()
            self._sink.check()
        except BaseException:
            self._remove()
            raise

    def __enter__(self) -> AudioWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self.close()
        elif self._open:
            self._open = False
            try:
                self._encoder.close()
            finally:
                self._remove()

    def _write(self, block: Samples) -> None:
        if self._mixes_down:
            block = to_stereo(block)
        if self._resampler is not None:
            block = self._resampler.push(block)
        self._encode(block)

    def _encode(self, block: Samples) -> None:
        if block.shape[1]:
            self._encoder.write(block.astype(np.float32, copy=False))

    def _remove(self) -> None:
        self._sink.close()
        if self._path.is_file():
            self._path.unlink()


def writable_rate(container: str, sample_rate: int) -> int:
    """The rate that a file of this container gets: the same where it can be, else the next higher it has, else its highest."""
    if container == "flac":
        return sample_rate if sample_rate <= _FLAC_MAX_RATE else _FLAC_HIGH_RATE
    rates = _RATES.get(container)
    if rates is None:
        return sample_rate
    return next((rate for rate in rates if rate >= sample_rate), rates[-1])


def _encoder(sink: Sink, sample_rate: int, channels: int, output: OutputFormat) -> _Encoder:
    """The encoder of a container. The libraries are loaded here, by those who write such a file."""
    if output.container == "wav":
        from inference.audio.write_wav import WavEncoder

        return WavEncoder(sink, sample_rate=sample_rate, channels=channels, subtype=output.subtype)
    if output.container in ("flac", "mp3"):
        from inference.audio.write_sndfile import FlacEncoder, Mp3Encoder

        if output.bit_rate is None:
            return FlacEncoder(sink, sample_rate=sample_rate, channels=channels, subtype=output.subtype)
        return Mp3Encoder(sink, sample_rate=sample_rate, channels=channels, bit_rate=output.bit_rate)
    from inference.audio.write_av import AvEncoder

    return AvEncoder(sink, container=output.container, sample_rate=sample_rate, channels=channels, bit_rate=output.bit_rate or 0)
