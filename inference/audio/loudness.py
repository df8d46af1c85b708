"""How loud a recording is: integrated loudness after ITU-R BS.1770-4, and its true peak. Streaming.

    each channel -> K-weighting (a shelf for the head, a high-pass for the ear) -> energy of every 100 ms
    four of those make a block of 400 ms; blocks below -70 LUFS do not count, nor those 10 LU below the mean of the rest

The filters are the standard's at 48 kHz, derived for any rate from their analogue form (Brecht De Man, "Evaluation of implementations of
the EBU R128 loudness measurement", AES 145, 2018).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from inference.audio.resample import Resampler
from inference.types import Samples

ABSOLUTE_GATE = -70.0  # LUFS
RELATIVE_GATE = -10.0  # LU
_STEPS_PER_SECOND = 10
_STEPS_PER_BLOCK = 4
_WEIGHTS = {6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41), 8: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41, 1.41, 1.41)}  # 5.1 and 7.1; others count alike
_PEAK_RATE = 176_400  # samples per second, at least, at which a true peak is looked for


class LoudnessMeter:
    """Measures a stream. Keeps 8 bytes for each 100 ms of it.

    Args:
        sample_rate: samples per second.
        channels: of the stream; 6 and 8 are taken for 5.1 and 7.1 in the order of WAV.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._rate = sample_rate
        self._weights = np.array(_WEIGHTS.get(channels, (1.0,) * channels))
        self._filter = k_weighting(sample_rate)
        self._state = np.zeros((len(self._filter), channels, 2))
        self._position = 0  # samples so far
        self._open = 0.0  # energy in the step that is not over
        self._steps: list[float] = []  # mean squares of all that are over, weighted and summed over the channels

    def push(self, block: Samples) -> None:
        """Takes the next block [C, n]."""
        from scipy.signal import sosfilt  # type: ignore[import-untyped]

        weighted, self._state = sosfilt(self._filter, block.astype(np.float64), axis=1, zi=self._state)
        energy = self._weights @ np.square(weighted)
        at = 0
        while at < len(energy):
            begin, end = self._bounds(len(self._steps))
            taken = min(len(energy) - at, end - self._position)
            self._open += float(energy[at : at + taken].sum())
            at += taken
            self._position += taken
            if self._position == end:
                self._steps.append(self._open / (end - begin))
                self._open = 0.0

    def integrated(self) -> float:
        """Loudness in LUFS; -inf for what has no block above the absolute gate."""
        steps = np.array(self._steps)
        if not len(steps):
            begin, _ = self._bounds(0)
            steps = np.array([self._open / max(self._position - begin, 1)])
        size = min(_STEPS_PER_BLOCK, len(steps))  # what is shorter than a block is one block
        blocks = np.convolve(steps, np.full(size, 1 / size), "valid")
        loud = blocks[_lufs(blocks) > ABSOLUTE_GATE]
        if not len(loud):
            return -math.inf
        gate = float(_lufs(loud.mean())) + RELATIVE_GATE
        return float(_lufs(loud[_lufs(loud) > gate].mean()))

    def _bounds(self, step: int) -> tuple[int, int]:
        """The samples of a step; steps do not drift where a tenth of a second is no whole number of samples."""
        return step * self._rate // _STEPS_PER_SECOND, (step + 1) * self._rate // _STEPS_PER_SECOND


class TruePeakMeter:
    """The highest absolute value of a stream between its samples too: looked for at four times the rate of 44.1 or 48 kHz."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        factor = max(1, math.ceil(_PEAK_RATE / sample_rate))
        self._resampler = Resampler(channels, sample_rate, factor * sample_rate) if factor > 1 else None
        self._peak = 0.0

    def push(self, block: Samples) -> None:
        """Takes the next block [C, n]."""
        self._look(block)
        if self._resampler is not None:
            self._look(self._resampler.push(block))

    def finish(self) -> float:
        """The peak, 1.0 for full scale. Nothing can be pushed after it."""
        if self._resampler is not None:
            self._look(self._resampler.flush())
        return self._peak

    def _look(self, block: Samples) -> None:
        if block.size:
            self._peak = max(self._peak, float(np.abs(block).max()))


def k_weighting(sample_rate: int) -> npt.NDArray[np.float64]:
    """The two second-order sections of the K-weighting, [2, 6], for scipy.signal.sosfilt."""
    return np.array([_shelf(sample_rate), _high_pass(sample_rate)])


def _shelf(sample_rate: int) -> list[float]:
    """Four dB more above 1.7 kHz: what a head does to the sound."""
    frequency, gain_db, quality = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = math.tan(math.pi * frequency / sample_rate)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    norm = 1 + k / quality + k * k
    return [
        (high + band * k / quality + k * k) / norm,
        2 * (k * k - high) / norm,
        (high - band * k / quality + k * k) / norm,
        1.0,
        2 * (k * k - 1) / norm,
        (1 - k / quality + k * k) / norm,
    ]


def _high_pass(sample_rate: int) -> list[float]:
    """Less below 38 Hz."""
    frequency, quality = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * frequency / sample_rate)
    norm = 1 + k / quality + k * k
    return [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / norm, (1 - k / quality + k * k) / norm]


def _lufs(power: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return -0.691 + 10 * np.log10(np.maximum(np.asarray(power, np.float64), 1e-30))
