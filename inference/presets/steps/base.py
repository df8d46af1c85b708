"""What every kind of step is given, and what it must say and do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import Self

from inference.presets.references import MIXTURE, owner_of, stem_of
from inference.presets.sinks import StemSink

if TYPE_CHECKING:
    from inference.separator import Separator

Models = Callable[[str, Mapping[str, Any]], "Separator"]
"""Gives the loaded separator of a catalogue name, set to the options that a step asks for; whoever calls the runner decides how long it
stays loaded, and what else has a say in the options."""

StemName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^*.]+$")]  # a star and a dot have a meaning in references
StemsOf = Callable[[str], Sequence[str]]
"""The stems of a model, by its name."""


Reference = Annotated[str, Field(json_schema_extra={"reference": True})]
"""What a step reads, see references.py. The mark is for editors: here a sound is chosen."""


class Strict(BaseModel):
    """Knows all its fields and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, protected_namespaces=())


class Source(Strict):
    """One of several things that a step puts together."""

    source: Reference = Field(alias="from")
    weight: float = Field(default=1.0, allow_inf_nan=False)


class StepBase(Strict):
    """A step of a preset. Each kind is a subclass with a `kind` of its own, registered in steps.STEPS."""

    kind: str
    name: str  # unique in the preset, in any case
    place: str = ""  # where it stands in its file, "/steps/2": for messages

    work: ClassVar[float] = 0.02
    """Time that a second of audio takes, against separating with the built-in model; for `separate` the model says."""

    def references(self) -> tuple[str, ...]:
        """What it reads: "mixture" or "STEP.STEM"."""
        raise NotImplementedError

    def renamed(self, new: Callable[[str], str]) -> Self:
        """The same step with its references changed."""
        raise NotImplementedError

    def makes(self, stems_of: StemsOf) -> tuple[str, ...]:
        """The stems it makes. Raises UnknownModel."""
        raise NotImplementedError

    @property
    def cost(self) -> float:
        """The time that a second of audio takes this step, as `work`."""
        return self.work

    @property
    def main_stem(self) -> str | None:
        """The stem that its bare name stands for; None where only the model knows it."""
        return None

    def recipe(self) -> dict[str, Any]:
        """All that its result depends on, as JSON, apart from what it reads, its model and its name."""
        raise NotImplementedError


class OneStem(StepBase):
    """A step that reads one thing and makes one stem of it."""

    input: Reference = MIXTURE
    stem: StemName | None = None  # what its stem is called; by default as the one it reads

    def references(self) -> tuple[str, ...]:
        """What it reads."""
        return (self.input,)

    def renamed(self, new: Callable[[str], str]) -> Self:
        """The same step with its input changed."""
        return self.model_copy(update={"input": new(self.input)})

    def makes(self, stems_of: StemsOf) -> tuple[str, ...]:
        """The stem it makes."""
        return (self.main_stem,)

    @property
    def main_stem(self) -> str:
        """The stem it makes."""
        return self.stem or stem_of(self.input) or owner_of(self.input)

    def recipe(self) -> dict[str, Any]:
        """All its fields but those that only say where it stands."""
        return {**self.model_dump(mode="json", exclude={"name", "place", "input"}), "stem": self.main_stem}


@dataclass(frozen=True)
class Doubt:
    """How far the members of an ensemble were apart."""

    level: float  # dB: the energy of what they differ by, against that of what they have in common
    picture: str  # over time, an SVG


@dataclass(frozen=True)
class StepContext:
    """The surroundings of one running step."""

    path: Callable[[str], Path]  # the audio that a reference means
    models: Models
    open_sinks: Callable[[Sequence[str], int, int], Sequence[StemSink]]  # (stems, sample_rate, channels) -> a sink a stem
    on_stage: Callable[[str], None]  # told the stage as it changes
    on_fraction: Callable[[float], None]  # told 0 .. 1 of this step; raises Cancelled to stop
    on_doubt: Callable[[Doubt], None]  # told at the end, where the step can say how sure its stems are
    wanted: tuple[str, ...] | None  # the stems somebody needs, as the preset spells them; None for all

    def wants(self, stem: str) -> bool:
        """Whether somebody needs this stem."""
        return self.wanted is None or stem.casefold() in {each.casefold() for each in self.wanted}


@dataclass(frozen=True)
class StepKind:
    """What the registry knows of a kind of step."""

    model: type[StepBase]  # what its JSON says
    run: Callable[[Any, StepContext], None]  # reads context.path(...), writes each wanted stem into its sink; leaves nothing half-written
