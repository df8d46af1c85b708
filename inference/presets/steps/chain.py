"""The effects of a step `effects`: what each may say, and the pedalboard plugins that do it.

A new effect is a class and its name in EFFECTS.

Frequencies are in Hz, levels in dB, times in milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import Field

from inference.presets.steps.base import Strict

Hz = Annotated[float, Field(ge=10, le=24_000)]
GainDb = Annotated[float, Field(ge=-60, le=60)]
ThresholdDb = Annotated[float, Field(ge=-120, le=0)]
Ratio = Annotated[float, Field(ge=1, le=100)]
Milliseconds = Annotated[float, Field(ge=0.01, le=5000)]
Share = Annotated[float, Field(ge=0, le=1)]
Quality = Annotated[float, Field(ge=0.1, le=20)]
Slope = Literal[6, 12, 18, 24]  # dB per octave


class EffectBase(Strict):
    """One link of a chain."""

    effect: str

    def plugins(self, sample_rate: int) -> list[Any]:
        """The pedalboard plugins that do it, fresh ones."""
        raise NotImplementedError


def _below_nyquist(hz: float, sample_rate: int) -> float:
    return min(hz, 0.49 * sample_rate)


class Gain(EffectBase):
    """Louder or quieter."""

    effect: Literal["gain"]
    db: GainDb

    def plugins(self, sample_rate: int) -> list[Any]:
        """One gain."""
        from pedalboard import Gain as Plugin

        return [Plugin(self.db)]


class HighPass(EffectBase):
    """Less of what is below a frequency (-3 dB there for every 6 dB of slope)."""

    effect: Literal["highpass"]
    hz: Hz
    slope: Slope = 12

    def plugins(self, sample_rate: int) -> list[Any]:
        """First-order filters, one after the other."""
        from pedalboard import HighpassFilter

        return [HighpassFilter(_below_nyquist(self.hz, sample_rate)) for _ in range(self.slope // 6)]


class LowPass(EffectBase):
    """Less of what is above a frequency (-3 dB there for every 6 dB of slope)."""

    effect: Literal["lowpass"]
    hz: Hz
    slope: Slope = 12

    def plugins(self, sample_rate: int) -> list[Any]:
        """First-order filters, one after the other."""
        from pedalboard import LowpassFilter

        return [LowpassFilter(_below_nyquist(self.hz, sample_rate)) for _ in range(self.slope // 6)]


class Equalizer(EffectBase):
    """More or less of a range: below a frequency, around it, or above it."""

    effect: Literal["low_shelf", "peak", "high_shelf"]
    hz: Hz
    db: GainDb
    q: Quality = 0.707

    def plugins(self, sample_rate: int) -> list[Any]:
        """One filter of the second order."""
        from pedalboard import HighShelfFilter, LowShelfFilter, PeakFilter

        kinds = {"low_shelf": LowShelfFilter, "peak": PeakFilter, "high_shelf": HighShelfFilter}
        return [kinds[self.effect](_below_nyquist(self.hz, sample_rate), self.db, self.q)]


class Compressor(EffectBase):
    """Quieter where it is louder than a threshold."""

    effect: Literal["compressor"]
    threshold_db: ThresholdDb = -20.0
    ratio: Ratio = 3.0
    attack_ms: Milliseconds = 5.0
    release_ms: Milliseconds = 120.0

    def plugins(self, sample_rate: int) -> list[Any]:
        """One compressor."""
        from pedalboard import Compressor as Plugin

        return [Plugin(self.threshold_db, self.ratio, self.attack_ms, self.release_ms)]


class Gate(EffectBase):
    """Quieter where it is quieter than a threshold."""

    effect: Literal["gate"]
    threshold_db: ThresholdDb = -60.0
    ratio: Ratio = 10.0
    attack_ms: Milliseconds = 1.0
    release_ms: Milliseconds = 150.0

    def plugins(self, sample_rate: int) -> list[Any]:
        """One gate."""
        from pedalboard import NoiseGate

        return [NoiseGate(self.threshold_db, self.ratio, self.attack_ms, self.release_ms)]


class Reverb(EffectBase):
    """A room. What rings on beyond the end of the song is cut there."""

    effect: Literal["reverb"]
    room: Share = 0.5  # its size
    damping: Share = 0.5  # of the high tones
    wet: Share = 0.2  # how loud the room is
    dry: Share = 1.0  # how loud the sound itself is: 1 as it was
    width: Share = 1.0  # of the room between the loudspeakers

    def plugins(self, sample_rate: int) -> list[Any]:
        """One reverb. Its levels are not gains: a dry level of 0.5 leaves the sound as it is, a wet one of 1/3 the room."""
        from pedalboard import Reverb as Plugin

        return [Plugin(self.room, self.damping, self.wet / 3, self.dry / 2, self.width)]


class Limiter(EffectBase):
    """Never above full scale, and seldom above a threshold; evens out what is near it as well."""

    effect: Literal["limiter"]
    threshold_db: ThresholdDb = -1.0
    release_ms: Milliseconds = 100.0

    def plugins(self, sample_rate: int) -> list[Any]:
        """One limiter."""
        from pedalboard import Limiter as Plugin

        return [Plugin(self.threshold_db, self.release_ms)]


class Pitch(EffectBase):
    """Higher or lower, as long as before."""

    effect: Literal["pitch"]
    semitones: float = Field(ge=-24, le=24)
    formants: bool = False  # leave the colour of a voice where it is

    def plugins(self, sample_rate: int) -> list[Any]:
        """None: pitch.py does it, as pedalboard's plugin loses sound that comes in blocks."""
        return []


EFFECTS: tuple[type[EffectBase], ...] = (Gain, HighPass, LowPass, Equalizer, Compressor, Gate, Reverb, Limiter, Pitch)

if TYPE_CHECKING:
    Effect = EffectBase
else:
    Effect = Annotated[Union[EFFECTS], Field(discriminator="effect")]  # noqa: UP007 - a tuple of classes
