"""The spectrogram of a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from inference.audio import AudioSource
from tools.analysis.spectrogram import HIGHEST, LOWEST, Spectrogram
from tools.whole import made_whole

OnWork = Callable[[float], None]


def draw(path: Path, target: Path, *, width: int, height: int, on_work: OnWork = lambda _: None) -> dict[str, Any]:
    """Write the picture to `target`, whole or not at all.

    Returns:
        seconds that it shows, and the pitches at its lower and upper edge, `lowest` and `highest`, in Hz.

    Raises:
        MsstError: a file that cannot be read.
    """
    with AudioSource(path) as source:
        info = source.info
        picture = Spectrogram(info.sample_rate, info.channels, width=width, height=height, frames=info.frames)
        for block in source:
            picture.push(block)
            on_work(min(source.frames / info.frames, 1.0) if info.frames else 0.0)
        seconds = source.frames / info.sample_rate
    with made_whole(target) as (part,):
        part.write_bytes(picture.finish())
    return {"seconds": seconds, "lowest": LOWEST, "highest": HIGHEST}
