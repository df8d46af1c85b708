"""A song as its stems are: lossless, at their rate, exactly as long, with the envelope that a player draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from inference.audio import AudioSource, AudioWriter, PeakMeter, resample
from inference.types import OutputFormat, Samples
from tools.whole import made_whole

COPY = OutputFormat("flac", "PCM_16")
"""As the previews of stems: what a player reads from any sample on."""

PLAYED = 48_000
"""Hz: a copy that has no stems to be aligned with needs no more."""

OnWork = Callable[[float], None]


def copy_aligned(
    source: Path,
    target: Path,
    peaks: Path,
    *,
    sample_rate: int | None = None,
    frames: int | None = None,
    on_work: OnWork = lambda _: None,
) -> dict[str, Any]:
    """Write the copy and its envelope; both appear whole or not at all.

    Args:
        source: the song, any format that decodes.
        target: the FLAC to be.
        peaks: the envelope to be, int8 [n, 2] as of PeakMeter.
        sample_rate: of the copy; None for the song's own, or PLAYED where that is higher.
        frames: of the copy, samples per channel; a shorter song goes on with silence. None for the song's own length.
        on_work: told 0 .. 1.

    Returns:
        sample_rate, channels, frames.

    Raises:
        MsstError: the song cannot be read, or the disk is full.
    """
    with made_whole(target, peaks) as (sound, envelope), AudioSource(source) as song:
        sample_rate = sample_rate or min(song.info.sample_rate, PLAYED)
        channels, meter = song.info.channels, PeakMeter(sample_rate)
        expected = frames or max(1, round((song.info.duration or 0) * sample_rate))
        blocks = resample(song, channels=channels, source_rate=song.info.sample_rate, target_rate=sample_rate)
        written = 0
        with AudioWriter(sound, sample_rate=sample_rate, channels=channels, format=COPY) as writer:
            for block in blocks if frames is None else _of_length(blocks, channels, frames):
                writer.write(block)
                meter.push(block)
                written += block.shape[1]
                on_work(min(1.0, written / expected))
        envelope.write_bytes(meter.finish().tobytes())
    return {"sample_rate": sample_rate, "channels": channels, "frames": written}


def _of_length(blocks: Iterator[Samples], channels: int, frames: int) -> Iterator[Samples]:
    left = frames
    for block in blocks:
        if not left:
            return
        yield block[:, :left]
        left -= min(block.shape[1], left)
    while left:
        yield np.zeros((channels, min(left, 1 << 16)), np.float32)
        left -= min(left, 1 << 16)
