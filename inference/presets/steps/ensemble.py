"""The step `ensemble`: one stem from several that are meant to be the same.

    {"kind": "ensemble", "name": "vocals", "algorithm": "avg_wave", "members": [
        {"model": "a", "stem": "vocals", "weight": 2, "options": {"overlap": "high"}},
        {"from": "other_step.vocals", "bands": [0, 1, 1]} ]}

A member with a model becomes a step `separate` of its own when the preset is read (graph.py), so that each is kept, and shared with whoever
else needs it. The step makes the ensemble's stem, and `residual`: what that leaves of the step's input. In the same
pass it says how far its members disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from inference.ensemble import AlignedFiles, Disagreement, EnsembleSettings, ensemble, open_aligned, with_residual
from inference.errors import BadOption
from inference.presets.impossible import Impossible
from inference.presets.references import MAX_FILES, MIXTURE, stem_of
from inference.presets.steps.base import Doubt, Reference, StemName, StemsOf, StepBase, StepContext, Strict
from inference.presets.steps.separate import checked_options
from inference.presets.steps.streams import STAGE, paced
from inference.types import Samples

RESIDUAL = "residual"
DEFAULT_STEM = "ensemble"  # where the members' stems have different names


class Member(Strict):
    """One of the ensemble: a stem of another step, or (only until the preset is read) a model that works on the ensemble's input."""

    source: Reference | None = Field(None, alias="from")
    model: str | None = Field(None, min_length=1)
    stem: StemName | None = None  # of the model; may be left out where it has one
    options: dict[str, Any] = Field(default_factory=dict)  # for the model
    weight: float = Field(1.0, ge=0, allow_inf_nan=False)
    bands: tuple[float, float, float] | None = None  # what the weight is multiplied by in the low, middle and high band

    _check = field_validator("options")(checked_options)

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.source is None) == (self.model is None):
            raise Impossible('a member has either "from" or "model"', "member")
        if self.source is not None and (self.stem or self.options):
            raise ValueError('"stem" and "options" belong to "model"; "from" names both step and stem')
        return self


class EnsembleStep(StepBase):
    """Make one stem of several."""

    kind: Literal["ensemble"] = "ensemble"
    input: Reference = MIXTURE  # what its models work on, and what the residual is taken from
    members: tuple[Member, ...] = Field(min_length=1, max_length=MAX_FILES)
    algorithm: str = "avg_wave"  # of inference.ensemble.ALGORITHMS
    crossovers: tuple[float, float] = (250.0, 4000.0)  # Hz: where the bands end
    stem: StemName | None = None  # what its stem is called; by default as those of all members, else "ensemble"

    work: ClassVar[float] = 0.06

    @model_validator(mode="after")
    def _possible(self) -> Self:
        try:
            self.settings.among(len(self.members))
        except BadOption as error:
            raise ValueError(f"{error.message}. {error.hint}".strip()) from error
        return self

    @property
    def settings(self) -> EnsembleSettings:
        """How it is made."""
        bands = tuple(each.bands or (1.0, 1.0, 1.0) for each in self.members) if any(each.bands for each in self.members) else ()
        return EnsembleSettings(self.algorithm, tuple(each.weight for each in self.members), bands, self.crossovers)

    def references(self) -> tuple[str, ...]:
        """What it reads: its members, and the input last."""
        return (*(each.source for each in self.members if each.source is not None), self.input)

    def renamed(self, new: Callable[[str], str]) -> Self:
        """The same step with its references changed."""
        members = tuple(each.model_copy(update={"source": new(each.source)}) if each.source else each for each in self.members)
        return self.model_copy(update={"input": new(self.input), "members": members})

    def makes(self, stems_of: StemsOf) -> tuple[str, ...]:
        """The ensemble, and the residual."""
        return (self.main_stem, RESIDUAL)

    @property
    def main_stem(self) -> str:
        """The ensemble, called as the stems of its members where those agree."""
        stems = {stem_of(each.source).casefold(): stem_of(each.source) for each in self.members if each.source}
        alike = next(iter(stems.values())) if len(stems) == 1 else ""
        return self.stem or alike or DEFAULT_STEM

    def recipe(self) -> dict[str, Any]:
        """Algorithm and weights."""
        members = [each.model_dump(mode="json", include={"weight", "bands"}) for each in self.members]
        return {**self.model_dump(mode="json", include={"algorithm", "crossovers"}), "stem": self.main_stem, "members": members}


def run_ensemble(step: EnsembleStep, context: StepContext) -> None:
    """Put the members together, block by block, and take the result from the input where somebody wants the residual."""
    context.on_stage(STAGE)
    stems = [stem for stem in (step.main_stem, RESIDUAL) if context.wants(stem)]
    *members, source = step.references()
    needed = RESIDUAL in stems or source not in members  # else it decides nothing that they do not: neither rate nor length
    with ExitStack() as stack:
        files = stack.enter_context(open_aligned([context.path(reference) for reference in (*members, *([source] if needed else []))]))
        several = len(step.settings.among(len(members)).members) > 1
        meter = Disagreement(files.sample_rate) if several else None
        opened = context.open_sinks(stems, files.sample_rate, files.channels)
        sinks = {stem: stack.enter_context(sink) for stem, sink in zip(stems, opened, strict=True)}
        passed, tell = 0, paced(context.on_fraction)
        for stem, rest in _pairs(step, files, meter):
            for name, samples in ((step.main_stem, stem), (RESIDUAL, rest)):
                if name in sinks:
                    sinks[name].write(samples)
            passed += stem.shape[1]
            tell(min(passed / files.frames, 1.0) if files.frames else 0.0)
    if meter is not None:
        context.on_doubt(Doubt(meter.overall, meter.picture()))


def _pairs(step: EnsembleStep, files: AlignedFiles, meter: Disagreement | None) -> Iterator[tuple[Samples, Samples]]:
    """The ensemble and what it leaves of the input; where the input was not opened, the ensemble twice."""
    count = len(step.members)
    made = ensemble(files.members[:count], step.settings, sample_rate=files.sample_rate, disagreement=meter)
    if len(files.members) > count:
        return with_residual(files.members[count], made)
    return ((block, block) for block in made)
