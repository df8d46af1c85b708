"""The step `mix`: a weighted sum. Negative weights take away: the mixture minus the vocals is everything else.

    {"kind": "mix", "name": "karaoke", "sources": [{"from": "mixture"}, {"from": "split.vocals", "weight": -1}], "stem": "karaoke"}

The highest sample rate of all is taken and the most channels; mono joins every channel; what is shorter goes on with silence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from pydantic import Field
from typing_extensions import Self

from inference.presets.steps.base import Source, StemName, StemsOf, StepBase, StepContext
from inference.presets.steps.streams import BLOCK, STAGE, counted, write


class MixStep(StepBase):
    """Add up what other steps made, each with its weight."""

    kind: Literal["mix"] = "mix"
    sources: tuple[Source, ...] = Field(min_length=1, max_length=64)
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
        """The weights."""
        return {"weights": [each.weight for each in self.sources], "stem": self.stem}


def mix(step: MixStep, context: StepContext) -> None:
    """Add up the step's sources, block by block."""
    from inference.ensemble import open_aligned
    from inference.ensemble.joined import joined

    context.on_stage(STAGE)
    weights = np.array([each.weight for each in step.sources], np.float32)
    with open_aligned([context.path(reference) for reference in step.references()]) as files:
        sums = (np.tensordot(weights, blocks, 1) for blocks in joined(files.members, BLOCK))
        write(context, step.stem, counted(sums, files.frames, context.on_fraction), files.sample_rate, files.channels)
