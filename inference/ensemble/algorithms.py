"""The table of all algorithms. One more is a function of kind `Blend` in waves.py or spectra.py, and a line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inference.ensemble import spectra, waves
from inference.ensemble.kinds import Blend


@dataclass(frozen=True)
class Algorithm:
    """How many members become one."""

    blend: Blend
    domain: Literal["wave", "spectrum"]  # what it is given: Waves or Spectra
    purpose: str  # one plain sentence
    weighted: bool = False  # whether weights make a difference (a weight of zero always does: such a member is left out)
    linear: bool = False  # whether it is a weighted sum, so that each band may have weights of its own


ALGORITHMS: dict[str, Algorithm] = {
    "avg_wave": Algorithm(waves.average, "wave", "The mean: errors that members do not share average out.", weighted=True, linear=True),
    "median_wave": Algorithm(waves.middle, "wave", "The median of samples: one member that is wrong is not heard.", weighted=True),
    "min_wave": Algorithm(waves.smallest, "wave", "The sample nearest to zero: the least bleed, and holes."),
    "max_wave": Algorithm(waves.largest, "wave", "The sample farthest from zero: the fullest sound, and the most bleed."),
    # The transform is linear and ours is undone exactly, so the mean of spectra is the spectrum of the mean: nothing is transformed.
    "avg_fft": Algorithm(waves.average, "wave", "The mean of spectra, which is the same as avg_wave.", weighted=True, linear=True),
    "median_fft": Algorithm(spectra.middle, "spectrum", "The median of magnitudes with the members' common phase.", weighted=True),
    "median_fft_compat": Algorithm(spectra.middle_compat, "spectrum", "The median of spectra as older programs define it."),
    "min_fft": Algorithm(spectra.smallest, "spectrum", "The softest member at each pitch: the least bleed."),
    "max_fft": Algorithm(spectra.largest, "spectrum", "The loudest member at each pitch: the fullest sound."),
    "uvr_max_spec": Algorithm(spectra.largest_in_turn, "spectrum", "Max Spec as in UVR: max_fft, a later member wins a tie."),
    "uvr_min_spec": Algorithm(spectra.smallest_in_turn, "spectrum", "Min Spec as in UVR: min_fft, a later member wins a tie."),
}
