"""The step `separate`: one model over one input."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from inference.audio import AudioSource
from inference.errors import BadPreset

if TYPE_CHECKING:
    from inference.presets.schema import SeparateStep
    from inference.presets.steps.base import StepContext


def separate(step: SeparateStep, context: StepContext) -> None:
    """Stream `context.source` through the step's model into a sink for each wanted stem.

    Raises:
        BadPreset: a wanted stem is not one of the model's.
        UnknownModel, BadWeights, BadAudio, Cancelled, OutOfMemory, DiskFull: from the parts.
    """
    context.on_stage("loading_model")
    separator = context.models(step.model)
    stems = _match(context.wanted, separator.stems, step)
    with ExitStack() as stack:
        source = stack.enter_context(AudioSource(context.source))
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
            open_again=lambda: stack.enter_context(AudioSource(context.source)),
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
