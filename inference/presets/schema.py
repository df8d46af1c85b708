"""What a preset is: named steps, each fed by the mixture or by stems of earlier steps, and the stems that are kept.

Each `version` of the files has one reader in READERS that turns its JSON into the same `Preset`; the runner knows only that.

    1.0.0   flow.py    the community's format, a straight chain
    2.0.0   graph.py   our own, a graph of steps of any kind
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from inference.presets import names
from inference.presets.references import EVERY, MIXTURE, file_number, owner_of, stem_of
from inference.presets.steps import STEPS, SeparateStep, StepBase
from inference.presets.steps.base import Strict
from inference.types import OutputFormat

__all__ = ["EVERY", "MAX_STEPS", "MIXTURE", "Output", "Preset", "SeparateStep", "Step", "single_model"]

MAX_STEPS = 64
MAX_OUTPUTS = 256

if TYPE_CHECKING:
    Step = StepBase
else:
    Step = Annotated[Union[tuple(kind.model for kind in STEPS.values())], Field(discriminator="kind")]  # noqa: UP007 - from a table


class Output(Strict):
    """A stem that is kept as a file."""

    source: str  # "STEP.STEM", "STEP.*" for every stem, or "STEP" where it has one
    path: tuple[str, ...] = ()  # 1.0.0: the stems passed through on the way, the stem itself last: "song_vocals_noreverb.wav"
    name: str = ""  # 2.0.0: a template, see names.py
    container: str = ""  # "wav", "flac" ...; "" for what the job asks for
    subtype: str = ""
    main: bool = False  # the point of the preset: a caller without `extra_output` gets it apart from the others
    place: str = ""  # where it stands in its file, for messages

    def format(self, asked: OutputFormat) -> OutputFormat:
        """How it is written, where the job asks for a format."""
        return OutputFormat(self.container, self.subtype, asked.rate) if self.container else asked

    def base_name(self, *, song: str, stem: str, step: str, model: str, usual: str = "") -> str:
        """The name of its file without the extension; `usual` is the template where the output has none, whose {stem} is the path."""
        shown = stem if self.name else "_".join(self.path or (stem,))
        return names.filled(self.name or usual or names.DEFAULT, song=song, stem=shown, step=step, model=model)


class Preset(Strict):
    """A preset in the one form that the runner knows, whatever version its file had. Each step comes after those it reads."""

    name: str = ""
    description: str = ""
    steps: tuple[Step, ...] = Field(min_length=1, max_length=MAX_STEPS)
    outputs: tuple[Output, ...] = Field(min_length=1, max_length=MAX_OUTPUTS)

    def needed(self) -> tuple[Step, ...]:
        """The steps that some output needs, in order."""
        owners = {owner_of(output.source) for output in self.outputs}
        found: list[Step] = []
        for step in reversed(self.steps):
            if step.name in owners:
                found.append(step)
                owners |= {owner_of(reference) for reference in step.references()}
        return tuple(reversed(found))

    @property
    def models(self) -> tuple[str, ...]:
        """The models of the needed steps, each once, as the preset spells them."""
        return tuple(dict.fromkeys(step.model for step in self.needed() if isinstance(step, SeparateStep)))

    @property
    def files(self) -> int:
        """How many files a job needs: the highest number that a needed step reads."""
        return max((file_number(reference) or 1 for step in self.needed() for reference in step.references()), default=1)

    def wanted(self, step: str) -> tuple[str, ...] | None:
        """The stems of `step` that an output or a needed step needs, in order of first use; None means all of them."""
        references = [output.source for output in self.outputs] + [each for later in self.needed() for each in later.references()]
        stems = dict.fromkeys(stem_of(reference) for reference in references if owner_of(reference) == step)
        return None if EVERY in stems or "" in stems else tuple(stems)


def single_model(model: str, stems: tuple[str, ...] = ()) -> Preset:
    """The preset that runs one model over the mixture and keeps these of its stems, or every one."""
    step = SeparateStep(name="step1", model=model)
    outputs = tuple(Output(source=f"step1.{stem}", main=True) for stem in stems or (EVERY,))
    return Preset(name=model, steps=(step,), outputs=outputs)
