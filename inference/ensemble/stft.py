r"""There and back between samples and spectra, streaming, and exactly.

A song is cut into segments of HOP samples. Frame k is the two segments around its start, seen through a Hann window:

    segments     |  -1  |   0  |   1  |   2  |  ...        -1 and what follows the last one are silence
    frame 0      [ silence, 0  ]
    frame 1             [   0  ,   1  ]
    frame 2                    [   1  ,   2  ]

So each segment is in two frames, also the first and the last of a song of any length, and what comes back is

    y(t) = sum_k w(t - k) y_k(t) / sum_k w^2(t - k)

whose denominator is nowhere below one half: a spectrum that was not changed gives the very same samples, to the rounding of
float64. The frames are those of the field (centred, n_fft 2048, hop 1024, periodic Hann), with one more at the end where the field
leaves the last samples to the foot of a single window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.ensemble.ahead import in_order
from inference.ensemble.kinds import Blend, Weights
from inference.types import Samples

N_FFT = 2048
HOP = N_FFT // 2
BINS = N_FFT // 2 + 1

_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).reshape(2, HOP)  # rise, fall
_BACK = _WINDOW / np.sum(_WINDOW**2, axis=0)

Floats = npt.NDArray[np.float64]


def through_spectra(blocks: Iterable[npt.NDArray[Any]], blend: Blend, weights: Weights, *, threads: int | None = None) -> Iterator[Samples]:
    """Blend the members' spectra.

    Args:
        blocks: [N, C, n] float32 or float64, n above zero; all but the last one with n a multiple of HOP.
        blend: of spectra, [N, C, F, K] -> [C, F, K]; F is any number of frames. It may run in several threads at once.
        weights: given to it.
        threads: that work at once, None for what the machine has. It does not change the result by a bit.

    Yields:
        float32 [C, n], none empty, together as long as the blocks; some blocks later than them.
    """
    cut = _Segments(blocks)
    waiting: Floats | None = None  # the half of a segment whose second frame comes with the next block
    given = 0
    for frames in in_order(partial(_blended, blend, weights), cut, threads=threads):
        whole = frames[:, :, 0].copy()
        whole[:, 1:] += frames[:, :-1, 1]
        if waiting is None:
            whole = whole[:, 1:]  # the silence before the song
        else:
            whole[:, 0] += waiting
        waiting = frames[:, -1, 1].copy()
        out = whole.reshape(len(whole), -1)[:, : cut.samples - given].astype(np.float32)
        given += out.shape[1]
        if out.shape[1]:
            yield out


class _Segments:
    """Cuts blocks into segments, [N, C, 1 + S, HOP]: each time S new ones after the one before them; at the end one of silence."""

    def __init__(self, blocks: Iterable[npt.NDArray[Any]]) -> None:
        self._blocks = blocks
        self.samples = 0  # of the song, so far

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        last: npt.NDArray[Any] | None = None
        for block in self._blocks:
            if self.samples % HOP:
                raise ValueError(f"a block that is not the last one and no multiple of {HOP} samples")
            count = -(-block.shape[-1] // HOP)
            segments = np.empty((*block.shape[:-1], (1 + count) * HOP), block.dtype)
            segments[..., :HOP] = 0 if last is None else last
            segments[..., HOP : HOP + block.shape[-1]] = block
            segments[..., HOP + block.shape[-1] :] = 0
            last = segments[..., -HOP:]
            self.samples += block.shape[-1]
            yield segments.reshape(*block.shape[:-1], 1 + count, HOP)
        if last is not None:
            yield np.stack([last, np.zeros_like(last)], axis=2)


def _blended(blend: Blend, weights: Weights, segments: npt.NDArray[Any]) -> Floats:
    """[N, C, 1 + S, HOP] -> the frames of the result, [C, S, 2, HOP], ready to be added where they overlap."""
    frames = np.empty((*segments.shape[:2], segments.shape[2] - 1, 2, HOP))
    frames[..., 0, :] = segments[:, :, :-1]
    frames[..., 1, :] = segments[:, :, 1:]
    frames *= _WINDOW
    spectra = np.fft.rfft(frames.reshape(*frames.shape[:-2], N_FFT))
    found: Floats = np.fft.irfft(blend(spectra, weights), N_FFT).reshape(*frames.shape[1:])
    found *= _BACK
    return found
