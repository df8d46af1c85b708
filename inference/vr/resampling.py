"""Change sample rates inside a chunk, with the filters that the networks were trained with.

    y[m] = s * sum_n x[n] k(s * (m * down / up - n)),   s = min(1, up / down)

with a windowed sinc k. It is linear and, over periods of `down` samples, invariant in time, and its reach is finite: chunks of
a song that start on such a period give exactly what the whole song gives, as far as they know their surroundings.
"""

from __future__ import annotations

from math import gcd
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Kernel(NamedTuple):
    """A sinc under a Kaiser window."""

    reach: float  # of its half, in samples of the lower rate
    cutoff: float  # as a share of half the lower rate
    beta: float  # of the window
    steady: bool = False  # whether it is scaled to leave a constant exactly as it is


KERNELS = {
    "polyphase": Kernel(10, 1.0, 5.0, steady=True),
    "kaiser_fast": Kernel(16, 0.85, 8.555504641634386),
    "kaiser_best": Kernel(64, 0.9475937167399596, 14.769656459379492),
    "sinc_fastest": Kernel(19.25, 0.83147, 10.0963),
    "sinc_medium": Kernel(45.7, 0.91906, 12.2515),
    "sinc_best": Kernel(142.9, 0.966, 15.0),
}
"""By the published names. Polyphase is SciPy's `resample_poly`, the kaisers are resampy's, the sincs are fitted to libsamplerate's
answers, to 110 dB (the best one, by which songs come to 16 and 33 kHz only, by its documented width)."""

UPWARDS = "sinc_fastest"  # whatever a layout says, as published


class Resampler(nn.Module):
    """From one rate to another; with equal rates its filter alone.

    Args:
        source_rate: Hz.
        target_rate: Hz.
        kernel: a name in KERNELS, others mean kaiser_best.
    """

    def __init__(self, source_rate: int, target_rate: int, kernel: str) -> None:
        super().__init__()
        common = gcd(source_rate, target_rate)
        self.up, self.down = target_rate // common, source_rate // common
        self.kernel = KERNELS.get(kernel, KERNELS["kaiser_best"])
        self.scale = min(1.0, self.up / self.down)
        self.reach = int(np.ceil(self.kernel.reach / self.scale))  # samples at the source's rate
        # A block of so many periods shares one matrix: about as many samples go in beside it as it has itself.
        self.block = self.down * max(2 * self.reach // self.down, 1)
        self.matrix: Tensor
        self.register_buffer("matrix", self._matrix(), persistent=False)

    def forward(self, wave: Tensor) -> Tensor:
        """[..., n] -> [..., ceil(n * up / down)], with silence around it."""
        count = wave.shape[-1]
        blocks = -(-count // self.block)
        padded = F.pad(wave, (self.reach, self.reach + blocks * self.block - count))
        found = padded.unfold(-1, self.block + 2 * self.reach, self.block) @ self.matrix
        return found.flatten(-2)[..., : -(-count * self.up // self.down)]

    def _matrix(self) -> Tensor:
        """From a block's samples and `reach` more on both sides to its answer, [block + 2 reach, block up / down]."""
        sources = np.arange(-self.reach, self.block + self.reach)[:, None]
        targets = np.arange(self.block * self.up // self.down)[None] * (self.down / self.up)
        fine = max(self.up, self.down)
        steps = int(self.kernel.reach * fine)
        total = _sinc(np.arange(-steps, steps + 1) / fine, self.kernel).sum() / fine if self.kernel.steady else 1.0
        return torch.from_numpy((self.scale / total * _sinc(self.scale * (targets - sources), self.kernel)).astype(np.float32))


def _sinc(time: np.ndarray, kernel: Kernel) -> np.ndarray:
    """The kernel at times in samples of the lower rate."""
    inside = np.maximum(1 - (time / kernel.reach) ** 2, 0)
    window = np.where(np.abs(time) <= kernel.reach, np.i0(kernel.beta * np.sqrt(inside)) / np.i0(kernel.beta), 0)
    return np.asarray(kernel.cutoff * np.sinc(kernel.cutoff * time) * window)
