"""Says what is impossible in a preset before anything runs. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

from inference.catalogue import Catalogue
from inference.errors import BadPreset, ModelNotInstalled, UnknownModel
from inference.presets.references import EVERY, file_number, file_reference, owner_of, stem_of
from inference.presets.schema import Preset, Step
from inference.presets.steps import SeparateStep


@dataclass(frozen=True)
class Missing:
    """The models that a preset needs and that are not there."""

    unknown: tuple[str, ...] = ()  # as the preset names them
    not_installed: tuple[str, ...] = ()  # as the catalogue does

    def __bool__(self) -> bool:
        return bool(self.unknown or self.not_installed)


def missing_models(preset: Preset, catalogue: Catalogue) -> Missing:
    """All models of the preset's needed steps that are not there, so that a door can offer to install them."""
    unknown, not_installed = {}, {}
    for step in preset.needed():
        for model in [step.model] if isinstance(step, SeparateStep) else []:
            try:
                record = catalogue.get(model)
            except UnknownModel:
                unknown[model] = step
            else:
                if not record.installed:
                    not_installed[record.name] = step
    return Missing(tuple(unknown), tuple(not_installed))


def require_installed(preset: Preset, catalogue: Catalogue) -> None:
    """Check that the preset can run now.

    Raises:
        ModelNotInstalled: models are still to be installed; `models` in its params has them all, separated by ", ".
    """
    models = missing_models(preset, catalogue).not_installed
    if models:
        several = len(models) > 1
        raise ModelNotInstalled(
            f"the model{'s' if several else ''} {', '.join(models)} {'are' if several else 'is'} not installed",
            hint=f"Install {'them' if several else 'it'} first.",
            model=models[0],
            models=", ".join(models),
        )


def check_preset(preset: Preset, catalogue: Catalogue) -> None:
    """Check names of steps, models and stems. Models need not be installed.

    Raises:
        UnknownModel: steps name models that the catalogue does not have; the message has all of them.
        BadPreset: a name stands twice, or a step or output refers to a stem that no earlier step makes.
    """
    _check_models(preset, catalogue)
    made: dict[str, dict[str, str]] = {}
    for step in preset.steps:
        if step.name.casefold() in made:
            raise BadPreset(
                f"{_at(step.place)}two steps are called {step.name!r}",
                hint="Give each step a name of its own.",
                step=step.name,
                place=step.place,
                reason="step_name_twice",
            )
        for reference in step.references():
            if not file_number(reference):
                _check_reference(reference, made, f"the input of {step.name}", step.place)
        made[step.name.casefold()] = {stem.casefold(): stem for stem in step.makes(lambda model: catalogue.get(model).stems)}
    for output in preset.outputs:
        _check_reference(output.source, made, "an output", output.place, every=True)


def check_files(preset: Preset, files: int) -> None:
    """Check that the preset reads the files of a job with so many, no more and no fewer.

    Raises:
        BadPreset: a step reads a file that the job does not have, or the last file is read by no step.
    """
    for step in preset.needed():
        for reference in step.references():
            number = file_number(reference) or 1
            if number > files:
                raise BadPreset(
                    f"{_at(step.place)}{step.name} reads {reference}, and the job has {files} file{'s' if files > 1 else ''}",
                    hint=f"This preset is for {preset.files} files.",
                    step=step.name,
                    place=step.place,
                    reason="files",
                    files=preset.files,
                )
    if files > preset.files:
        raise BadPreset(
            f"the job has {files} files, and no step reads the last of them",
            hint=f"Let a step read {file_reference(files)}, or give the preset {preset.files} file{'s' if preset.files > 1 else ''}.",
            reason="files",
            files=preset.files,
        )


def _check_models(preset: Preset, catalogue: Catalogue) -> None:
    wrong: list[tuple[Step, UnknownModel]] = []
    for step in preset.steps:
        if isinstance(step, SeparateStep):
            try:
                catalogue.get(step.model)
            except UnknownModel as error:
                wrong.append((step, error))
    if not wrong:
        return
    first, reason = wrong[0]
    names = list(dict.fromkeys(str(error.params["model"]) for _, error in wrong))
    message = reason.message if len(names) == 1 else f"there are no models {', '.join(map(repr, names))}"
    raise UnknownModel(f"{_at(first.place)}{message}", hint=reason.hint, model=names[0], models=", ".join(names), place=first.place)


def _check_reference(reference: str, made: dict[str, dict[str, str]], what: str, place: str, *, every: bool = False) -> None:
    step, stem = owner_of(reference), stem_of(reference)
    stems = made.get(step.casefold())
    if stems is None:
        message = f"{_at(place)}{what} refers to the step {step!r}, which does not come before it"
        raise BadPreset(message, step=step, place=place, reason="unknown_step", reference=reference)
    if (stem == EVERY and every) or stem.casefold() in stems or (not stem and len(stems) == 1):
        return
    hint = f"{step} makes: {', '.join(stems.values())}."
    if not stem:
        message = f"{_at(place)}{what} refers to {step}, which makes several stems"
        raise BadPreset(message, hint=hint, step=step, place=place, reason="several_stems", reference=reference)
    raise BadPreset(
        f"{_at(place)}{what} refers to the stem {stem!r}, which {step} does not make",
        hint=hint,
        step=step,
        stem=stem,
        place=place,
        reason="no_stem",
        reference=reference,
    )


def _at(place: str) -> str:
    return f"{place}: " if place else ""
