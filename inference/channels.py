"""Songs of any number of channels through a network that takes one or two."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class ChannelMap:
    """Which channels of a song go through the network together.

        song            network of 2 channels       network of 1 channel
        mono            (0, 0), averaged again      (0)
        stereo          (0, 1)                      (0) (1)
        5 channels      (0, 1) (2, 3) (4, 4)        (0) (1) (2) (3) (4)

    The groups of a chunk are further items of the batch.
    """

    channels: int  # of the song
    width: int  # channels of the network, 1 or 2

    @property
    def groups(self) -> int:
        """How many items of a batch one chunk becomes."""
        return -(-self.channels // self.width)

    @property
    def _odd(self) -> bool:
        return self.groups * self.width > self.channels

    def split(self, song: Tensor) -> Tensor:
        """[B, channels, n] -> [B * groups, width, n]."""
        if self._odd:
            song = torch.cat([song, song[:, -1:]], 1)
        return song.reshape(-1, self.width, song.shape[-1])

    def merge(self, stems: Tensor) -> Tensor:
        """[B * groups, S, width, n] -> [B, S, channels, n]."""
        found = stems.reshape(-1, self.groups, *stems.shape[1:]).transpose(1, 2).flatten(2, 3)
        if self._odd:
            found = torch.cat([found[:, :, :-2], found[:, :, -2:].mean(2, keepdim=True)], 2)
        return found
