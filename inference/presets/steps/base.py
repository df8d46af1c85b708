"""What every kind of step is given, and what it must do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from inference.presets.schema import Step
from inference.presets.sinks import StemSink

if TYPE_CHECKING:
    from inference.separator import Separator

Models = Callable[[str], "Separator"]
"""Gives the loaded separator of a catalogue name; whoever calls the runner decides how long it stays loaded."""


@dataclass(frozen=True)
class StepContext:
    """The surroundings of one running step."""

    source: Path  # the audio to work on
    models: Models
    open_sinks: Callable[[Sequence[str], int, int], Sequence[StemSink]]  # (stems, sample_rate, channels) -> a sink a stem
    on_stage: Callable[[str], None]  # told the stage as it changes
    on_fraction: Callable[[float], None]  # told 0 .. 1 of this step; raises Cancelled to stop
    wanted: tuple[str, ...] | None  # the stems somebody needs, as the preset spells them; None for all


class RunStep(Protocol):
    """Does one step: reads `context.source`, writes each wanted stem into its sink."""

    def __call__(self, step: Step, context: StepContext) -> None:
        """Run `step` in its surroundings; an exception leaves no half-written file."""
