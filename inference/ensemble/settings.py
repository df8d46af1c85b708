"""How an ensemble is made: what a user may choose, checked when it is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from math import isfinite
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, TypeAdapter, ValidationError

from inference.ensemble.algorithms import ALGORITHMS, Algorithm
from inference.ensemble.bands import NAMES
from inference.ensemble.kinds import Weights
from inference.errors import BadOption

LINEAR = ", ".join(name for name, algorithm in ALGORITHMS.items() if algorithm.linear)
MAX_MEMBERS = 64
MAX_WEIGHT = 1e6

BandWeights: TypeAlias = tuple[float, float, float]  # low, mid, high


@dataclass(frozen=True)
class EnsembleSettings:
    """All choices of an ensemble. Weights are relative: 1, 1, 2 is the same as 0.25, 0.25, 0.5.

    Raises:
        BadOption: an algorithm that does not exist, weights that are no weights, or choices that do not go together.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    algorithm: str = "avg_wave"  # a name in ALGORITHMS
    weights: tuple[float, ...] = ()  # one for each member, 0 leaves it out whatever the algorithm; none: all the same
    bands: tuple[BandWeights, ...] = ()  # for each member what its weight is multiplied by in the low, middle and high band; averages only
    crossovers: tuple[float, float] = (250.0, 4000.0)  # Hz: between low and middle, and between middle and high

    def __post_init__(self) -> None:
        _check_name(self.algorithm)
        _check_weights(self.weights, "weight")
        for band in self.bands:
            if len(band) != len(NAMES):
                raise BadOption(f"{len(band)} band weights for a member", hint=f"Give three: {', '.join(NAMES)}.", option="bands")
            _check_weights(band, "band weight")
        if self.bands and not ALGORITHMS[self.algorithm].linear:
            raise BadOption(f"{self.algorithm} has no weights for bands", hint=f"Use one of: {LINEAR}.", option="bands")
        if self.weights and self.bands and len(self.weights) != len(self.bands):
            raise BadOption(
                f"{len(self.weights)} weights and {len(self.bands)} sets of band weights",
                hint="Give one of each for every member, or leave one kind out.",
                option="bands",
            )
        low, high = self.crossovers
        if not (isfinite(high) and low >= 20 and 2 * low <= high):
            raise BadOption(
                f"crossovers at {low:g} and {high:g} Hz",
                hint="The lower one is at least 20 Hz, and the upper one at least an octave (twice) above it.",
                option="crossovers",
            )
        if self.weights or self.bands:
            self.among(len(self.weights or self.bands))

    def among(self, members: int) -> Shares:
        """Who counts how much among so many members.

        Raises:
            BadOption: no members or too many, another number of them than of weights, or nobody left in some band.
        """
        if not 1 <= members <= MAX_MEMBERS:
            raise BadOption(f"an ensemble of {members} members", hint=f"It takes 1 to {MAX_MEMBERS}.", option="members")
        for name, given in (("weights", len(self.weights)), ("bands", len(self.bands))):
            if given not in (0, members):
                raise BadOption(f"{given} {name} for {members} members", hint=f"Give {members}, or none.", option=name)
        each = np.array(self.weights or (1.0,) * members)
        in_bands = np.array(self.bands or ((1.0,) * len(NAMES),) * members).T * each  # [3, members]
        for name, row in zip(NAMES, in_bands, strict=True):
            if not row.any():
                where = f" in the {name} band" if self.bands else ""
                raise BadOption(f"every member has the weight 0{where}", hint="Give at least one of them more.", option="weights")
        return _shares(in_bands)

    @property
    def chosen(self) -> Algorithm:
        """The algorithm."""
        return ALGORITHMS[self.algorithm]


@dataclass(frozen=True, eq=False)
class Shares:
    """Who takes part, and with how much of the whole."""

    members: tuple[int, ...]  # those with a weight above zero
    weights: Weights  # of these members, one in sum
    bands: npt.NDArray[np.float64] | None  # [3, these members], each row one in sum; None where all bands are alike


def _shares(in_bands: npt.NDArray[np.float64]) -> Shares:
    kept = np.flatnonzero(in_bands.any(axis=0))
    rows = in_bands[:, kept] / in_bands.sum(axis=1, keepdims=True)
    alike = bool(np.allclose(rows, rows[0], rtol=1e-12, atol=0))
    return Shares(tuple(int(number) for number in kept), rows[0] if alike else rows.mean(axis=0), None if alike else rows)


def parse_settings(data: Mapping[str, Any]) -> EnsembleSettings:
    """Settings from decoded JSON; what is not said has its default.

    Raises:
        BadOption: a name that does not exist, or a value of the wrong kind or out of its range.
    """
    try:
        return _SETTINGS.validate_python(dict(data))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][:2]) or "ensemble"
        known = ", ".join(each.name for each in fields(EnsembleSettings))
        raise BadOption(f"{place}: {first['msg']}", hint=f"An ensemble knows: {known}.", option=place) from error


def _check_name(algorithm: str) -> None:
    if algorithm not in ALGORITHMS:
        near = get_close_matches(algorithm.lower().replace("-", "_").replace(" ", "_"), ALGORITHMS, 1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise BadOption(
            f"there is no ensemble algorithm {algorithm!r}", hint=f"{hint}There are: {', '.join(ALGORITHMS)}.", option="algorithm"
        )


def _check_weights(weights: Iterable[float], what: str) -> None:
    for weight in weights:
        if not 0 <= weight <= MAX_WEIGHT:  # false for NaN too
            hint = f"Weights are numbers from 0 to {MAX_WEIGHT:g}; 0 leaves a member out."
            raise BadOption(f"a {what} of {weight}", hint=hint, option="weights")


_SETTINGS: TypeAdapter[EnsembleSettings] = TypeAdapter(EnsembleSettings)
