"""Band layouts: how vocal removers cut a song into bands of different rates and frame sizes.

    band 1 |====|             7350 Hz: many bins to the hertz
    band 2    |====|          7350 Hz: more frames to the second
    band 3        |======|   14700 Hz
    band 4           |==========| 44100 Hz

A band's frames are `hop` samples apart at its own rate, which is the same time in all bands of a layout. What the combined
spectrogram takes of each band is its bins from crop_start to crop_stop; on the way back, ramps (lpf, hpf) blend neighbours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from inference.errors import UnknownModel

Ramp = tuple[int, int]
"""From which bin to which a gain goes from 1 to 0."""


@dataclass(frozen=True)
class Band:
    """One band. Frequencies are bins of its own STFT."""

    sample_rate: int  # Hz
    hop: int  # samples from frame to frame
    n_fft: int  # samples of a frame
    crop_start: int  # first bin that the combined spectrogram takes
    crop_stop: int  # the one behind the last
    highpass: Ramp | None  # downwards, on the way back; None for the lowest band
    lowpass: Ramp | None  # upwards, on the way back; None for the highest
    kernel: str  # how the band above is brought to this one's rate: a name in `resampling.KERNELS`
    channels: str | None  # what its two channels are made of, for networks of version 5.1

    @property
    def bins(self) -> int:
        """That it gives to the combined spectrogram."""
        return self.crop_stop - self.crop_start


@dataclass(frozen=True)
class Layout:
    """A whole layout.

    Raises:
        ValueError: bands that do not fit together.
    """

    bins: int  # of the combined spectrogram, less one
    prefilter: Ramp  # a low-pass over the combined spectrogram; none where it starts at or below zero
    bands: tuple[Band, ...]  # from low to high
    reverse: bool = False  # networks of version 4 hear the song backwards
    channels: str | None = None  # what the two channels of all bands are made of, for networks of version 4
    correction: tuple[float, float] = (0.0, 0.0)  # added to the aggressiveness of the left and the right channel

    def __post_init__(self) -> None:
        if not self.bands:
            raise ValueError("a layout without bands")
        top = self.bands[-1]
        for band in self.bands:
            if band.hop * top.sample_rate != top.hop * band.sample_rate:
                raise ValueError(f"frames {band.hop} samples apart at {band.sample_rate} Hz, and {top.hop} at {top.sample_rate} Hz")
            if not 0 <= band.crop_start < band.crop_stop <= band.n_fft // 2 + 1:
                raise ValueError(f"bins {band.crop_start} to {band.crop_stop} of frames of {band.n_fft} samples")
        if sum(band.bins for band in self.bands) > self.bins:
            raise ValueError(f"bands of {sum(band.bins for band in self.bands)} bins together in a spectrogram of {self.bins}")

    @property
    def sample_rate(self) -> int:
        """Of the highest band, in Hz: the song comes at this rate and the stems do."""
        return self.bands[-1].sample_rate

    @property
    def hop(self) -> int:
        """Samples from frame to frame at the layout's rate."""
        return self.bands[-1].hop

    @property
    def split(self) -> int:
        """The bin of the combined spectrogram from which aggressiveness counts in full."""
        return self.bands[0].crop_stop


def layout(params: str | Mapping[str, Any]) -> Layout:
    """A published layout by its name, or one in the published form (as records of users' own models may have it).

    Raises:
        UnknownModel: no such layout, or one that is not complete or contradicts itself.
    """
    if isinstance(params, str):
        known = _published()
        if params not in known:
            raise UnknownModel(
                f"there is no band layout {params!r}", hint=f"There are: {', '.join(known)}.", params=params, reason="layout"
            )
        params = known[params]
    try:
        return _layout(params)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UnknownModel(f"a band layout that cannot be used: {error!r}", reason="layout") from error


def names() -> tuple[str, ...]:
    """All published layouts."""
    return tuple(_published())


@cache
def _published() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("layouts.json").read_text(encoding="utf-8"))
    return found


def _layout(about: Mapping[str, Any]) -> Layout:
    numbered = sorted((int(number), band) for number, band in about["band"].items())
    correction = about.get("aggr_correction") or {}
    return Layout(
        bins=int(about["bins"] if "bins" in about else about["n_bins"]),
        prefilter=(int(about["pre_filter_start"]), int(about["pre_filter_stop"])),
        bands=tuple(_band(band, lowest=index == 0, highest=index == len(numbered) - 1) for index, (_, band) in enumerate(numbered)),
        reverse=bool(about.get("reverse")),
        # The published program knows more names than these (mid_side_b, stereo_w, stereo_n), and does nothing for them.
        channels=next((flag for flag in ("mid_side", "mid_side_b2") if about.get(flag) and not about.get("reverse")), None),
        correction=(float(correction.get("left", 0)), float(correction.get("right", 0))),
    )


def _band(about: Mapping[str, Any], *, lowest: bool, highest: bool) -> Band:
    # The highest band of several has a high-pass, so has the only one if it says so; the lowest of several has none.
    high = about.get("hpf_start", -1) > 0 and (highest or not lowest)
    return Band(
        sample_rate=int(about["sr"]),
        hop=int(about["hl"]),
        n_fft=int(about["n_fft"]),
        crop_start=int(about["crop_start"]),
        crop_stop=int(about["crop_stop"]),
        highpass=(int(about["hpf_start"]), int(about["hpf_stop"]) - 1) if high else None,
        lowpass=None if highest else (int(about["lpf_start"]), int(about["lpf_stop"])),
        kernel=str(about.get("res_type", "polyphase")),
        channels=about.get("convert_channels"),
    )
