"""Many streams side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from inference.ensemble.kinds import Waves
from inference.types import Samples


def joined(members: Sequence[Iterable[Samples]], length: int) -> Iterator[Waves]:
    """The members in step, as long as the longest of them; after its end a member is silent.

    Args:
        members: streams of blocks [C, n] of any lengths, also none and zero, each with the same C. They are read no faster than needed.
        length: of the blocks that come out, in samples.

    Yields:
        float32 [N, C, length], the last one shorter, none empty. A new array each time.

    Raises:
        ValueError: members, or blocks of one member, of different channel counts.
    """
    readers = [_Reader(member) for member in members]
    known = {reader.channels for reader in readers} - {None}
    if len(known) > 1:
        raise ValueError(f"members of {' and '.join(map(str, sorted(filter(None, known))))} channels in one ensemble")
    channels = known.pop() if known else 0
    filled = length if channels else 0
    while filled == length:
        block = np.empty((len(readers), channels or 0, length), np.float32)
        filled = max(reader.read(row) for reader, row in zip(readers, block, strict=True))
        if filled:
            yield block[:, :, :filled]


def reading(member: Iterable[Samples]) -> Callable[[Samples], int]:
    """A stream of blocks [C, n] as something to be read.

    What is returned fills an array [C, m], with silence after the stream's end, and says how many samples of the stream it holds.
    """
    return _Reader(member).read


class _Reader:
    """Reads a stream of blocks as if it were a file."""

    def __init__(self, blocks: Iterable[Samples]) -> None:
        self._blocks = iter(blocks)
        self._block: Samples | None = next(self._blocks, None)
        self._at = 0  # samples of the block that were read
        self.channels = None if self._block is None else self._block.shape[0]  # None for a stream without a block

    def read(self, target: Samples) -> int:
        """Fill the target [C, n], with silence after the end. How many samples of the stream it holds."""
        filled, length = 0, target.shape[1]
        while self._block is not None and filled < length:
            part = self._block[:, self._at : self._at + length - filled]
            if part.shape[0] != self.channels:
                raise ValueError(f"a block of {part.shape[0]} channels in a stream of {self.channels}")
            target[:, filled : filled + part.shape[1]] = part
            filled += part.shape[1]
            self._at += part.shape[1]
            if self._at == self._block.shape[1]:
                self._block, self._at = next(self._blocks, None), 0
        target[:, filled:] = 0
        return filled
