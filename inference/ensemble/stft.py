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
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.ensemble.kinds import Blend, Weights
from inference.types import Samples

N_FFT = 2048
HOP = N_FFT // 2
BINS = N_FFT // 2 + 1

_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).reshape(2, HOP)  # rise, fall
_BACK = _WINDOW / np.sum(_WINDOW**2, axis=0)

Floats = npt.NDArray[np.float64]


def through_spectra(blocks: Iterable[npt.NDArray[Any]], blend: Blend, weights: Weights) -> Iterator[Samples]:
    """Blend the members' spectra.

    Args:
        blocks: [N, C, n] float32 or float64, n above zero; all but the last one with n a multiple of HOP.
        blend: of spectra, [N, C, F, K] -> [C, F, K]; F is any number of frames.
        weights: given to it.

    Yields:
        float32 [C, n], together as long as the blocks, one segment later than them.
    """
    frames: _Frames | None = None
    taken = 0
    for block in blocks:
        if taken % HOP:
            raise ValueError(f"a block that is not the last one and no multiple of {HOP} samples")
        frames = frames or _Frames(block.shape[0], block.shape[1], blend, weights)
        out = frames.push(block)
        if not taken:
            out = out[:, HOP:]  # the silence before the song
        taken += block.shape[-1]
        if out.shape[-1]:
            yield out
    if frames is not None:
        yield frames.push(np.zeros((*frames.shape, HOP), np.float32))[:, : (taken - 1) % HOP + 1]


class _Frames:
    """What is carried from block to block: the members' last segment, and the half of a segment that waits for its second frame."""

    def __init__(self, members: int, channels: int, blend: Blend, weights: Weights) -> None:
        self.shape = (members, channels)
        self._blend = blend
        self._weights = weights
        self._last: npt.NDArray[Any] = np.zeros((*self.shape, 1, HOP), np.float32)
        self._waiting: Floats = np.zeros((channels, 1, HOP))

    def push(self, block: npt.NDArray[Any]) -> Samples:
        """The next segments [N, C, n], the last one filled up -> as many finished ones [C, m], of which the first is the one before."""
        segments = _segments(block)
        spectra = np.fft.rfft(self._windowed(segments))
        found = np.fft.irfft(self._blend(spectra, self._weights), N_FFT)
        self._last = segments[:, :, -1:].copy()
        return self._added(found.reshape(*found.shape[:-1], 2, HOP))

    def _windowed(self, segments: npt.NDArray[Any]) -> Floats:
        """[N, C, F, HOP] -> frames [N, C, F, N_FFT], of which the first begins with the segment before."""
        frames = np.empty((*segments.shape[:-1], 2, HOP))
        np.multiply(self._last[:, :, 0], _WINDOW[0], out=frames[:, :, 0, 0])
        np.multiply(segments[:, :, :-1], _WINDOW[0], out=frames[:, :, 1:, 0])
        np.multiply(segments, _WINDOW[1], out=frames[..., 1, :])
        return frames.reshape(*segments.shape[:-1], N_FFT)

    def _added(self, frames: Floats) -> Samples:
        """[C, F, 2, HOP] -> [C, F * HOP]: each segment from the two frames that it is in."""
        frames *= _BACK
        whole = frames[:, :, 0].copy()
        whole[:, :1] += self._waiting
        whole[:, 1:] += frames[:, :-1, 1]
        self._waiting = frames[:, -1:, 1].copy()
        return whole.reshape(len(whole), -1).astype(np.float32)


def _segments(block: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """[N, C, n] -> [N, C, S, HOP], the last one filled up with silence."""
    surplus = -block.shape[-1] % HOP
    if surplus:
        block = np.pad(block, ((0, 0), (0, 0), (0, surplus)))
    return block.reshape(*block.shape[:-1], -1, HOP)
