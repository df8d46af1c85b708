"""The step `convert`: another sample rate, another number of channels. The container is said where a result is kept, by the output.

{"kind": "convert", "name": "phone", "input": "clean", "rate": 16000, "channels": 1}
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from inference.audio import AudioSource, resample
from inference.audio.downmix import to_stereo
from inference.audio.steady import with_channels
from inference.presets.steps.base import OneStem, StepContext
from inference.presets.steps.streams import STAGE, heard, write
from inference.types import Samples


class ConvertStep(OneStem):
    """Change rate and channels; None leaves them as they are."""

    kind: Literal["convert"] = "convert"
    rate: int | None = Field(None, ge=4000, le=384_000)  # samples per second
    channels: int | None = Field(None, ge=1, le=8)  # 1: the mean of all; 2: a downmix of more; more: silent ones, or copies of mono


def convert(step: ConvertStep, context: StepContext) -> None:
    """Stream the step's input through a resampler."""
    context.on_stage(STAGE)
    with AudioSource(context.path(step.input)) as source:
        info = source.info
        rate, channels = step.rate or info.sample_rate, step.channels or info.channels
        fitted = (_fitted(block, channels) for block in heard(source, context.on_fraction))
        blocks = resample(fitted, channels=channels, source_rate=info.sample_rate, target_rate=rate)
        write(context, step.main_stem, blocks, rate, channels)


def _fitted(block: Samples, channels: int) -> Samples:
    if channels == 2 < block.shape[0]:
        return to_stereo(block)
    return with_channels(block, channels)
