"""The step `separate`: one model over one input.

{"kind": "separate", "name": "split", "input": "mixture", "model": "spleeter_2stems", "options": {"overlap": "high"}}
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator
from typing_extensions import Self

from inference.audio import AudioSource
from inference.errors import BadOption, BadPreset
from inference.options import parse_options
from inference.presets.impossible import Impossible
from inference.presets.references import MIXTURE
from inference.presets.steps.base import Reference, StemsOf, StepBase, StepContext


def checked_options(options: dict[str, Any]) -> dict[str, Any]:
    """The options of a step as they are, when they are possible. Raises ValueError, as a validator must."""
    try:
        parse_options(options)
    except BadOption as error:
        raise Impossible(f"{error.message}. {error.hint}".strip(), "option") from error
    return options


class SeparateStep(StepBase):
    """Run one model over one input."""

    kind: Literal["separate"] = "separate"
    input: Reference = MIXTURE  # "mixture" or "STEP.STEM"
    model: str = Field(min_length=1)  # a catalogue name
    options: dict[str, Any] = Field(default_factory=dict)  # of inference.options.Options, those that this step sets

    work: ClassVar[float] = 1.0

    _check = field_validator("options")(checked_options)

    def references(self) -> tuple[str, ...]:
        """What it reads."""
        return (self.input,)

    def renamed(self, new: Callable[[str], str]) -> Self:
        """The same step with its input changed."""
        return self.model_copy(update={"input": new(self.input)})

    def makes(self, stems_of: StemsOf) -> tuple[str, ...]:
        """The model's stems."""
        return tuple(stems_of(self.model))

    def recipe(self) -> dict[str, Any]:
        """Nothing of its own: the model and its options count elsewhere."""
        return {}


def separate(step: SeparateStep, context: StepContext) -> None:
    """Stream the step's input through its model into a sink for each wanted stem.

    Raises:
        BadPreset: a wanted stem is not one of the model's.
        UnknownModel, BadWeights, BadAudio, Cancelled, OutOfMemory, DiskFull: from the parts.
    """
    context.on_stage("loading_model")
    separator = context.models(step.model, step.options)
    stems = _match(context.wanted, separator.stems, step)
    path = context.path(step.input)
    with ExitStack() as stack:
        source = stack.enter_context(AudioSource(path))
        info = source.info
        seconds = info.duration or 0.0

        def on_work(done: float) -> None:
            context.on_fraction(min(done / seconds, 1.0) if seconds else 0.0)

        sinks = [stack.enter_context(sink) for sink in context.open_sinks(stems, info.sample_rate, info.channels)]
        context.on_stage("separating")
        blocks = separator.stream(
            source,
            sample_rate=info.sample_rate,
            channels=info.channels,
            stems=stems,
            on_work=on_work,
            open_again=lambda: stack.enter_context(AudioSource(path)),
        )
        for block in blocks:
            for sink, samples in zip(sinks, block, strict=True):
                sink.write(samples)
        context.on_stage("writing")


def _match(wanted: tuple[str, ...] | None, have: tuple[str, ...], step: SeparateStep) -> tuple[str, ...]:
    """The model's own spelling of the wanted stems."""
    if wanted is None:
        return have
    spelled = {stem.casefold(): stem for stem in have}
    for stem in wanted:
        if stem.casefold() not in spelled:
            raise BadPreset(
                f"{step.name}: the model {step.model} has no stem {stem!r}",
                hint=f"Its stems are: {', '.join(have)}.",
                step=step.name,
                model=step.model,
                stem=stem,
            )
    return tuple(dict.fromkeys(spelled[stem.casefold()] for stem in wanted))
