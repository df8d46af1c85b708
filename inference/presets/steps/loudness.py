"""The step `loudness`: one gain for the whole recording, so that it is as loud as it should be (ITU-R BS.1770).

    {"kind": "loudness", "name": "level", "input": "clean", "lufs": -16, "peak_db": -1}

Two passes over the file: measure, then change. Where the gain would lift the true peak above `peak_db`, a smaller one is taken and the log
says by how much the target was missed; nothing is compressed or clipped. Silence stays silence.
"""

from __future__ import annotations

import logging
import math
from typing import Literal

import numpy as np
from pydantic import Field

from inference.audio import AudioSource
from inference.audio.loudness import LoudnessMeter, TruePeakMeter
from inference.presets.steps.base import OneStem, StepContext
from inference.presets.steps.streams import STAGE, heard, part, write

log = logging.getLogger(__name__)


class LoudnessStep(OneStem):
    """Bring a recording to a loudness."""

    kind: Literal["loudness"] = "loudness"
    lufs: float = Field(-14.0, ge=-70, le=0)  # the target; streaming services play at -14, podcasts at -16, broadcasts at -23
    peak_db: float | None = Field(None, ge=-30, le=0)  # dB true peak that is not to be passed; None for no such limit


def loudness(step: LoudnessStep, context: StepContext) -> None:
    """Measure, then change."""
    context.on_stage(STAGE)
    path = context.path(step.input)
    with AudioSource(path) as source:
        info = source.info
        meter, peaks = LoudnessMeter(info.sample_rate, info.channels), TruePeakMeter(info.sample_rate, info.channels)
        for block in heard(source, part(context, 0, 0.7)):
            meter.push(block)
            if step.peak_db is not None:
                peaks.push(block)
    gain = np.float32(10 ** (_gain_db(step, meter.integrated(), peaks.finish()) / 20))
    with AudioSource(path) as source:
        blocks = (block * gain for block in heard(source, part(context, 0.7, 1)))
        write(context, step.main_stem, blocks, info.sample_rate, info.channels)


def _gain_db(step: LoudnessStep, lufs: float, peak: float) -> float:
    if math.isinf(lufs):
        log.info("%s: too quiet to measure; it stays as it is", step.name)
        return 0.0
    gain = step.lufs - lufs
    if step.peak_db is not None and peak > 0:
        room = step.peak_db - 20 * math.log10(peak)
        if room < gain:
            log.info("%s: peaks leave room for %.1f dB of the %.1f dB to %g LUFS", step.name, room, gain, step.lufs)
            return room
    return gain
