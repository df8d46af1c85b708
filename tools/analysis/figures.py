"""A sound in figures, from one pass: levels, loudness, how far up it reaches.

Levels are in dB of full scale: 0 is the largest sample that a file of integers can hold; for the RMS of a sine of full scale that gives
-3.01.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.audio.loudness import LoudnessMeter
from inference.types import Samples
from tools.analysis.frames import Frames

SILENCE_DB = -90.0
"""A sound whose largest sample is below this is silent: it is what rounding to 16 bits leaves."""

BANDWIDTH_DB = -90.0
"""What is so far below the loudest frequency does not count for the bandwidth: codecs cut off deeper."""

_ROUNDING = 4 * 2.0**-30 / 12
"""Nor does what lies below this power, four times that of rounding to 16 bits."""

SIZE = 4096


@dataclass(frozen=True)
class Figures:
    """What was measured; None where there is nothing to measure."""

    peak_db: float | None  # the largest sample
    rms_db: float | None
    loudness: float | None  # LUFS, ITU-R BS.1770
    bandwidth_hz: float | None  # above it there is nothing
    silent: bool


class FigureMeter:
    """Measures a stream. Keeps 8 bytes for each 100 ms of it."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._loudness = LoudnessMeter(sample_rate, channels)
        self._spectrum = SpectrumMeter(sample_rate, channels)
        self._peak = self._squares = 0.0
        self._samples = 0

    def push(self, block: Samples) -> None:
        """Takes the next block [C, n]."""
        if not block.size:
            return
        self._peak = max(self._peak, float(np.abs(block).max()))
        self._squares += float(np.square(block, dtype=np.float64).sum())
        self._samples += block.size
        self._loudness.push(block)
        self._spectrum.push(block)

    def finish(self) -> Figures:
        """What was measured. Nothing can be pushed after it."""
        peak = decibels(self._peak**2) if self._peak > 0 else None
        silent = peak is None or peak < SILENCE_DB
        loudness = self._loudness.integrated() if self._samples else -math.inf
        return Figures(
            peak_db=peak,
            rms_db=decibels(self._squares / self._samples) if self._squares > 0 else None,
            loudness=None if math.isinf(loudness) else loudness,
            bandwidth_hz=None if silent else self._spectrum.bandwidth(),
            silent=silent,
        )


class SpectrumMeter:
    """The mean power spectrum of a stream, from frames that follow each other."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._rate = sample_rate
        self._frames = Frames(channels, SIZE, SIZE)
        self._window = np.kaiser(SIZE, 14).astype(np.float32)  # nothing of a tone leaks beyond its surroundings
        self._edge: npt.NDArray[np.float64] | None = None  # the frame at the beginning: half silence, and so a click
        self._power = np.zeros(SIZE // 2 + 1)  # summed over the other frames, and over the channels
        self._count = 0

    def push(self, block: Samples) -> None:
        """Takes the next block [C, n]."""
        power = self._spectra(self._frames.push(block))
        if self._edge is None and len(power):
            self._edge, power = power[0], power[1:]
        self._power += power.sum(axis=0)
        self._count += len(power)

    def bandwidth(self) -> float:
        """The highest frequency in Hz that is there. Nothing can be pushed after it."""
        power, count = self._power, self._count
        if not count:  # too short to leave out the edges
            ends = self._spectra(self._frames.finish())
            power, count = ends.sum(axis=0) + (0 if self._edge is None else self._edge), len(ends) + (self._edge is not None)
        rounding = count * float(np.square(self._window, dtype=np.float64).sum()) * _ROUNDING
        there = np.flatnonzero(power > max(power.max() * 10 ** (BANDWIDTH_DB / 10), rounding))
        return float(there[-1] * self._rate / SIZE) if there.size else 0.0

    def _spectra(self, frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """The power of each frame, the mean of the channels, [frames, bins]."""
        from scipy.fft import rfft  # type: ignore[import-untyped]

        power = np.zeros((frames.shape[1], SIZE // 2 + 1))
        for channel in frames:
            spectrum = rfft(channel * self._window, axis=1)
            power += spectrum.real**2 + spectrum.imag**2
        return power / len(frames)


def decibels(power: float) -> float:
    """A power above zero in dB."""
    return 10 * math.log10(power)
