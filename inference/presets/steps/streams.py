"""What steps that work sample by sample have in common: blocks in from a file, blocks out into a sink, progress on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from inference.audio import AudioSource
from inference.presets.steps.base import OneStem, StepContext
from inference.types import AudioInfo, Samples

STAGE = "processing"
BLOCK = 1 << 16  # samples per channel
INTERVAL = 0.05  # seconds between two reports, at least

OnFraction = Callable[[float], None]


def paced(on_fraction: OnFraction) -> OnFraction:
    """Tells no more often than every INTERVAL: each report becomes a message to the server."""
    due = 0.0

    def tell(fraction: float) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + INTERVAL
            on_fraction(fraction)

    return tell


def heard(source: AudioSource, on_fraction: OnFraction) -> Iterator[Samples]:
    """The blocks of a file; tells how far it has been read, 0 .. 1."""
    frames, tell = source.info.frames, paced(on_fraction)
    for block in source:
        yield block
        tell(min(source.frames / frames, 1.0) if frames else 0.0)


def part(context: StepContext, begin: float, end: float) -> OnFraction:
    """Progress of a part of the step, from `begin` to `end` of it."""
    return lambda fraction: context.on_fraction(begin + fraction * (end - begin))


def write(context: StepContext, stem: str, blocks: Iterable[Samples], sample_rate: int, channels: int) -> None:
    """Put a stream [channels, n] into the sink of its stem."""
    (sink,) = context.open_sinks((stem,), sample_rate, channels)
    with sink:
        for block in blocks:
            if block.shape[1]:
                sink.write(block)


def through(step: OneStem, context: StepContext, change: Callable[[Iterator[Samples], AudioInfo], Iterable[Samples]]) -> None:
    """Stream the step's input through `change`, which keeps rate and channels."""
    context.on_stage(STAGE)
    with AudioSource(context.path(step.input)) as source:
        info = source.info
        write(context, step.main_stem, change(heard(source, context.on_fraction), info), info.sample_rate, info.channels)


def counted(blocks: Iterable[Samples], frames: int | None, on_fraction: OnFraction) -> Iterator[Samples]:
    """The same blocks; tells how much of `frames` samples has passed, 0 .. 1. Where nobody knows how many there are, it tells nothing."""
    passed, tell = 0, paced(on_fraction)
    for block in blocks:
        yield block
        passed += block.shape[-1]
        tell(min(passed / frames, 1.0) if frames else 0.0)
