"""The step `splice`: a part of one sound, taken from another.

    {"kind": "splice", "name": "mended", "input": "file2", "patch": "again.vocals", "at": 10, "start": 12, "end": 15, "fade": 0.05}

The patch's first sample lies `at` seconds in the input. Between `start` and `end` its sound takes the place of the input's, with a fade
at both ends that lies inside the part: outside of it, and where the patch has no sound, every sample stays as it is, bit for bit. Where
the part reaches the beginning or the end of the input there is nothing to fade from. What comes out has the input's rate, channels and
length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from typing_extensions import Self

from inference.audio import probe
from inference.presets.impossible import Impossible
from inference.presets.steps.base import OneStem, Reference, StepContext
from inference.presets.steps.cut import LONGEST
from inference.presets.steps.fades import MAX_FADE
from inference.presets.steps.streams import BLOCK, STAGE, counted, write
from inference.types import Samples


class SpliceStep(OneStem):
    """Replace a part."""

    kind: Literal["splice"] = "splice"
    patch: Reference = Field(min_length=1)
    at: float = Field(0.0, ge=0, le=LONGEST)  # seconds: where in the input the patch begins
    start: float = Field(ge=0, le=LONGEST)  # seconds
    end: float = Field(gt=0, le=LONGEST)  # seconds
    fade: float = Field(0.05, ge=0, le=MAX_FADE)  # seconds, at each end; half of the part at most

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end <= self.start:
            raise Impossible(f"the end ({self.end:g} s) is not behind the start ({self.start:g} s)", "backwards")
        if self.start < self.at:
            raise Impossible(
                f"the part begins at {self.start:g} s, and the patch has nothing before {self.at:g} s", "before_patch", at=self.at
            )
        return self

    def references(self) -> tuple[str, ...]:
        """What it reads."""
        return (self.input, self.patch)

    def renamed(self, new: Callable[[str], str]) -> Self:
        """The same step with its references changed."""
        return self.model_copy(update={"input": new(self.input), "patch": new(self.patch)})

    def recipe(self) -> dict[str, object]:
        """All its fields but those that only say where it stands."""
        return {**self.model_dump(mode="json", exclude={"name", "place", "input", "patch"}), "stem": self.main_stem}


@dataclass(frozen=True)
class _Part:
    """The part in samples of the input, and how long its fades are."""

    start: int
    end: int
    fade: int
    at: int  # of the patch's first sample
    whole: int | None  # length of the input, where its header knows it

    def share(self, begin: int, length: int) -> npt.NDArray[np.float32]:
        """How much of the patch is in each of `length` samples from `begin` on, 0 .. 1."""
        place = np.arange(begin, begin + length)
        inside = ((place >= self.start) & (place < self.end)).astype(np.float64)
        if self.fade and self.start > 0:
            inside *= np.clip((place - self.start + 0.5) / self.fade, 0, 1)
        if self.fade and (self.whole is None or self.end < self.whole):
            inside *= np.clip((self.end - place - 0.5) / self.fade, 0, 1)
        share: npt.NDArray[np.float32] = (0.5 - 0.5 * np.cos(np.pi * inside)).astype(np.float32)
        return share


def splice(step: SpliceStep, context: StepContext) -> None:
    """Stream the input, and the patch where it belongs."""
    from inference.ensemble import open_aligned
    from inference.ensemble.joined import reading

    context.on_stage(STAGE)
    base, patch = (context.path(reference) for reference in step.references())
    info = probe(base)
    rate = info.sample_rate
    start, end = round(step.start * rate), round(step.end * rate)
    part = _Part(start, end, min(round(step.fade * rate), (end - start) // 2), round(step.at * rate), info.frames)
    with open_aligned([base, patch], sample_rate=rate, channels=info.channels) as files:
        whole, piece = files.members
        blocks = _spliced(whole, reading(piece), part)
        write(context, step.main_stem, counted(blocks, info.frames, context.on_fraction), rate, info.channels)


def _spliced(blocks: Iterator[Samples], patch: Callable[[Samples], int], part: _Part) -> Iterator[Samples]:
    position = 0
    for long in blocks:
        for begin in range(0, long.shape[1], BLOCK):
            block = long[:, begin : begin + BLOCK]
            yield _laid_over(block, position, patch, part)
            position += block.shape[1]


def _laid_over(block: Samples, position: int, patch: Callable[[Samples], int], part: _Part) -> Samples:
    """A block of the input, which begins at `position`, with what belongs there of the patch."""
    begin, end = max(part.at, position), min(part.end, position + block.shape[1])
    if begin >= end:
        return block
    piece = np.empty((block.shape[0], end - begin), np.float32)
    piece = piece[:, : patch(piece)]
    share = part.share(begin, piece.shape[1])
    out: Samples = block.copy()
    there = out[:, begin - position : begin - position + piece.shape[1]]
    there[:] = np.where(share == 1, piece, there + share * (piece - there))
    return out
