"""The step `trim_silence`: the only kind whose result is shorter than what it reads.

    {"kind": "trim_silence", "name": "trim", "input": "clean", "threshold_db": -60, "keep": 0.25, "start": true, "end": true}

Two passes over the file: where does the sound begin and end, then what lies between. What never is louder than the threshold stays whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from inference.audio import AudioSource
from inference.presets.steps.base import OneStem, StepContext
from inference.presets.steps.streams import STAGE, heard, part, write
from inference.types import Samples


class TrimSilenceStep(OneStem):
    """Cut off silence."""

    kind: Literal["trim_silence"] = "trim_silence"
    start: bool = True  # cut before the first sound
    end: bool = True  # cut after the last
    threshold_db: float = Field(-60.0, ge=-120, le=0)  # a sample at or below this, against full scale, is silence
    keep: float = Field(0.1, ge=0, le=60)  # seconds of it that stay on each side


def trim_silence(step: TrimSilenceStep, context: StepContext) -> None:
    """Find the sound, then copy it."""
    context.on_stage(STAGE)
    path = context.path(step.input)
    with AudioSource(path) as source:
        begin, end = _sound(heard(source, part(context, 0, 0.5)), 10 ** (step.threshold_db / 20))
        info, frames = source.info, source.frames
    keep = round(step.keep * info.sample_rate)
    begin = max(begin - keep, 0) if step.start and end else 0
    end = min(end + keep, frames) if step.end and end else frames
    with AudioSource(path) as source:
        write(context, step.main_stem, _between(heard(source, part(context, 0.5, 1)), begin, end), info.sample_rate, info.channels)


def _sound(blocks: Iterable[Samples], threshold: float) -> tuple[int, int]:
    """From which sample on there is sound, and up to which (not included); (0, 0) where there is none."""
    position, begin, end = 0, 0, 0
    for block in blocks:
        loud = np.flatnonzero((np.abs(block) > threshold).any(axis=0))
        if loud.size:
            begin = begin if end else position + int(loud[0])
            end = position + int(loud[-1]) + 1
        position += block.shape[1]
    return begin, end


def _between(blocks: Iterable[Samples], begin: int, end: int) -> Iterator[Samples]:
    position = 0
    for block in blocks:
        yield block[:, max(begin - position, 0) : max(end - position, 0)]
        position += block.shape[1]
