"""Another sample rate, streaming.

soxr's linear-phase filter at its very high quality: its delay is compensated, so a click at t seconds stays at t seconds, and
its output does not depend on how the input is cut into blocks (tests/inference/audio/test_resample.py holds both).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from inference.types import Samples

QUALITY = "VHQ"


def resampled_length(frames: int, source_rate: int, target_rate: int) -> int:
    """How many samples `frames` samples become: frames * target / source, rounded to nearest."""
    return (2 * frames * target_rate + source_rate) // (2 * source_rate)


class Resampler:
    """Changes the sample rate of a stream of blocks.

    The blocks of all `push` calls and of the one `flush`, put together, are exactly `resampled_length` samples long.
    Each `push` gives back what is ready by then; the filter holds back some milliseconds until `flush`.
    """

    def __init__(self, channels: int, source_rate: int, target_rate: int) -> None:
        from soxr import ResampleStream

        self._channels = channels
        self._rates = (source_rate, target_rate)
        self._stream = ResampleStream(source_rate, target_rate, channels, dtype="float32", quality=QUALITY)
        self._taken = 0
        self._given = 0

    def push(self, block: Samples) -> Samples:
        """Takes a block [C, n], gives what is ready as [C, m]; m may be 0."""
        self._taken += block.shape[1]
        return self._run(block, last=False)

    def flush(self) -> Samples:
        """The rest, [C, m]. Nothing can be pushed after it."""
        rest = self._run(np.zeros((self._channels, 0), np.float32), last=True)
        # soxr rounds halves its own way and may be one sample off; the caller relies on the exact length.
        surplus = self._given - resampled_length(self._taken, *self._rates)
        if surplus > 0:
            return rest[:, : rest.shape[1] - surplus]
        return np.pad(rest, ((0, 0), (0, -surplus)))

    def _run(self, block: Samples, *, last: bool) -> Samples:
        out = self._stream.resample_chunk(np.ascontiguousarray(block.T, dtype=np.float32), last=last)
        self._given += len(out)
        return np.ascontiguousarray(out.T)


def resample(blocks: Iterable[Samples], *, channels: int, source_rate: int, target_rate: int) -> Iterator[Samples]:
    """The same sound at another rate, as a stream of non-empty blocks [C, n]; the very same blocks when the rates are equal."""
    if source_rate == target_rate:
        yield from blocks
        return
    resampler = Resampler(channels, source_rate, target_rate)
    for block in blocks:
        out = resampler.push(block)
        if out.shape[1]:
            yield out
    rest = resampler.flush()
    if rest.shape[1]:
        yield rest
