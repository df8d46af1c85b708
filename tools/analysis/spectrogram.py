"""A sound as a picture: time to the right, pitch upwards in octaves, level as brightness.

    blocks -> frames of 4096 samples -> power -> rows, evenly spaced in octaves -> columns -> colours -> PNG

How many frames there will be need not be known: when the columns are too many, each two become one, and so on; at the end they are fitted
to the width. So memory does not grow with the song.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from inference.types import Samples
from tools.analysis.frames import Frames
from tools.analysis.png import png

LOWEST, HIGHEST = 40.0, 20_000.0  # Hz
LOUDEST_DB, QUIETEST_DB = 0.0, -96.0  # of a sine of full scale: the brightest and the darkest colour
SIZE, SHORTEST_HOP = 4096, 256
MAX_WIDTH, MAX_HEIGHT = 4096, 1024

# Black over violet and orange to a pale yellow: levels can be told apart by their brightness alone.
_STOPS = (
    (0, 0, 4),
    (28, 16, 68),
    (79, 18, 123),
    (129, 37, 129),
    (181, 54, 122),
    (229, 80, 100),
    (251, 135, 97),
    (254, 194, 135),
    (252, 253, 191),
)


class Spectrogram:
    """Draws a stream.

    Args:
        sample_rate: of the stream.
        channels: of the stream; the picture has the mean of their power.
        width: of the picture at most, in pixels; a short sound has as many as it has frames.
        height: of the picture, in pixels.
        frames: samples of the stream, as far as that is known: a short one is looked at more often, up to once for each pixel.
    """

    def __init__(self, sample_rate: int, channels: int, *, width: int = MAX_WIDTH, height: int = 256, frames: int | None = None) -> None:
        self._width = min(max(width, 1), MAX_WIDTH)
        hop = SIZE // 2 if frames is None else min(max(frames // self._width, SHORTEST_HOP), SIZE // 2)
        self._frames = Frames(channels, SIZE, hop)
        self._window = np.hanning(SIZE + 1)[:-1].astype(np.float32)
        self._rows = _rows(sample_rate, min(max(height, 1), MAX_HEIGHT))
        self._columns: list[npt.NDArray[np.float32]] = []  # [n, height], each column the mean power of `_stride` frames
        self._count = 0  # of columns
        self._stride = 1
        self._rest: npt.NDArray[np.float32] | None = None  # frames that make no whole column yet, [n, height]

    def push(self, block: Samples) -> None:
        """Takes the next block [C, n]."""
        self._take(self._frames.push(block))

    def finish(self) -> bytes:
        """The picture as a PNG. Nothing can be pushed after it."""
        self._take(self._frames.finish())
        if self._rest is not None and len(self._rest):
            self._columns.append(self._rest.mean(axis=0, keepdims=True))
        power = np.concatenate(self._columns) if self._columns else np.zeros((1, self._rows.shape[0]), np.float32)
        width = min(self._width, len(power))
        starts = np.arange(width) * len(power) // width
        counts = np.diff(np.append(starts, len(power)))
        fitted = np.add.reduceat(power, starts, axis=0) / counts[:, None]
        level = (10 * np.log10(np.maximum(fitted, 1e-12)) - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB)
        pixels = np.clip(np.rint(255 * level), 0, 255).astype(np.uint8)
        return png(np.ascontiguousarray(pixels.T[::-1]), palette())

    def _take(self, frames: npt.NDArray[np.float32]) -> None:
        """Frames [C, n, SIZE]."""
        from scipy.fft import rfft  # type: ignore[import-untyped]

        if not frames.shape[1]:
            return
        total = np.zeros((frames.shape[1], SIZE // 2 + 1), np.float32)
        for channel in frames:
            spectrum = rfft(channel * self._window, axis=1)
            total += spectrum.real**2 + spectrum.imag**2
        power = total @ self._rows.T / len(frames)
        self._rest = power if self._rest is None else np.concatenate([self._rest, power])
        whole = len(self._rest) // self._stride
        if whole:
            used = self._rest[: whole * self._stride].reshape(whole, self._stride, -1).mean(axis=1)
            self._columns.append(used)
            self._count += whole
            self._rest = self._rest[whole * self._stride :]
        while self._count >= 4 * self._width:
            self._halve()

    def _halve(self) -> None:
        """Make one column of each two; an odd one at the end goes back to the frames."""
        columns = np.concatenate(self._columns)
        even = len(columns) // 2 * 2
        if len(columns) > even:
            left = np.repeat(columns[even:], self._stride, axis=0)
            self._rest = left if self._rest is None else np.concatenate([left, self._rest])
        self._columns = [columns[:even].reshape(even // 2, 2, -1).mean(axis=1)]
        self._count, self._stride = even // 2, 2 * self._stride


@lru_cache(maxsize=4)
def _rows(sample_rate: int, height: int) -> npt.NDArray[np.float32]:
    """How much each bin's power counts in each row, [height, bins], the lowest pitch first. A sine of full scale gives 1.

    A row that is narrower than a bin takes its value between two bins, a wider one the mean of those that lie in it.
    """
    edges = LOWEST * (HIGHEST / LOWEST) ** (np.arange(height + 1) / height) * SIZE / sample_rate
    bins = np.arange(SIZE // 2 + 1)
    rows = np.zeros((height, len(bins)), np.float64)
    for row, (low, high) in enumerate(pairwise(edges)):
        if low >= len(bins) - 1:
            continue  # above what this rate can hold
        reach = max((high - low) / 2, 1.0)
        rows[row] = np.maximum(1 - np.abs(bins - (low + high) / 2) / reach, 0)
        rows[row] /= rows[row].sum() or 1
    scale = (SIZE / 4) ** 2  # of a sine of full scale through this window
    return (rows / scale).astype(np.float32)


@lru_cache(maxsize=1)
def palette() -> npt.NDArray[np.uint8]:
    """The colours, [256, 3], the darkest first."""
    places = np.linspace(0, 255, len(_STOPS))
    channels = [np.interp(np.arange(256), places, [stop[channel] for stop in _STOPS]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)
