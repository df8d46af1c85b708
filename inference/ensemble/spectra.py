"""Algorithms on spectra: each bin of the result is made from the members' bins at the same time and pitch. [N, C, F, K] -> [C, F, K].

Everything is complex128: which of two bins is larger must not depend on rounding, and NumPy transforms float64 as fast as float32.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inference.ensemble.kinds import Spectra, Weights
from inference.ensemble.medians import complex_middles, middles
from inference.ensemble.picks import pick, pick_in_turn, power

Spectrum = npt.NDArray[np.complex128]

_CANCELLED = 1e-12  # a mean so small against the members is rounding, and has no phase


def middle(members: Spectra, weights: Weights) -> Spectrum:
    """The weighted median of the magnitudes, with the phase of the weighted mean of the members.

    The median of complex numbers does not exist; of magnitudes it does, and a single member that is too loud or too soft at a pitch has
    no say there. The phase is that of the mean because it moves smoothly with every member: the phase of the one member that
    happens to be in the middle jumps from frame to frame, wherever two members are about as loud, and for an even number there is
    no such member. Where the members cancel each other there is no phase, and the bin is silent, as it is in their mean.
    """
    lower, upper = (np.sqrt(middle) for middle in middles(power(members), weights))  # a root keeps the order: one is enough
    size = 0.5 * (lower + upper)
    total = _mean(members, weights)
    mean_size = np.sqrt(power(total))
    scale = np.zeros_like(size)
    np.divide(size, mean_size, out=scale, where=mean_size > _CANCELLED * size)
    total *= scale
    return total


def middle_compat(members: Spectra, weights: Weights) -> Spectrum:
    """The field's old median: of complex numbers in the order of their real parts. The imaginary part is whatever that member has.

    Without weights, as there. Kept so that results of other programs can be made again; `median_fft` is the better one.
    """
    lower, upper = complex_middles(members)
    return lower if lower is upper else (lower + upper) * 0.5


def smallest(members: Spectra, weights: Weights) -> Spectrum:
    """The softest bin, with its phase: only what all members have remains."""
    return pick(members, largest=False)


def largest(members: Spectra, weights: Weights) -> Spectrum:
    """The loudest bin, with its phase: whatever any member has remains."""
    return pick(members, largest=True)


def smallest_in_turn(members: Spectra, weights: Weights) -> Spectrum:
    """UVR's "Min Spec": the members are compared in turn, and the later one wins where both are as soft."""
    return pick_in_turn(members, largest=False)


def largest_in_turn(members: Spectra, weights: Weights) -> Spectrum:
    """UVR's "Max Spec": the members are compared in turn, and the later one wins where both are as loud."""
    return pick_in_turn(members, largest=True)


def _mean(members: Spectra, weights: Weights) -> Spectrum:
    total: Spectrum = members[0] * weights[0]
    for member, weight in zip(members[1:], weights[1:], strict=True):
        total += member * weight
    return total
