"""Choosing one member at each place, by its size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Size = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


def power(spectrum: npt.NDArray[np.complex128]) -> npt.NDArray[np.float64]:
    """The squared magnitude: it orders as the magnitude does, and needs no root."""
    real, imag = spectrum.real, spectrum.imag
    squares: npt.NDArray[np.float64] = real * real
    squares += imag * imag
    return squares


def pick(members: npt.NDArray[Any], size: Size, *, largest: bool) -> npt.NDArray[Any]:
    """At each place the value of the member of largest (or smallest) size, with its own sign or phase. [N, ...] -> [...].

    Of two of the very same size the greater value is taken (of +0.5 and -0.5 the former; complex numbers by their real part first):
    then the order of the members does not matter.
    """
    compare, keep = (np.greater, np.maximum) if largest else (np.less, np.minimum)
    best, best_size = members[0], size(members[0])
    for other in members[1:]:
        other_size = size(other)
        wins = compare(other_size, best_size)
        tied = other_size == best_size
        if tied.any():
            wins[tied] = other[tied] > best[tied]
        best = np.where(wins, other, best)
        best_size = keep(best_size, other_size)
    return best


def pick_in_turn(members: npt.NDArray[Any], size: Size, *, largest: bool) -> npt.NDArray[Any]:
    """As `pick`, but of two of the same size the later member is taken: here alone the order has a say, and only there."""
    compare, keep = (np.greater_equal, np.maximum) if largest else (np.less_equal, np.minimum)
    best, best_size = members[0], size(members[0])
    for other in members[1:]:
        other_size = size(other)
        best = np.where(compare(other_size, best_size), other, best)
        best_size = keep(best_size, other_size)
    return best
