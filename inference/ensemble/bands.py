"""Low, middle and high: three gains over pitch that add up to one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inference.ensemble.kinds import Blend, Spectra, Weights
from inference.ensemble.stft import BINS, N_FFT

NAMES = ("low", "mid", "high")
OCTAVES = 1.0  # width of a crossover, half of it on either side


def gains(sample_rate: int, crossovers: tuple[float, float]) -> npt.NDArray[np.float64]:
    """What belongs to each band, [3, K], 0 .. 1, one in sum at each bin.

    Around a crossover c the lower band fades with `cos^2` and the upper one rises with `sin^2`, over an octave of pitch: from
    c / sqrt(2) to c * sqrt(2).
    """
    pitch = np.arange(BINS) * sample_rate / N_FFT
    rises = [_rise(pitch, crossover) for crossover in crossovers]
    return np.stack([1 - rises[0], rises[0] - rises[1], rises[1]])


def _rise(pitch: npt.NDArray[np.float64], crossover: float) -> npt.NDArray[np.float64]:
    octaves = np.log2(np.maximum(pitch, 1e-3) / crossover)
    place = np.clip(octaves / OCTAVES + 0.5, 0, 1)
    rise: npt.NDArray[np.float64] = np.sin(0.5 * np.pi * place) ** 2
    return rise


def joining(of_bands: npt.NDArray[np.float64]) -> Blend:
    """A blend that takes each band of the result from one of three spectra: [3, C, F, K] -> [C, F, K]."""

    def join(spectra: Spectra, _: Weights) -> Spectra:
        total: Spectra = spectra[0] * of_bands[0]
        for spectrum, gain in zip(spectra[1:], of_bands[1:], strict=True):
            total += spectrum * gain
        return total

    return join
