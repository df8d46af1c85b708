"""The step `mix`: a weighted sum. Negative weights take away: the mixture minus the vocals is everything else.

    {"kind": "mix", "name": "karaoke", "sources": [{"from": "mixture"}, {"from": "split.vocals", "weight": -1}], "stem": "karaoke"}

The highest sample rate of all is taken and the most channels; mono joins every channel; what is shorter goes on with silence.

A source may have a `pan` from -1 (left) over 0 to 1 (right): a balance, as on a hi-fi. The side it is moved away from gets quieter in
proportion, down to nothing, and the other stays: right = 1, left = 1 - pan. So the middle leaves every sample as it is, which no pan of
constant power does, and nothing ever gets louder. A mix of mono sources with a pan among them is stereo; of more channels than two, the
front pair is balanced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from typing_extensions import Self

from inference.audio import probe
from inference.presets.steps.base import Source, StemName, StemsOf, StepBase, StepContext
from inference.presets.steps.streams import BLOCK, STAGE, counted, write


class MixSource(Source):
    """One of the sounds, and where between the loudspeakers it is."""

    pan: float = Field(default=0.0, ge=-1, le=1)


class MixStep(StepBase):
    """Add up what other steps made, each with its weight."""

    kind: Literal["mix"] = "mix"
    sources: tuple[MixSource, ...] = Field(min_length=1, max_length=64)
    stem: StemName = "mix"

    def references(self) -> tuple[str, ...]:
        """What it reads."""
        return tuple(each.source for each in self.sources)

    def renamed(self, new: Callable[[str], str]) -> Self:
        """The same step with its references changed."""
        sources = tuple(each.model_copy(update={"source": new(each.source)}) for each in self.sources)
        return self.model_copy(update={"sources": sources})

    def makes(self, stems_of: StemsOf) -> tuple[str, ...]:
        """The sum."""
        return (self.stem,)

    @property
    def main_stem(self) -> str:
        """The sum."""
        return self.stem

    def recipe(self) -> dict[str, Any]:
        """The weights, and the pans where there are any."""
        pans = [each.pan for each in self.sources]
        return {"weights": [each.weight for each in self.sources], "stem": self.stem, **({"pans": pans} if any(pans) else {})}


def mix(step: MixStep, context: StepContext) -> None:
    """Add up the step's sources, block by block."""
    from inference.ensemble import open_aligned
    from inference.ensemble.joined import joined

    context.on_stage(STAGE)
    paths = [context.path(reference) for reference in step.references()]
    with open_aligned(paths, channels=_channels(paths, step.sources)) as files:
        gains = _gains(step.sources, files.channels)
        sums = ((gains[:, :, None] * blocks).sum(axis=0) for blocks in joined(files.members, BLOCK))
        write(context, step.stem, counted(sums, files.frames, context.on_fraction), files.sample_rate, files.channels)


def _channels(paths: Sequence[Path], sources: Sequence[MixSource]) -> int | None:
    """Two for mono sources that have a place between the loudspeakers; None for as many as they have."""
    if any(each.pan for each in sources) and all(probe(path).channels == 1 for path in paths):
        return 2
    return None


def _gains(sources: Sequence[MixSource], channels: int) -> npt.NDArray[np.float32]:
    """The gain of each source in each channel, [sources, channels]."""
    gains = np.array([[each.weight] * channels for each in sources], np.float32)
    if channels > 1:
        gains[:, 0] *= [1 - max(each.pan, 0.0) for each in sources]
        gains[:, 1] *= [1 + min(each.pan, 0.0) for each in sources]
    return gains
