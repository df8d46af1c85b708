"""Algorithms on samples: each sample of the result is made from the members' samples at the same time. [N, C, n] -> [C, n]."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inference.ensemble.kinds import Waves, Weights
from inference.ensemble.medians import median
from inference.types import Samples


def average(members: Waves, weights: Weights) -> Samples:
    """The weighted mean."""
    return mean(members, weights).astype(np.float32)


def middle(members: Waves, weights: Weights) -> Samples:
    """The weighted median: a single member that is wrong is not heard."""
    return median(members, weights).astype(np.float32)


def smallest(members: Waves, weights: Weights) -> Samples:
    """The sample nearest to zero, with its sign: only what all members have remains."""
    size = np.abs(members).min(axis=0)
    positive = (members == size).any(axis=0)  # of +0.5 and -0.5 the former, whatever the order
    found: Samples = np.where(positive, size, -size)
    return found


def largest(members: Waves, weights: Weights) -> Samples:
    """The sample farthest from zero, with its sign: whatever any member has remains."""
    high, low = members.max(axis=0), members.min(axis=0)
    found: Samples = np.where(high >= -low, high, low)
    return found


def mean(members: Waves, weights: Weights) -> npt.NDArray[np.float64]:
    """The weighted mean in float64: members that nearly cancel lose nothing."""
    total: npt.NDArray[np.float64] = np.multiply(members[0], weights[0], dtype=np.float64)
    for member, weight in zip(members[1:], weights[1:], strict=True):
        total += np.multiply(member, weight, dtype=np.float64)
    return total
