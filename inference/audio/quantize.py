"""Float samples to what a format can hold: rounded to nearest, clipped at full scale, never wrapped around."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from inference.types import Samples


def clip(block: Samples) -> tuple[Samples, int]:
    """The block with its samples held within -1.0 .. 1.0 and NaN made silent, and how many samples that changed."""
    outside = ~(np.abs(block) <= 1)  # true for NaN as well
    count = int(np.count_nonzero(outside))
    if not count:
        return block, 0
    return np.clip(np.nan_to_num(block, nan=0.0), -1, 1, dtype=np.float32), count


def to_integers(block: Samples, bits: int) -> tuple[npt.NDArray[np.int32], int]:
    """The samples [C, n] as integers of 16, 24 or 32 bits in int32 [n, C], and how many lay beyond full scale.

    1.0 becomes the largest integer, one step below full scale, and is not counted: every program writes it so.
    """
    held, count = clip(block)
    scale = 2.0 ** (bits - 1)
    # Up to 24 bits float32 holds every step; 32 bits need more.
    scaled: npt.NDArray[Any] = held.T * (np.float64(scale) if bits > 24 else np.float32(scale))
    np.rint(scaled, out=scaled)
    np.minimum(scaled, scale - 1, out=scaled)
    return np.ascontiguousarray(scaled, dtype=np.int32), count
