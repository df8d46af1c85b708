"""Overlapping frames of a stream, for transforms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inference.types import Samples


class Frames:
    """Cuts a stream of blocks [C, n] into frames of `size` samples, one every `hop`; the first begins `size / 2` before the stream.

    So frame i is centred at sample i * hop. The end is padded with silence until a frame is centred behind it.
    """

    def __init__(self, channels: int, size: int, hop: int) -> None:
        self._size, self._hop = size, hop
        self._held: Samples = np.zeros((channels, size // 2), np.float32)
        self._skip = 0  # samples to come that no frame holds, where the hop is longer than the frame

    def push(self, block: Samples) -> npt.NDArray[np.float32]:
        """Takes the next block, gives the frames that are whole, [C, frames, size]; valid until the next call."""
        held = np.concatenate([self._held, block], axis=1)
        skipped = min(self._skip, held.shape[1])
        held = held[:, skipped:]
        self._skip -= skipped
        count = max((held.shape[1] - self._size) // self._hop + 1, 0)
        used = count * self._hop
        self._held = held[:, used:]
        self._skip += max(used - held.shape[1], 0)
        if not count:
            return np.zeros((held.shape[0], 0, self._size), np.float32)
        return np.lib.stride_tricks.sliding_window_view(held, self._size, axis=1)[:, :: self._hop][:, :count]

    def finish(self) -> npt.NDArray[np.float32]:
        """The frames at the end, [C, frames, size]."""
        return self.push(np.zeros((self._held.shape[0], self._size - self._size // 2), np.float32))
