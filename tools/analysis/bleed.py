"""How much of the other stems a stem holds: an estimate, from the moments in which it has nothing of its own to say.

    each stem -> power in bands of a third of an octave or so, frame by frame
    in each band: of all frames in which the others sound, the ratio of the stem's power to theirs; its lowest tenth is the leak
    what all bands leak together, against the stem's own energy

What leaks is there whenever the others are; what is the stem's own comes and goes. So the floor of the ratio is the leak ("minimum
statistics", as noise is estimated under speech). Where a stem never rests in a band, its own sound is taken for leakage: the figure says
"at most". Where the leak comes and goes with the stem (a mask that opens), it is missed. It orders stems of one song by how clean they
are; it is no measurement.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tools.analysis.frames import Frames

SIZE = 4096
HOP = 4096
MOST_FRAMES = 8192  # more are thinned out: a fair half is kept
LEAST_FRAMES = 32  # with sound of the others, for a band to say anything
FLOOR = 0.1  # the share of frames in which a stem is taken to rest
ACTIVE_DB = -50.0  # of the loudest frame of the others in a band: below it they do not sound
CLEAN_DB = -80.0  # better is not told apart
_EDGES = 50.0 * 2 ** (np.arange(26) / 3)  # Hz, 50 to 16127


class BleedMeter:
    """Listens to all stems of a song at once."""

    def __init__(self, sample_rate: int, stems: int, channels: int) -> None:
        self._stems = stems
        self._frames = Frames(stems * channels, SIZE, HOP)
        self._window = np.hanning(SIZE + 1)[:-1].astype(np.float32)
        edges = np.unique(np.clip(np.rint(_EDGES * SIZE / sample_rate).astype(int), 1, SIZE // 2))
        self._edges = edges
        self._power: list[npt.NDArray[np.float32]] = []  # [n, stems, bands]
        self._stride, self._seen, self._kept = 1, 0, 0

    def push(self, blocks: npt.NDArray[np.float32]) -> None:
        """Takes the next blocks of all stems, [stems, C, n]."""
        self._take(self._frames.push(blocks.reshape(-1, blocks.shape[-1])))

    def finish(self) -> list[float | None]:
        """For each stem the energy of what it holds of the others against its own, in dB; None where that cannot be said."""
        self._take(self._frames.finish())
        if self._stems < 2 or not self._power:
            return [None] * self._stems
        power = np.concatenate(self._power).astype(np.float64)
        total = power.sum(axis=1)
        return [self._of(power[:, stem], total - power[:, stem]) for stem in range(self._stems)]

    def _of(self, own: npt.NDArray[np.float64], others: npt.NDArray[np.float64]) -> float | None:
        """Own and others' power, [frames, bands]."""
        energy, leaked, heard = own.sum(), 0.0, False
        if not energy > 0:
            return None
        for band in range(own.shape[1]):
            loud = others[:, band] > others[:, band].max() * 10 ** (ACTIVE_DB / 10)
            if np.count_nonzero(loud) < LEAST_FRAMES:
                continue
            heard = True
            ratio = np.quantile(own[loud, band] / others[loud, band], FLOOR)
            leaked += min(float(ratio) * float(others[:, band].sum()), float(own[:, band].sum()))
        if not heard:
            return None
        return max(10 * math.log10(max(leaked / energy, 1e-12)), CLEAN_DB)

    def _take(self, frames: npt.NDArray[np.float32]) -> None:
        from scipy.fft import rfft  # type: ignore[import-untyped]

        first = -self._seen % self._stride
        self._seen += frames.shape[1]
        frames = frames[:, first :: self._stride]
        if not frames.shape[1]:
            return
        bands = np.zeros((self._stems, frames.shape[1], len(self._edges) - 1), np.float32)
        channels = len(frames) // self._stems
        for number, channel in enumerate(frames):
            spectrum = rfft(channel * self._window, axis=1)
            power = spectrum.real**2 + spectrum.imag**2
            bands[number // channels] += np.add.reduceat(power[:, : self._edges[-1]], self._edges[:-1], axis=1)
        self._power.append(bands.transpose(1, 0, 2))
        self._kept += bands.shape[1]
        if self._kept > MOST_FRAMES:
            kept = np.concatenate(self._power)[::2]
            self._power, self._kept, self._stride = [kept], len(kept), 2 * self._stride
