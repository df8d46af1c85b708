"""Says what is impossible in a preset before anything runs."""

from __future__ import annotations

from inference.catalogue import Catalogue
from inference.errors import BadPreset
from inference.presets.schema import EVERY, MIXTURE, Preset


def check_preset(preset: Preset, catalogue: Catalogue) -> None:
    """Check names of steps, models and stems.

    Raises:
        UnknownModel: a step names a model that the catalogue does not have.
        BadPreset: a name stands twice, or a step or output refers to a stem that no earlier step makes.
    """
    made: dict[str, dict[str, str]] = {}
    for step in preset.steps:
        if step.name.casefold() in made:
            raise BadPreset(f"two steps are called {step.name!r}", hint="Give each step a name of its own.", step=step.name)
        if step.input != MIXTURE:
            _check_reference(step.input, made, f"the input of {step.name}")
        stems = catalogue.get(step.model).stems
        made[step.name.casefold()] = {stem.casefold(): stem for stem in stems}
    for output in preset.outputs:
        _check_reference(output.source, made, "an output")


def _check_reference(reference: str, made: dict[str, dict[str, str]], place: str) -> None:
    step, _, stem = reference.partition(".")
    stems = made.get(step.casefold())
    if stems is None:
        raise BadPreset(f"{place} refers to the step {step!r}, which does not come before it", step=step)
    if stem != EVERY and stem.casefold() not in stems:
        raise BadPreset(
            f"{place} refers to the stem {stem!r}, which {step} does not make",
            hint=f"{step} makes: {', '.join(stems.values())}.",
            step=step,
            stem=stem,
        )
