"""The step `join`: sounds one after the other.

    {"kind": "join", "name": "medley", "sources": ["mixture", "file2"], "crossfade": 2, "curve": "equal_power"}

With `gap`, silence of so many seconds lies between them. With `crossfade`, the end of each goes over into the beginning of the next: as
loud on the way for sounds that have nothing in common ("equal_power"), or for those that are alike ("equal_gain"). A sound shorter than
the crossfade goes over in as much time as it has. The highest sample rate of all is taken and the most channels; mono joins every
channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from typing_extensions import Self

from inference.presets.impossible import Impossible
from inference.presets.references import MAX_FILES
from inference.presets.steps.base import Reference, StemName, StemsOf, StepBase, StepContext
from inference.presets.steps.fades import MAX_FADE, DelayLine, rise
from inference.presets.steps.streams import BLOCK, STAGE, counted, write
from inference.types import Samples

Curve = Literal["equal_power", "equal_gain"]


class JoinStep(StepBase):
    """Put sounds one after the other."""

    kind: Literal["join"] = "join"
    sources: tuple[Reference, ...] = Field(min_length=1, max_length=MAX_FILES)  # one may stand there twice
    gap: float = Field(0.0, ge=0, le=600)  # seconds of silence between two
    crossfade: float = Field(0.0, ge=0, le=MAX_FADE)  # seconds that two overlap
    curve: Curve = "equal_power"
    stem: StemName = "join"

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.gap and self.crossfade:
            raise Impossible("either a gap or a crossfade", "gap_or_crossfade")
        return self

    def references(self) -> tuple[str, ...]:
        """What it reads."""
        return self.sources

    def renamed(self, new: Callable[[str], str]) -> Self:
        """The same step with its references changed."""
        return self.model_copy(update={"sources": tuple(map(new, self.sources))})

    def makes(self, stems_of: StemsOf) -> tuple[str, ...]:
        """The whole."""
        return (self.stem,)

    @property
    def main_stem(self) -> str:
        """The whole."""
        return self.stem

    def recipe(self) -> dict[str, Any]:
        """All its fields but those that only say where it stands."""
        return self.model_dump(mode="json", exclude={"name", "place", "sources"})


def join(step: JoinStep, context: StepContext) -> None:
    """Stream one source after the other."""
    from inference.ensemble import open_aligned

    context.on_stage(STAGE)
    with open_aligned([context.path(reference) for reference in step.references()]) as files:
        rate = files.sample_rate
        if step.crossfade:
            blocks = crossfaded(files.members, round(step.crossfade * rate), step.curve)
        else:
            blocks = _spaced(files.members, round(step.gap * rate), files.channels)
        expected = files.frames * len(files.members) if files.frames else None  # the longest of all, so often: an upper limit
        write(context, step.stem, counted(blocks, expected, context.on_fraction), rate, files.channels)


def _spaced(members: Sequence[Iterable[Samples]], gap: int, channels: int) -> Iterator[Samples]:
    for number, member in enumerate(members):
        left = gap if number else 0
        while left > 0:
            yield np.zeros((channels, min(left, BLOCK)), np.float32)
            left -= BLOCK
        yield from member


def crossfaded(members: Sequence[Iterable[Samples]], length: int, curve: Curve) -> Iterator[Samples]:
    """Streams of blocks [C, n] one after the other, each overlapping what is there by `length` samples, or by as many as both have."""
    line = DelayLine(length)
    for member in members:
        stream = iter(member)
        tail = line.take()
        head = _first(stream, length) if tail is not None else None
        if tail is not None and head is not None:
            overlap = min(tail.shape[1], head.shape[1])
            early = tail.shape[1] - overlap
            yield line.push(tail[:, :early])
            yield line.push(_over(tail[:, early:], head[:, :overlap], curve))
            yield line.push(head[:, overlap:])
        elif tail is not None:
            line.push(tail)
        for block in stream:
            yield line.push(block)
    rest = line.take()
    if rest is not None:
        yield rest


def _first(stream: Iterator[Samples], length: int) -> Samples | None:
    """At least the first `length` samples of a stream, all that is read of it; fewer where it is shorter, None where it is empty."""
    blocks: list[Samples] = []
    while sum(block.shape[1] for block in blocks) < length:
        block = next(stream, None)
        if block is None:
            break
        blocks.append(block)
    return np.concatenate(blocks, axis=1) if blocks else None


def _over(ending: Samples, beginning: Samples, curve: Curve) -> Samples:
    gain = rise(beginning.shape[1])
    if curve == "equal_gain":
        return ending + gain * (beginning - ending)
    return (np.sqrt(gain[::-1]) * ending + np.sqrt(gain) * beginning).astype(np.float32, copy=False)
