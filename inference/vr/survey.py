"""What a vocal remover must know of a song before it starts: its loudest bin, and how it begins."""

from __future__ import annotations

import torch
from torch import Tensor

from inference.vr.bands import Bands

FRAMES = 256  # transformed at once
HEAD = 4096  # samples that tell the song's beginning from silence that is followed by sound


class Loudest:
    """Hears the song once and keeps the largest magnitude of its combined spectrogram, by which networks want it scaled.

    Args:
        bands: the layout; on the CPU.
    """

    def __init__(self, bands: Bands) -> None:
        self.peak = 0.0
        self.heads = torch.zeros(0, 2, 0)  # [groups, 2, HEAD]: the song's first samples
        self._bands = bands
        self._margin = bands.margin * bands.layout.hop
        self._waiting: list[Tensor] = []  # blocks [groups, 2, n]
        self._count = 0  # samples in them
        self._begun = False

    @torch.inference_mode()
    def hear(self, block: Tensor) -> None:
        """The next samples, [groups, 2, n]."""
        block = block.cpu()
        if not self._waiting:
            self.heads = block[..., :0]
            self._add(block.new_zeros(*block.shape[:2], self._margin))
        if self.heads.shape[-1] < HEAD:
            self.heads = torch.cat([self.heads, block[..., : HEAD - self.heads.shape[-1]]], -1)
        self._add(block)
        step = FRAMES * self._bands.layout.hop
        if self._count < step + 2 * self._margin:
            return
        song = torch.cat(self._waiting, -1)
        while song.shape[-1] >= step + 2 * self._margin:
            self._measure(song[..., : step + 2 * self._margin], FRAMES)
            song = song[..., step:]
        self._waiting, self._count = [song.clone()], song.shape[-1]

    @torch.inference_mode()
    def finish(self) -> None:
        """That was all."""
        if not self._waiting:
            return
        song = torch.cat(self._waiting, -1)
        frames = (song.shape[-1] - self._margin) // self._bands.layout.hop + 1
        self._measure(torch.nn.functional.pad(song, (0, self._margin)), max(frames, 1))
        self._waiting = []

    def _add(self, block: Tensor) -> None:
        self._waiting.append(block)
        self._count += block.shape[-1]

    def _measure(self, song: Tensor, frames: int) -> None:
        begins = [not self._begun] * len(song)
        self._begun = True
        combined = self._bands.combined(self._bands.waves(song, begins, self._bands.margin), self._bands.margin, frames)
        self.peak = max(self.peak, float(combined.abs().amax()))
