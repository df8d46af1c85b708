"""Which frequencies of a spectrum belong to which band."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

Bands = tuple[range, ...]
"""The frequencies (indices of bins) of each band. They may overlap."""

BS_WIDTHS = (*[2] * 24, *[4] * 12, *[12] * 8, *[24] * 8, *[48] * 8, 128, 129)
"""The published division of 1025 bins into 62 bands."""

# Slaney's scale (Auditory Toolbox, 1998): linear below 1 kHz, 27 steps to a factor of 6.4 above.
_LINEAR_STEP = 200 / 3  # Hz
_LOG_FROM = 1000.0  # Hz
_LOG_STEP = math.log(6.4) / 27


def neighbours(widths: Sequence[int]) -> Bands:
    """Bands of these widths side by side."""
    starts = [sum(widths[:index]) for index in range(len(widths))]
    return tuple(range(start, start + width) for start, width in zip(starts, widths, strict=True))


def mel_bands(count: int, sample_rate: int, n_fft: int) -> Bands:
    """The frequencies that each filter of a mel bank lets through.

    The first bin is in the first band and the last in the last, where triangles are zero.

    Raises:
        ValueError: a band without a frequency: there are too many for this n_fft.
    """
    bank = mel_bank(count, sample_rate, n_fft)
    bank[0, 0] = bank[-1, -1] = 1
    found = [row.nonzero()[:, 0].tolist() for row in bank > 0]
    if not all(found):
        raise ValueError(f"some of {count} mel bands have no frequency of an FFT over {n_fft} samples at {sample_rate} Hz")
    return tuple(range(band[0], band[-1] + 1) for band in found)


def mel_bank(count: int, sample_rate: int, n_fft: int) -> Tensor:
    """Triangular filters, evenly spaced on Slaney's scale and of equal area: [count, n_fft // 2 + 1].

    Filter b rises from e[b] to e[b + 1] and falls to e[b + 2], for the edges e; its height is 2 / (e[b + 2] - e[b]).
    """
    device = torch.device("cpu")  # even where `torch.device("meta")` is in force: the bank decides the shapes of the network
    bins = torch.arange(n_fft // 2 + 1, dtype=torch.float64, device=device) * (sample_rate / n_fft)
    edges = _to_hz(torch.linspace(0, _to_mel(sample_rate / 2), count + 2, dtype=torch.float64, device=device))
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = torch.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)).clamp_min(0)
    return (triangles * 2 / (high - low)).float()


def _to_mel(hz: float) -> float:
    if hz < _LOG_FROM:
        return hz / _LINEAR_STEP
    return _LOG_FROM / _LINEAR_STEP + math.log(hz / _LOG_FROM) / _LOG_STEP


def _to_hz(mel: Tensor) -> Tensor:
    above = _LOG_FROM * torch.exp(_LOG_STEP * (mel - _LOG_FROM / _LINEAR_STEP))
    return torch.where(mel < _LOG_FROM / _LINEAR_STEP, mel * _LINEAR_STEP, above)
