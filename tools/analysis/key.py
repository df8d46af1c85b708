"""The key of a piece: which of 24 profiles of major and minor keys its notes are most like.

    mono at 22050 Hz -> frames of 0.37 s -> peaks of the spectrum from 60 to 2000 Hz, interpolated -> a histogram of pitch, the octave in
    240 parts tuning: by how much the peaks lie beside the notes of A = 440 Hz, as a circular mean -> twelve notes around it each key:
    correlation of those with what listeners (Krumhansl) and pieces (Temperley) say belongs to it, the mean of both

Each frame counts alike, however loud, and within one a peak by the root of its level: what is played long matters, not what is loud.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.types import Samples
from tools.analysis.frames import Frames

RATE = 22050  # samples per second that the meter is given
SIZE, HOP = 8192, 4096
LOWEST, HIGHEST = 60.0, 2000.0  # Hz
PARTS = 20  # of a semitone
NOTES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_DEPTH_DB = 40.0  # below the frame's highest peak, others are not notes
_QUIET = 1e-4  # a frame whose largest sample is below it is silence

# Krumhansl and Kessler (1982); Temperley (1999).
_MAJOR = (
    (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0),
)
_MINOR = (
    (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0),
)


@dataclass(frozen=True)
class Key:
    """What was found."""

    key: str | None  # "C", "F#", "Bb" ...; None where no note was heard
    scale: str | None  # "major" or "minor"
    camelot: str | None  # its place on the wheel of DJs: "8B" is C major
    confidence: float  # 0 .. 1: how far it is ahead of the next key
    tuning_cents: float | None  # against A = 440 Hz, -50 .. 50


class KeyMeter:
    """Listens to a mono stream at RATE."""

    def __init__(self) -> None:
        self._frames = Frames(1, SIZE, HOP)
        self._window = np.hanning(SIZE + 1)[:-1].astype(np.float32)
        self._pitch = np.zeros(12 * PARTS)  # the octave from C on

    def push(self, block: Samples) -> None:
        """Takes the next block [1, n]."""
        self._take(self._frames.push(block)[0])

    def finish(self) -> Key:
        """The key. Nothing can be pushed after it."""
        self._take(self._frames.finish()[0])
        if not self._pitch.any():
            return Key(None, None, None, 0.0, None)
        tuning = self._tuning()
        likeness = _likeness(self._chroma(tuning))
        best = int(np.argmax(likeness))
        rest = np.delete(likeness, best)
        tonic, minor = best % 12, best >= 12
        confidence = float(np.clip((likeness[best] - rest.max()) / 0.15, 0, 1) * np.clip(likeness[best] / 0.6, 0, 1))
        return Key(NOTES[tonic], "minor" if minor else "major", camelot(tonic, minor=minor), confidence, 100 * tuning)

    def _take(self, frames: npt.NDArray[np.float32]) -> None:
        from scipy.fft import rfft  # type: ignore[import-untyped]

        frames = frames[np.abs(frames).max(axis=1, initial=0) > _QUIET]
        for frame in np.abs(rfft(frames * self._window, axis=1)):
            pitch, weight = _peaks(frame)
            if weight.size:
                place = np.rint((pitch % 12) * PARTS).astype(int) % (12 * PARTS)
                self._pitch += np.bincount(place, weight / weight.sum(), 12 * PARTS)

    def _tuning(self) -> float:
        """In semitones, -0.5 .. 0.5."""
        angles = np.exp(2j * np.pi * np.arange(12 * PARTS) / PARTS)
        return float(np.angle((self._pitch * angles).sum()) / (2 * np.pi))

    def _chroma(self, tuning: float) -> npt.NDArray[np.float64]:
        notes = np.rint(np.arange(12 * PARTS) / PARTS - tuning).astype(int) % 12
        chroma: npt.NDArray[np.float64] = np.bincount(notes, self._pitch, 12).astype(np.float64)
        return chroma


def _peaks(spectrum: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The peaks of a magnitude spectrum: their pitches in semitones above a C, and how much each counts."""
    low, high = int(LOWEST * SIZE / RATE), int(HIGHEST * SIZE / RATE)
    part = np.log(np.maximum(spectrum[low - 1 : high + 2], 1e-9).astype(np.float64))
    left, middle, right = part[:-2], part[1:-1], part[2:]
    found = np.flatnonzero((middle > left) & (middle >= right) & (middle > middle.max() - _DEPTH_DB / 20 * np.log(10)))
    left, middle, right = left[found], middle[found], right[found]
    bins = low + found + 0.5 * (left - right) / np.minimum(left - 2 * middle + right, -1e-9)  # the top of a parabola
    pitch = 12 * np.log2(bins * RATE / SIZE / 440.0) + 9 + 60
    return pitch, np.exp(0.5 * (middle - middle.max(initial=0.0)))


def _likeness(chroma: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The correlation with each key, [24]: the major keys from C on, then the minor ones."""
    found = []
    for profiles in (_MAJOR, _MINOR):
        for tonic in range(12):
            turned = np.roll(chroma, -tonic)
            found.append(np.mean([np.corrcoef(turned, profile)[0, 1] if turned.std() > 0 else 0.0 for profile in profiles]))
    return np.array(found)


def camelot(tonic: int, *, minor: bool) -> str:
    """The place of a key on the wheel: a step is a fifth, a minor key has its relative major key's number."""
    major = tonic + 3 if minor else tonic
    return f"{(7 * major + 7) % 12 + 1}{'A' if minor else 'B'}"
