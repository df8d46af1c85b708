"""Keeps a decoded stream as it began: recordings of radio may change their rate or channels on the way, a song may not."""

from __future__ import annotations

import numpy as np

from inference.audio.resample import Resampler
from inference.types import Samples


class Steady:
    """Brings blocks of any rate and channel count to those of the stream's start."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._rate = sample_rate
        self._channels = channels
        self._source_rate = sample_rate
        self._resampler: Resampler | None = None
        self.changes = 0  # how often the stream changed

    def push(self, block: Samples, sample_rate: int) -> list[Samples]:
        """Takes a block [any, n] at its own rate, gives blocks [channels, m] at the first rate."""
        out: list[Samples] = []
        if sample_rate != self._source_rate:
            self.changes += 1
            out += self.flush()
            self._source_rate = sample_rate
            if sample_rate != self._rate:
                self._resampler = Resampler(self._channels, sample_rate, self._rate)
        block = with_channels(block, self._channels)
        out.append(self._resampler.push(block) if self._resampler else block)
        return out

    def flush(self) -> list[Samples]:
        """What a resampler still holds back."""
        resampler, self._resampler = self._resampler, None
        return [resampler.flush()] if resampler else []


def with_channels(block: Samples, channels: int) -> Samples:
    """The block with another number of channels: one is copied to all, all are averaged to one, else dropped or silent ones."""
    have = block.shape[0]
    if have == channels:
        return block
    if have == 1:
        return np.repeat(block, channels, axis=0)
    if channels == 1:
        mean: Samples = np.mean(block, axis=0, keepdims=True, dtype=np.float32)
        return mean
    return np.pad(block[:channels], ((0, max(0, channels - have)), (0, 0)))


class Tail:
    """Cuts the padding that an encoder put behind the sound, where the header tells the true length.

    It only believes the header when the stream ends near there: one that goes on for more than SLACK samples is kept whole.
    """

    SLACK = 8192  # samples: encoders pad by less than four packets of 2048

    def __init__(self, length: int | None) -> None:
        self._left = length  # samples until the header's end of the sound; None for no limit
        self._held: list[Samples] = []  # what came after it
        self._held_frames = 0

    def push(self, block: Samples) -> list[Samples]:
        """Takes a block [C, n], gives what certainly belongs to the sound."""
        if self._left is None:
            return [block]
        if block.shape[1] <= self._left:
            self._left -= block.shape[1]
            return [block]
        inside, beyond = block[:, : self._left], block[:, self._left :]
        self._left = 0
        self._held.append(beyond)
        self._held_frames += beyond.shape[1]
        if self._held_frames > self.SLACK:
            held, self._held, self._left = self._held, [], None
            return [inside, *held]
        return [inside]
