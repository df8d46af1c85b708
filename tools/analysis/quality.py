"""The stems of a song in figures: each on its own, and whether together they are the song (the null test)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from inference.ensemble import open_aligned
from inference.ensemble.joined import joined
from tools.analysis.bleed import BleedMeter
from tools.analysis.figures import FigureMeter, decibels

BLOCK = 1 << 16  # samples
PERFECT_DB = -150.0
"""Where nothing at all is left: better than this no file can be."""

OnWork = Callable[[float], None]


def quality(song: Path, stems: Sequence[Path], on_work: OnWork = lambda _: None) -> dict[str, Any]:
    """Measure a song and its stems in one pass, at the highest rate among them.

    Returns:
        null_db: the energy of (song - sum of the stems) against the song's in dB; None for fewer than two stems, or a silent song.
        song: its figures. stems: those of each in turn, and `bleed_db`, see bleed.py.

    Raises:
        MsstError: a file that cannot be read.
    """
    with open_aligned([song, *stems]) as files:
        meters = [FigureMeter(files.sample_rate, files.channels) for _ in files.members]
        bleed = BleedMeter(files.sample_rate, len(stems), files.channels)
        left = whole = 0.0
        passed = 0
        for blocks in joined(files.members, BLOCK):
            for meter, block in zip(meters, blocks, strict=True):
                meter.push(block)
            bleed.push(blocks[1:])
            rest = blocks[0].astype(np.float64) - blocks[1:].sum(axis=0, dtype=np.float64)
            left += float(np.square(rest).sum())
            whole += float(np.square(blocks[0], dtype=np.float64).sum())
            passed += blocks.shape[-1]
            on_work(min(passed / files.frames, 1.0) if files.frames else 0.0)
    figures = [asdict(meter.finish()) for meter in meters]
    leaks = bleed.finish()
    null = None
    if len(stems) > 1 and whole > 0:
        null = max(decibels(left / whole), PERFECT_DB) if left > 0 else PERFECT_DB
    shown = [{**each, "bleed_db": None if each["silent"] else leak} for each, leak in zip(figures[1:], leaks, strict=True)]
    return {"null_db": null, "song": figures[0], "stems": shown}
