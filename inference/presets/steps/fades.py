"""What begins softly, ends softly, or goes over into something else: gains along a stream, sample by sample.

All curves are halves of a cosine. `rise` goes from 0 to 1 without either, so that two neighbours of a fade are never the same sample twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from inference.types import Samples

MAX_FADE = 60.0
"""Seconds: what may be held back of a stream for a fade."""


def rise(length: int) -> npt.NDArray[np.float32]:
    """The gain of what begins, `length` values from near 0 to near 1; one minus it is the same backwards."""
    place = (np.arange(length) + 0.5) / max(length, 1)
    curve: npt.NDArray[np.float32] = (0.5 - 0.5 * np.cos(np.pi * place)).astype(np.float32)
    return curve


def faded_in(blocks: Iterable[Samples], length: int) -> Iterator[Samples]:
    """The blocks [C, n], of whose first `length` samples the gain rises."""
    curve, position = rise(length), 0
    for block in blocks:
        gain = curve[position : position + block.shape[1]]
        position += block.shape[1]
        yield np.concatenate([block[:, : len(gain)] * gain, block[:, len(gain) :]], axis=1) if len(gain) else block


def faded_out(blocks: Iterable[Samples], length: int) -> Iterator[Samples]:
    """The blocks [C, n], of whose last `length` samples the gain falls; of a shorter stream, of all."""
    line = DelayLine(length)
    for block in blocks:
        yield line.push(block)
    rest = line.take()
    if rest is not None:
        yield rest * rise(rest.shape[1])[::-1]


class DelayLine:
    """Holds back the last `length` samples of a stream: only its end tells which they are."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._held: Samples | None = None

    def push(self, block: Samples) -> Samples:
        """Takes a block [C, n], gives what is no longer among the last, [C, m]; m may be 0."""
        if not self._length:
            return block
        held = block if self._held is None else np.concatenate([self._held, block], axis=1)
        free = max(held.shape[1] - self._length, 0)
        self._held = held[:, free:]
        return held[:, :free]

    def take(self) -> Samples | None:
        """What is held, [C, n]; None where there is nothing. The line is empty after it."""
        held, self._held = self._held, None
        return held
