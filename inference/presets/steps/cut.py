"""The step `cut`: a part of a sound, from one moment to another.

    {"kind": "cut", "name": "verse", "input": "mixture", "start": 12.5, "end": 30, "fade_in": 0.01, "fade_out": 0.5}

Moments are rounded to whole samples; without fades every sample stays as it is, bit for bit. An end behind the sound's end is its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from inference.audio import AudioSource
from inference.errors import BadOption
from inference.presets.impossible import Impossible
from inference.presets.steps.base import OneStem, StepContext
from inference.presets.steps.fades import MAX_FADE, faded_in, faded_out
from inference.presets.steps.streams import STAGE, counted, write
from inference.types import Samples

LONGEST = 24 * 3600.0  # seconds: no sound here is longer


class CutStep(OneStem):
    """Keep a part."""

    kind: Literal["cut"] = "cut"
    start: float = Field(0.0, ge=0, le=LONGEST)  # seconds
    end: float | None = Field(None, gt=0, le=LONGEST)  # seconds; None for the sound's end
    fade_in: float = Field(0.0, ge=0, le=MAX_FADE)  # seconds
    fade_out: float = Field(0.0, ge=0, le=MAX_FADE)  # seconds

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise Impossible(f"the end ({self.end:g} s) is not behind the start ({self.start:g} s)", "backwards")
        return self


def cut(step: CutStep, context: StepContext) -> None:
    """Copy the part.

    Raises:
        BadOption: the sound ends before the part begins.
    """
    context.on_stage(STAGE)
    with AudioSource(context.path(step.input)) as source:
        rate = source.info.sample_rate
        begin, end = round(step.start * rate), None if step.end is None else round(step.end * rate)
        blocks = _named(between(source, begin, end), step, source)
        blocks = faded_out(faded_in(blocks, round(step.fade_in * rate)), round(step.fade_out * rate))
        length = _length(source.info.frames, begin, end)
        write(context, step.main_stem, counted(blocks, length, context.on_fraction), rate, source.info.channels)


def between(blocks: Iterable[Samples], begin: int, end: int | None) -> Iterator[Samples]:
    """The samples from `begin` up to `end` (not included) of blocks [C, n]; none of the blocks is empty. Nothing is read after `end`."""
    position = 0
    for block in blocks:
        part = block[:, max(begin - position, 0) : None if end is None else max(end - position, 0)]
        position += block.shape[1]
        if part.shape[1]:
            yield part
        if end is not None and position >= end:
            return


def _named(blocks: Iterator[Samples], step: CutStep, source: AudioSource) -> Iterator[Samples]:
    empty = True
    for block in blocks:
        empty = False
        yield block
    if empty:
        seconds = source.frames / source.info.sample_rate
        raise BadOption(
            f"{step.name}: nothing is left: the part begins at {step.start:g} s, and the sound is {seconds:.3f} s long",
            hint="Choose an earlier start.",
            option="start",
        )


def _length(frames: int | None, begin: int, end: int | None) -> int | None:
    """How many samples the part will have, as far as the header knows."""
    if frames is None:
        return None if end is None else end - begin
    return max(min(frames, frames if end is None else end) - begin, 0)
