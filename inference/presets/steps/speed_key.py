"""The step `speed_key`: faster or slower, higher or lower, each without the other.

    {"kind": "speed_key", "name": "practice", "input": "karaoke", "speed": 0.8, "semitones": -2}

What comes out is as long as the input divided by the speed, to the sample. Speed 1 and no semitones leave every sample as it is, bit for
bit.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from inference.presets.steps.base import OneStem, StepContext
from inference.presets.steps.pitch import Stretch, stretched
from inference.presets.steps.streams import through


class SpeedKeyStep(OneStem):
    """Change speed and key."""

    kind: Literal["speed_key"] = "speed_key"
    speed: float = Field(1.0, ge=0.5, le=2)  # 2: in half the time
    semitones: float = Field(0.0, ge=-12, le=12)  # higher by so much
    formants: bool = False  # leave the colour of a voice where it is

    @property
    def stretch(self) -> Stretch:
        """What to make of the sound."""
        return Stretch(self.semitones, self.speed, self.formants)

    @property
    def cost(self) -> float:
        """As another pitch, unless nothing changes."""
        return self.work if self.stretch == Stretch(formants=self.formants) else self.work + 0.8 / min(self.speed, 1.0)


def speed_key(step: SpeedKeyStep, context: StepContext) -> None:
    """Stream the step's input through the stretcher."""
    how = step.stretch
    if how == Stretch(formants=how.formants):
        through(step, context, lambda blocks, info: blocks)
    else:
        through(step, context, lambda blocks, info: stretched(blocks, how, info.sample_rate))
