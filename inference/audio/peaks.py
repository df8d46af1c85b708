"""A small envelope of a stem, built while it is written: enough to draw its waveform without reading the file again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inference.types import Samples

FULL_SCALE = 127


class PeakMeter:
    """Collects the lowest and the highest sample, over all channels, of each 1 / peaks_per_second seconds.

    The result takes 2 * peaks_per_second bytes for each second (360 kB an hour at the default), whatever the sample rate.
    Peak i covers the samples from ceil(i * rate / peaks_per_second) up to the next peak's first, so that peaks never drift.
    """

    def __init__(self, sample_rate: int, peaks_per_second: int = 50) -> None:
        self._rate = sample_rate
        self._per_second = peaks_per_second
        self._position = 0  # samples seen
        self._done = bytearray()
        self._open: tuple[float, float] | None = None  # the peak that the next block may still widen

    def push(self, block: Samples) -> None:
        """Takes the next block [C, n] of the sound."""
        length = block.shape[1]
        if not length:
            return
        low, high = block.min(axis=0), block.max(axis=0)
        starts = self._starts(length)
        lows, highs = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
        if self._open is not None and not self._is_start(self._position):
            lows[0], highs[0] = min(lows[0], self._open[0]), max(highs[0], self._open[1])
        elif self._open is not None:
            self._done += _scaled(np.array([self._open])).tobytes()
        self._done += _scaled(np.stack([lows[:-1], highs[:-1]], axis=1)).tobytes()
        self._open = (float(lows[-1]), float(highs[-1]))
        self._position += length

    def finish(self) -> npt.NDArray[np.int8]:
        """The envelope, int8 [peaks, 2]: lowest and highest, full scale at -127 and 127 and never beyond."""
        last = _scaled(np.array([self._open])) if self._open is not None else np.zeros((0, 2), np.int8)
        return np.concatenate([np.frombuffer(bytes(self._done), np.int8).reshape(-1, 2), last])

    def _starts(self, length: int) -> npt.NDArray[np.intp]:
        """Where, within the next `length` samples, peaks begin; the first sample always counts as one."""
        first = self._position * self._per_second // self._rate + 1
        last = (self._position + length - 1) * self._per_second // self._rate
        begins = -(-np.arange(first, last + 1, dtype=np.int64) * self._rate // self._per_second) - self._position
        # With more peaks than samples per second several begin at one sample: they are one peak.
        return np.unique(np.concatenate([[0], begins[begins > 0]])).astype(np.intp)

    def _is_start(self, position: int) -> bool:
        """Whether a peak begins exactly at this sample."""
        return position == 0 or position * self._per_second // self._rate != (position - 1) * self._per_second // self._rate


def _scaled(pairs: npt.NDArray[np.floating]) -> npt.NDArray[np.int8]:
    scaled: npt.NDArray[np.int8] = np.clip(np.rint(pairs * FULL_SCALE), -FULL_SCALE, FULL_SCALE).astype(np.int8)
    return scaled
