"""Medians over a few members, for arrays of many values: exact, and faster than sorting."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from inference.ensemble.kinds import Weights

Real = TypeVar("Real", np.float32, np.float64)

_HALF = 0.5 + 1e-9  # weights such as 0.1, 0.2 and 0.3 do not add up to the bit


def median(values: npt.NDArray[Real], weights: Weights) -> npt.NDArray[np.float64]:
    """The weighted median of `values` [N, ...] over their first axis.

    It is the value below which, and above which, lies at most half of the weight. Where that is so for two of them (equal weights, N
    even), it is the mean of the two. So equal weights give the plain median, and a weight of zero takes no part.
    """
    lower, upper = middles(values, weights)
    return np.add(lower, upper, dtype=np.float64) * 0.5


def middles(values: npt.NDArray[Real], weights: Weights) -> tuple[npt.NDArray[Real], npt.NDArray[Real]]:
    """The two values whose mean is the median: the very same array twice where that is so by nature."""
    return _plain_middles(values) if np.all(weights == weights[0]) else _weighted_middles(values, weights)


def _plain_middles(values: npt.NDArray[Real]) -> tuple[npt.NDArray[Real], npt.NDArray[Real]]:
    """The two values in the middle of the sorted N (for N odd, the same one twice).

    A sorting network in which the largest rise to the top, ended as soon as the middle is reached: whole arrays are compared at
    once, and nothing else is fast where N is small.
    """
    count = len(values)
    rows = list(values)
    for last in range(count - 1, (count - 1) // 2 - 1, -1):
        for row in range(last):
            rows[row], rows[row + 1] = np.minimum(rows[row], rows[row + 1]), np.maximum(rows[row], rows[row + 1])
    return rows[(count - 1) // 2], rows[count // 2]


def complex_middles(values: npt.NDArray[np.complex128]) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.complex128]]:
    """`middles`, without weights, in the order in which NumPy sorts complex numbers: by the real part, then by the imaginary one."""
    count = len(values)
    rows: list[Any] = list(values)
    for last in range(count - 1, (count - 1) // 2 - 1, -1):
        for row in range(last):
            low, high = rows[row], rows[row + 1]
            swap = low.real > high.real
            tied = low.real == high.real
            if tied.any():
                swap[tied] = low[tied].imag > high[tied].imag
            rows[row], rows[row + 1] = np.where(swap, high, low), np.where(swap, low, high)
    return rows[(count - 1) // 2], rows[count // 2]


def _weighted_middles(values: npt.NDArray[Real], weights: Weights) -> tuple[npt.NDArray[Real], npt.NDArray[Real]]:
    """The smallest and the largest value with at most half of the weight on either side."""
    infinity = values.dtype.type(np.inf)
    lower = np.full(values.shape[1:], infinity, values.dtype)
    upper = np.full(values.shape[1:], -infinity, values.dtype)
    for number, value in enumerate(values):
        if not weights[number]:
            continue
        below, above = np.zeros(value.shape), np.zeros(value.shape)
        for other, weight in zip(values, weights, strict=True):
            below += weight * (other < value)
            above += weight * (other > value)
        middle = (below <= _HALF) & (above <= _HALF)
        np.minimum(lower, value, out=lower, where=middle)
        np.maximum(upper, value, out=upper, where=middle)
    return lower, upper
