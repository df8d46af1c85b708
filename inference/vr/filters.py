"""Gains over bins, as the networks were trained with them: before the network, and where bands meet on the way back."""

from __future__ import annotations

import torch
from torch import Tensor

from inference.vr.layouts import Band, Layout, Ramp

MIXTURES: dict[str | None, tuple[tuple[float, float], tuple[float, float]]] = {
    None: ((1, 0), (0, 1)),
    "mid_side": ((0.5, 0.5), (1, -1)),
    "mid_side_b2": ((0.5, 1), (1, -0.5)),
    "mid_side_c": ((1, 0.25), (-0.25, 1)),
    "stereo_n": ((1 / 0.9375, 0.25 / 0.9375), (0.25 / 0.9375, 1 / 0.9375)),
}
"""What a network's two channels are made of: rows of (left, right). Unknown names mean plain stereo."""


def mixture(layout: Layout, band: Band, *, cascaded: bool) -> Tensor | None:
    """The matrix [2, 2] from left and right to this band's channels, None where they stay as they are."""
    name = band.channels if cascaded else layout.channels
    rows = MIXTURES.get(name)
    return None if name is None or rows is None else torch.tensor(rows)


def prefilter(layout: Layout, *, cascaded: bool) -> Tensor:
    """The low-pass over the combined spectrogram, [bins + 1]."""
    start, stop = layout.prefilter
    gains = torch.ones(layout.bins + 1, dtype=torch.float64)
    if start <= 0:
        return gains.float()
    if cascaded or len(layout.bands) == 1:
        return _falling(gains, (start, stop), cascaded=cascaded).float()
    gain = 1.0
    for index in range(start + 1, stop):
        gain = 10 ** (-(index - start) * (3.5 - gain) / 20)
        gains[index] = gain
    return gains.float()


def crossover(band: Band, *, cascaded: bool) -> Tensor:
    """The band's gains on the way back, [n_fft / 2 + 1]."""
    gains = torch.ones(band.n_fft // 2 + 1, dtype=torch.float64)
    if band.highpass is not None:
        gains = _rising(gains, band.highpass, cascaded=cascaded)
    if band.lowpass is not None:
        gains = _falling(gains, band.lowpass, cascaded=cascaded)
    return gains.float()


def _falling(gains: Tensor, ramp: Ramp, *, cascaded: bool) -> Tensor:
    """`gains` times a straight line from 1 to 0. Version 5.1 starts one bin lower, as published."""
    start, stop = ramp
    line = torch.linspace(1, 0, max(stop - start, 0) + 1, dtype=torch.float64)
    shape = torch.zeros_like(gains)
    first = start - 1 if cascaded else start
    shape[:first] = 1
    if cascaded:
        shape[first : first + len(line)] = line[: len(gains) - first]
    else:
        shape[start:stop] = line[1 : 1 + max(len(gains[start:stop]), 0)]
        shape[stop:] = 0  # also where the ramp is said to stop before it starts
    return gains * shape


def _rising(gains: Tensor, ramp: Ramp, *, cascaded: bool) -> Tensor:
    """`gains` times a straight line from 0 above bin `stop` to 1 at `start`. Version 5.1 ends one bin higher, as published."""
    start, stop = ramp
    line = torch.linspace(0, 1, start - stop + 1, dtype=torch.float64)
    shape = torch.ones_like(gains)
    if cascaded:
        shape[: stop + 1] = 0
        shape[stop + 1 : start + 2] = line
    else:
        shape[: stop + 1] = 0
        shape[stop + 1 : start + 1] = line[:-1]
    return gains * shape
