"""The tempo of a piece in beats per minute.

    mono at 22050 Hz -> frames of 46 ms, every 5.8 ms -> level in bands, in dB -> what gets louder, summed: the onsets
    autocorrelation of the onsets -> for each tempo, the mean at its beat and the multiples of that, weighed by how usual the tempo is

The multiples make the answer finer than a frame: 16 beats on, an error of a hundredth of a beat is a sixth of one. Which of a tempo, its
half and its double people tap is a matter of taste; the second best of them is said too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.types import Samples
from tools.analysis.frames import Frames

RATE = 22050  # samples per second that the meter is given
SIZE, HOP = 1024, 128
BANDS = 24
ATTACK = 4  # frames: in that time a level is compared with itself
SLOWEST, FASTEST = 40.0, 240.0  # beats per minute
USUAL, OCTAVES = 120.0, 0.9  # the middle and the width of what is usual
LEAST_SECONDS = 4.0
_MULTIPLES = 16
_MAX_FRAMES = 1 << 19  # 50 minutes: a longer piece is judged by its beginning
_CLEAR = 0.08  # an autocorrelation below it is chance


@dataclass(frozen=True)
class Tempo:
    """What was found, in beats per minute; None where there is no beat."""

    tempo: float | None
    alternative: float | None  # the half, the double or the like, whichever is the next best


class TempoMeter:
    """Listens to a mono stream at RATE. Keeps 4 bytes for every HOP samples."""

    def __init__(self) -> None:
        self._frames = Frames(1, SIZE, HOP)
        self._window = np.hanning(SIZE + 1)[:-1].astype(np.float32)
        edges = np.geomspace(40, 10_000, BANDS + 1) * SIZE / RATE
        self._edges = np.unique(np.maximum(np.rint(edges).astype(int), 1))
        self._onsets: list[npt.NDArray[np.float32]] = []
        self._before: npt.NDArray[np.float32] | None = None  # level of the last frames
        self._count = 0

    def push(self, block: Samples) -> None:
        """Takes the next block [1, n]."""
        self._take(self._frames.push(block)[0])

    def finish(self) -> Tempo:
        """The tempo. Nothing can be pushed after it."""
        self._take(self._frames.finish()[0])
        onsets = np.concatenate(self._onsets).astype(np.float64) if self._onsets else np.zeros(0)
        if len(onsets) < LEAST_SECONDS * RATE / HOP or not onsets.any():
            return Tempo(None, None)
        return _tempo(_autocorrelation(_flat(onsets)))

    def _take(self, frames: npt.NDArray[np.float32]) -> None:
        from scipy.fft import rfft  # type: ignore[import-untyped]

        if self._count >= _MAX_FRAMES or not len(frames):
            return
        spectrum = rfft(frames * self._window, axis=1)
        power = np.add.reduceat(spectrum.real**2 + spectrum.imag**2, self._edges, axis=1)[:, :-1]
        level = 10 * np.log10(power + 1e-3).astype(np.float32)
        before = np.repeat(level[:1], ATTACK, axis=0) if self._before is None else self._before
        longer = np.concatenate([before, level])
        rises = np.maximum(longer[ATTACK:] - longer[:-ATTACK], 0).sum(axis=1)
        self._before = longer[-ATTACK:]
        self._onsets.append(rises)
        self._count += len(rises)


def _flat(onsets: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each against the mean of the half second around it, and a little broader: nobody plays to the millisecond."""
    around = round(0.5 * RATE / HOP)
    steady = np.convolve(onsets, np.full(around, 1 / around), "same")
    sharp = np.maximum(onsets - steady, 0)
    soft = np.convolve(sharp, np.hanning(9) / np.hanning(9).sum(), "same")
    flat: npt.NDArray[np.float64] = soft - soft.mean()
    return flat


def _autocorrelation(onsets: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Up to the longest lag that is asked for, 1 at none; each lag by the mean of as many products as it has."""
    size = 1 << (2 * len(onsets) - 1).bit_length()
    power = np.abs(np.fft.rfft(onsets, size)) ** 2
    longest = min(int(_MULTIPLES * 60 / SLOWEST * RATE / HOP) + 2, len(onsets) // 2)
    products = np.fft.irfft(power, size)[:longest] / (len(onsets) - np.arange(longest))
    found: npt.NDArray[np.float64] = products / max(products[0], 1e-12)
    return found


def _tempo(likeness: npt.NDArray[np.float64]) -> Tempo:
    tempi = np.exp(np.arange(np.log(SLOWEST), np.log(FASTEST), 0.002))
    few = np.array([_strength(likeness, tempo, 4) for tempo in tempi])
    usual = np.exp(-0.5 * (np.log2(tempi / USUAL) / OCTAVES) ** 2)
    best = tempi[int(np.argmax(few * usual))]
    if few[int(np.argmax(few * usual))] < _CLEAR:
        return Tempo(None, None)
    others = [best * factor for factor in (0.5, 2.0, 2 / 3, 1.5) if SLOWEST <= best * factor <= FASTEST]
    worth = [_strength(likeness, other, 4) * np.exp(-0.5 * (np.log2(other / USUAL) / OCTAVES) ** 2) for other in others]
    return Tempo(_refined(likeness, best), _refined(likeness, others[int(np.argmax(worth))]) if others else None)


def _refined(likeness: npt.NDArray[np.float64], about: float) -> float:
    """The tempo near `about` that fits best, looked for with more and more multiples."""
    best = about
    for multiples, reach in ((4, 0.01), (8, 0.005), (_MULTIPLES, 0.0025)):
        near = best * np.exp(np.linspace(-reach, reach, 41))
        best = float(near[int(np.argmax([_strength(likeness, tempo, multiples) for tempo in near]))])
    return best


def _strength(likeness: npt.NDArray[np.float64], tempo: float, multiples: int) -> float:
    """The mean autocorrelation at a beat of this tempo and its multiples, as far as there are any."""
    lags = np.arange(1, multiples + 1) * 60 / tempo * RATE / HOP
    lags = lags[lags < len(likeness) - 1]
    if not lags.size:
        return 0.0
    return float(np.interp(lags, np.arange(len(likeness)), likeness).mean())
