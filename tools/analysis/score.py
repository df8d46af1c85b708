"""How near an estimate is to its reference, in dB; higher is nearer.

    SDR          10 log10 ( sum r^2 / sum (r - e)^2 )                          over all samples of all channels, as in the MDX challenges
    SDR median   the median of the SDR of every second in which the reference sounds   (as museval reports, without its distortion filters)
    SI-SDR       10 log10 ( sum (a r)^2 / sum (a r - e)^2 ),  a = sum(r e) / sum(r^2)   the level of the estimate does not count

r is the reference, e the estimate. All sums are in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.audio import probe
from inference.ensemble import open_aligned
from inference.ensemble.joined import joined
from inference.errors import BadOption
from inference.types import AudioInfo
from tools.analysis.figures import decibels

BEST_DB = 200.0
"""What two sounds that are the same get: JSON has no infinity, and no file is nearer."""

MOST_APART = 0.5
"""Seconds by which the lengths may differ: encoders add some hundredths. What the shorter one lacks counts as silence."""

Sums = npt.NDArray[np.float64]
OnWork = Callable[[float], None]


def score(reference: Path, estimate: Path, on_work: OnWork = lambda _: None) -> dict[str, Any]:
    """Compare two files, at the reference's rate and with its channels; in two passes, as SI-SDR needs the best level first.

    Returns:
        sdr, sdr_median, si_sdr: in dB, None where the reference (or for SI-SDR the estimate) is silent.
        per_channel: `sdr` and `si_sdr` of each channel.
        seconds, sample_rate, channels: of the reference. resampled: whether the estimate was. difference: seconds that it is longer.

    Raises:
        BadOption: lengths that differ by more than MOST_APART.
        MsstError: a file that cannot be read.
    """
    wanted, given = probe(reference), probe(estimate)
    first = _Pass(wanted, reference, estimate)
    first.run(lambda done: on_work(done / 2))
    _check_lengths(first.frames[0] / wanted.sample_rate, first.frames[1] / wanted.sample_rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        scales = first.cross / first.reference  # of each channel; NaN for a silent one
        scale = first.cross.sum() / first.reference.sum()
    second = _Pass(wanted, reference, estimate, np.append(scales, scale))
    second.run(lambda done: on_work(0.5 + done / 2))
    channels = range(wanted.channels)
    return {
        "sdr": ratio(first.reference.sum(), first.error.sum()),
        "sdr_median": _median(first.seconds),
        "si_sdr": ratio(second.scaled[-1].sum(), second.residue[-1].sum()),
        "per_channel": [
            {"sdr": ratio(first.reference[c], first.error[c]), "si_sdr": ratio(second.scaled[c, c], second.residue[c, c])} for c in channels
        ],
        "seconds": first.frames[0] / wanted.sample_rate,
        "sample_rate": wanted.sample_rate,
        "channels": wanted.channels,
        "resampled": given.sample_rate != wanted.sample_rate,
        "difference": (first.frames[1] - first.frames[0]) / wanted.sample_rate,
    }


def ratio(signal: float, error: float) -> float | None:
    """Signal against error in dB, BEST_DB at most; None without a signal."""
    if not signal > 0:
        return None
    return min(decibels(float(signal) / float(error)), BEST_DB) if error > 0 else BEST_DB


class _Pass:
    """One walk through both files, and the sums on the way; each is [channels], over the whole length."""

    def __init__(self, info: AudioInfo, reference: Path, estimate: Path, scales: Sums | None = None) -> None:
        self._info, self._paths, self._scales = info, (reference, estimate), scales
        zeros = np.zeros(info.channels)
        self.reference, self.error, self.cross = zeros.copy(), zeros.copy(), zeros.copy()
        self.scaled = np.zeros((info.channels + 1, info.channels))  # [scale, channel]: energy of the scaled reference
        self.residue = np.zeros((info.channels + 1, info.channels))  # and of what the estimate differs by from it
        self.seconds: list[tuple[float, float]] = []  # energy of the reference and of the error
        self.frames = [0, 0]

    def run(self, on_work: OnWork) -> None:
        rate = self._info.sample_rate
        with open_aligned(self._paths, sample_rate=rate, channels=self._info.channels) as files:
            counted = [self._counting(number, member) for number, member in enumerate(files.members)]
            for blocks in joined(counted, rate):  # a second each
                self._add(*blocks.astype(np.float64))
                on_work(min(max(self.frames) / files.frames, 1.0) if files.frames else 0.0)

    def _counting(self, number: int, member: Any) -> Any:
        for block in member:
            self.frames[number] += block.shape[1]
            yield block

    def _add(self, reference: Sums, estimate: Sums) -> None:
        if self._scales is not None:
            for number, scale in enumerate(self._scales):
                aim = scale * reference
                self.scaled[number] += np.square(aim).sum(axis=1)
                self.residue[number] += np.square(aim - estimate).sum(axis=1)
            return
        own, error = np.square(reference).sum(axis=1), np.square(reference - estimate).sum(axis=1)
        self.reference += own
        self.error += error
        self.cross += (reference * estimate).sum(axis=1)
        if 2 * reference.shape[1] >= self._info.sample_rate or not self.seconds:  # a rest of less than half a second is none
            self.seconds.append((float(own.sum()), float(error.sum())))


def _median(seconds: list[tuple[float, float]]) -> float | None:
    each = [found for signal, error in seconds if (found := ratio(signal, error)) is not None]
    return float(np.median(each)) if each else None


def _check_lengths(reference: float, estimate: float) -> None:
    if abs(reference - estimate) > MOST_APART:
        raise BadOption(
            f"the reference is {reference:.2f} s long and the estimate {estimate:.2f} s: they are not the same part of a song",
            hint="Cut both to the same part.",
            option="estimate",
        )
