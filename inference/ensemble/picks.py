"""Choosing one member at each bin, by its magnitude."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inference.ensemble.kinds import Spectra

Spectrum = npt.NDArray[np.complex128]


def power(spectrum: Spectrum) -> npt.NDArray[np.float64]:
    """The squared magnitude: it orders as the magnitude does, and needs no root."""
    real, imag = spectrum.real, spectrum.imag
    squares: npt.NDArray[np.float64] = real * real
    squares += imag * imag
    return squares


def pick(members: Spectra, *, largest: bool) -> Spectrum:
    """At each bin the loudest (or softest) member, with its own phase. [N, C, F, K] -> [C, F, K].

    Of two of the very same magnitude the one with the greater real part is taken, then imaginary part: the order of the members does
    not matter.
    """
    compare, keep = (np.greater, np.maximum) if largest else (np.less, np.minimum)
    best: Spectrum = members[0]
    best_size = power(best)
    for other in members[1:]:
        other_size = power(other)
        wins = compare(other_size, best_size)
        tied = other_size == best_size
        if tied.any():
            wins[tied] = other[tied] > best[tied]
        best = np.where(wins, other, best)
        best_size = keep(best_size, other_size)
    return best


def pick_in_turn(members: Spectra, *, largest: bool) -> Spectrum:
    """As `pick`, but of two of the same magnitude the later member is taken: here alone the order has a say, and only there."""
    compare, keep = (np.greater_equal, np.maximum) if largest else (np.less_equal, np.minimum)
    best: Spectrum = members[0]
    best_size = power(best)
    for other in members[1:]:
        other_size = power(other)
        best = np.where(compare(other_size, best_size), other, best)
        best_size = keep(best_size, other_size)
    return best
