"""Bands of the Bandit networks: how the bins of a spectrum are shared out, and how overlapping bands are joined again.

Watcharasupat et al., "A Generalized Bandsplit Neural Network for Cinematic Audio Source Separation", 2023, section III.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.errors import UnknownModel

FloatArray = NDArray[np.float64]

VOX7 = ((1000, 100), (4000, 250), (8000, 500), (16000, 1000), (20000, 2000))
"""Version 7 of Luo and Yu, "Music Source Separation with Band-split RNN": up to (Hz), in bands of (Hz); one band for the rest."""

SUPPORTED = ("musical", "mel", "vox7")


@dataclass(frozen=True)
class Bands:
    """Which bins each band sees.

    Bands may overlap: what several of them say about a bin is then averaged, by their weights there.
    """

    edges: tuple[tuple[int, int], ...]  # first bin, bin behind the last one
    weights: tuple[Tensor, ...] | None  # [last - first] for each band; None where bands do not overlap

    @property
    def widths(self) -> tuple[int, ...]:
        """Bins of each band."""
        return tuple(end - start for start, end in self.edges)


def bands_of(kind: str, *, n_fft: int, sample_rate: int, n_bands: int | None) -> Bands:
    """The bands of a config.

    Args:
        kind: its `band_specs` or `band_type`, as "musical", "dnr:mel" or "musdb:vox7".
        n_fft: of the STFT.
        sample_rate: in Hz.
        n_bands: how many, where the kind leaves that open.

    Raises:
        UnknownModel: a kind that is not known here.
    """
    bins = n_fft // 2 + 1
    name = kind.split(":")[-1].lower()
    if name in ("vox7", "vocals", "vocal", "speech"):
        return _vox7(bins, n_fft, sample_rate)
    if name in ("musical", "mel"):
        if not n_bands:
            raise UnknownModel(f"bands of the kind {kind!r} without a number of bands", hint="The config has no n_bands.")
        banks = {"musical": _musical, "mel": _mel}[name](n_bands, bins, sample_rate)
        return _overlapping(banks)
    raise UnknownModel(f"bands of the kind {kind!r} are not supported yet", hint=f"Supported are: {', '.join(SUPPORTED)}.", bands=kind)


def _overlapping(banks: FloatArray) -> Bands:
    """Bands from their weights [bands, bins], which are normalised to add up to one at every bin. Empty ones are left out."""
    shares = banks / np.maximum(banks.sum(0), 1e-30)
    edges, weights = [], []
    for bank, share in zip(banks, shares, strict=True):
        (active,) = np.nonzero(bank)
        if not len(active):
            continue
        start, end = int(active[0]), int(active[-1]) + 1
        edges.append((start, end))
        # From numpy: a real tensor also while a network is built on the meta device.
        weights.append(torch.from_numpy(share[start:end].astype(np.float32)))
    return Bands(tuple(edges), tuple(weights))


def _musical(n_bands: int, bins: int, sample_rate: int) -> FloatArray:
    """Bands of the same width in semitones, whose centres go from the first bin to the last; each reaches to its neighbours' centres.

    Weights are one inside a band; the outermost bands go on to the ends of the spectrum.
    """
    spacing = sample_rate / (2 * (bins - 1))  # Hz between bins
    top = sample_rate / 2
    half_width = (top / spacing) ** (1 / n_bands)  # centre / lower edge
    notes = np.linspace(max(0.0, _note(spacing)), _note(top), n_bands)
    centres = 440 * 2 ** ((notes - 69) / 12)
    lower = np.floor(centres / half_width / spacing).astype(int)
    upper = np.ceil(centres * half_width / spacing).astype(int)
    banks = np.zeros((n_bands, bins))
    for bank, first, last in zip(banks, lower, upper, strict=True):
        bank[first : last + 1] = 1
    banks[0, : lower[0]] = 1
    banks[-1, upper[-1] + 1 :] = 1
    return banks


def _note(frequency: float) -> float:
    """Hz as MIDI's number of the note: 69 is 440 Hz."""
    return float(12 * (np.log2(frequency) - np.log2(440.0)) + 69)


def _mel(n_bands: int, bins: int, sample_rate: int) -> FloatArray:
    """Triangles of height one between points that are equally far apart on the (HTK) mel scale.

    In float32: at the ends, rounding decides whether a bin belongs to a band.
    """
    with torch.device("cpu"):
        frequencies = torch.linspace(0, sample_rate // 2, bins)
        highest = 2595.0 * float(np.log10(1.0 + sample_rate / 2 / 700.0))
        points = 700.0 * (10.0 ** (torch.linspace(0.0, highest, n_bands + 2) / 2595.0) - 1.0)
        distance = points[None] - frequencies[:, None]  # [bins, bands + 2]
        gaps = points[1:] - points[:-1]
        rising, falling = -distance[:, :-2] / gaps[:-1], distance[:, 2:] / gaps[1:]
        banks: FloatArray = torch.minimum(rising, falling).clamp_min(0).T.double().numpy()
    banks[0, 0] = 1  # the triangles leave out 0 Hz
    return banks


def _vox7(bins: int, n_fft: int, sample_rate: int) -> Bands:
    """Bands side by side."""
    edges: list[tuple[int, int]] = []
    start = 0
    for top, width in VOX7:
        end = round(top * n_fft / sample_rate)
        while start < end:
            after = min(int(start + width * n_fft / sample_rate), end)
            edges.append((start, after))
            start = after
    return Bands((*edges, (start, bins)), None)
