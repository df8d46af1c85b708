"""A file in figures: what its header says, and what its sound is like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from inference.audio import AudioSource
from inference.audio.loudness import TruePeakMeter
from tools.analysis.figures import SILENCE_DB, FigureMeter, decibels

OnWork = Callable[[float], None]


def describe(path: Path, on_work: OnWork = lambda _: None) -> dict[str, Any]:
    """The file, and its sound as `Figures` say.

    Returns:
        container, sample_rate, channels, frames, seconds (as decoded), bytes, bit_rate (bits per second, of the whole file), clipped
        (samples at full scale or beyond), true_peak_db, quiet_start and quiet_end (seconds below SILENCE_DB), and the figures.

    Raises:
        MsstError: a file that cannot be read.
    """
    with AudioSource(path) as source:
        info = source.info
        meter, true_peak = FigureMeter(info.sample_rate, info.channels), TruePeakMeter(info.sample_rate, info.channels)
        clipped, position, first, last = 0, 0, -1, -1
        for block in source:
            meter.push(block)
            true_peak.push(block)
            level = np.abs(block)
            clipped += int(np.count_nonzero(level >= 1 - 2**-15))
            loud = np.flatnonzero((level > 10 ** (SILENCE_DB / 20)).any(axis=0))
            if loud.size:
                first = position + int(loud[0]) if first < 0 else first
                last = position + int(loud[-1])
            position += block.shape[1]
            on_work(min(position / info.frames, 1.0) if info.frames else 0.0)
    seconds, peak, size = position / info.sample_rate, true_peak.finish(), path.stat().st_size
    return {
        "container": info.container,
        "sample_rate": info.sample_rate,
        "channels": info.channels,
        "frames": position,
        "seconds": seconds,
        "bytes": size,
        "bit_rate": round(8 * size / seconds),
        "clipped": clipped,
        "true_peak_db": decibels(peak**2) if peak > 0 else None,
        "quiet_start": (first if first >= 0 else position) / info.sample_rate,
        "quiet_end": (position - 1 - last) / info.sample_rate if first >= 0 else 0.0,
        **asdict(meter.finish()),
    }
