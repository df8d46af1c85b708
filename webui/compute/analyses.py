"""What a compute child does for the player and the tools: figures, pictures and copies of sounds. JSON in and JSON out, paths as text."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

OnWork = Callable[[float], None]


def analyse(what: str, on_work: OnWork, args: dict[str, Any]) -> Any:
    """One analysis, by its name in ANALYSES. Raises MsstError, and whatever `on_work` raises."""
    return ANALYSES[what](on_work, **args)


def lower_priority() -> None:
    """Let others go first, a step more at each call: separations the page, analyses both. Windows was told when the process was made."""
    if hasattr(os, "nice"):
        os.nice(5)


def _describe(on_work: OnWork, *, path: str) -> dict[str, Any]:
    from tools.analysis.describe import describe

    return describe(Path(path), on_work)


def _key_tempo(on_work: OnWork, *, path: str) -> dict[str, Any]:
    from tools.analysis.music import key_tempo

    return key_tempo(Path(path), on_work)


def _score(on_work: OnWork, *, reference: str, estimate: str) -> dict[str, Any]:
    from tools.analysis.score import score

    return score(Path(reference), Path(estimate), on_work)


def _quality(on_work: OnWork, *, song: str, stems: list[str]) -> dict[str, Any]:
    from tools.analysis.quality import quality

    return quality(Path(song), [Path(stem) for stem in stems], on_work)


def _spectrogram(on_work: OnWork, *, path: str, target: str, width: int, height: int) -> dict[str, Any]:
    from tools.analysis.picture import draw

    return draw(Path(path), Path(target), width=width, height=height, on_work=on_work)


def _copy(
    on_work: OnWork, *, source: str, target: str, peaks: str, sample_rate: int | None = None, frames: int | None = None
) -> dict[str, Any]:
    from tools.analysis.copies import copy_aligned

    return copy_aligned(Path(source), Path(target), Path(peaks), sample_rate=sample_rate, frames=frames, on_work=on_work)


ANALYSES: dict[str, Callable[..., Any]] = {
    "info": _describe,
    "key_tempo": _key_tempo,
    "score": _score,
    "quality": _quality,
    "spectrogram": _spectrogram,
    "copy": _copy,
}
