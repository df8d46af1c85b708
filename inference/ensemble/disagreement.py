"""How far the members of an ensemble disagree, over time: where models that were trained alike differ, none of them is sure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from inference.ensemble.kinds import Waves, Weights
from inference.ensemble.picture import draw
from inference.ensemble.waves import mean

FLOOR_DB = -100.0
"""The least that is told apart from perfect agreement, in dB."""

QUIETEST = 1e-10
"""A mean power below this (-100 dB of full scale) counts as this: what is said about silence is not a quotient of rounding errors."""


class Disagreement:
    """Collects, while the members pass, the energy of their deviation from their weighted mean against the energy of that mean.

        10 log10( sum_i w_i |x_i - m|^2 / |m|^2 ),   m = sum_i w_i x_i,   sum_i w_i = 1

    in dB, over all channels, for each half second and for the whole. At -20 dB the members differ from what they have in common by a tenth
    of its amplitude; at 0 dB by as much as it is. Never below FLOOR_DB, which is also where all are silent or there is but one.

    Takes 16 bytes for each half second (115 kB an hour).
    """

    def __init__(self, sample_rate: int, *, seconds: float = 0.5) -> None:
        self._length = max(1, round(sample_rate * seconds))  # samples of one value
        self.seconds = self._length / sample_rate
        self._position = 0  # samples heard
        self._apart: list[float] = []  # energy of the deviation, for each value
        self._common: list[float] = []  # energy of the mean

    def hearing(self, blocks: Iterable[Waves], weights: Weights) -> Iterator[Waves]:
        """The same blocks, heard on their way."""
        for block in blocks:
            self.push(block, weights)
            yield block

    def push(self, block: Waves, weights: Weights) -> None:
        """Take the next samples [N, C, n] of all members, with their weights [N] (one in sum)."""
        length = block.shape[-1]
        if not length:
            return
        middle = mean(block, weights)
        apart = np.zeros(length)
        for member, weight in zip(block, weights, strict=True):
            deviation = member - middle
            apart += weight * np.einsum("cn,cn->n", deviation, deviation)
        self._add(self._apart, apart / len(middle))
        self._add(self._common, np.einsum("cn,cn->n", middle, middle) / len(middle))
        self._position += length

    def _add(self, values: list[float], energy: npt.NDArray[np.float64]) -> None:
        """Sum the energy [n] up where it belongs: the first part may still be the last value's."""
        begun = -self._position % self._length
        starts = np.unique([0, *range(begun, len(energy), self._length)])
        sums = np.add.reduceat(energy, starts).tolist()
        if begun:
            values[-1] += sums.pop(0)
        values += sums

    @property
    def levels(self) -> npt.NDArray[np.float64]:
        """Decibels, one for each `seconds` of the song; the last may stand for less."""
        lengths = np.full(len(self._apart), self._length)
        if len(lengths):
            lengths[-1] = self._position - self._length * (len(lengths) - 1)
        return _decibels(np.array(self._apart) / lengths, np.array(self._common) / lengths)

    @property
    def overall(self) -> float:
        """Decibels, of the whole song so far."""
        length = max(self._position, 1)
        return float(_decibels(np.array(sum(self._apart) / length), np.array(sum(self._common) / length)))

    def picture(self, *, title: str = "How far the members disagree") -> str:
        """The levels over time as an SVG, readable on light and on dark pages."""
        return draw(self.levels, self.seconds, title=title, overall=self.overall)


def _decibels(apart: npt.NDArray[np.float64], common: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of mean powers."""
    ratio = apart / np.maximum(common, QUIETEST)
    levels: npt.NDArray[np.float64] = 10 * np.log10(np.maximum(ratio, 10 ** (FLOOR_DB / 10)))
    return levels
