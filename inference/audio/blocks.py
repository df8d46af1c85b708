"""Cutting a stream into blocks of one length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from inference.types import Samples


def regroup(blocks: Iterable[Samples], length: int) -> Iterator[Samples]:
    """The same samples [C, n] in contiguous blocks of exactly `length`, the last one shorter, none empty."""
    waiting: list[Samples] = []
    count = 0
    for block in blocks:
        waiting.append(block)
        count += block.shape[1]
        if count >= length:
            joined = _join(waiting)
            whole = count - count % length
            yield from (np.ascontiguousarray(joined[:, at : at + length]) for at in range(0, whole, length))
            waiting, count = [joined[:, whole:]], count - whole
    if count:
        yield _join(waiting)


def _join(blocks: list[Samples]) -> Samples:
    return np.ascontiguousarray(blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1))
