"""Version 2.0.0 of the files, our own: a graph of named steps of any kind, in any order, and the stems that are kept.

    {"version": "2.0.0", "name": "Karaoke", "description": "...",
     "steps": [{"kind": "separate", "name": "split", "model": "spleeter_2stems"},
               {"kind": "loudness", "name": "level", "input": "split.accompaniment", "lufs": -14}],
     "outputs": [{"from": "level", "name": "{song}_karaoke", "format": "flac"}]}

Reading it resolves names, makes the models of ensembles into steps of their own, and puts the steps into an order in which each comes
after those it reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from typing_extensions import Self

from inference.errors import BadOutputFormat, BadPreset
from inference.presets import names
from inference.presets.impossible import Impossible
from inference.presets.order import Ring, in_order
from inference.presets.references import EVERY, file_number, owner_of, resolve, stem_of
from inference.presets.schema import MAX_OUTPUTS, MAX_STEPS, Output, Preset, Step
from inference.presets.steps.base import StepBase, Strict
from inference.presets.steps.ensemble import EnsembleStep
from inference.presets.steps.separate import SeparateStep
from inference.types import OutputFormat

VERSION = "2.0.0"


class _Output(Strict):
    source: str = Field(alias="from", min_length=1)
    name: str = ""
    container: str = Field("", alias="format")
    subtype: str = ""
    main: bool = False

    @field_validator("name")
    @classmethod
    def _template(cls, name: str) -> str:
        if name:
            names.fields_of(name)
        return name

    @model_validator(mode="after")
    def _writable(self) -> Self:
        if self.subtype and not self.container:
            raise Impossible('"subtype" needs a "format"', "format")
        try:
            if self.container:
                OutputFormat(self.container, self.subtype)
        except BadOutputFormat as error:
            raise Impossible(f"{error.message}. {error.hint}", "format") from error
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore")

    version: str
    name: str = ""
    description: str = ""
    steps: list[Step] = Field(min_length=1, max_length=MAX_STEPS)
    outputs: list[_Output] = Field(min_length=1, max_length=MAX_OUTPUTS)


def read_graph(data: dict[str, Any]) -> Preset:
    """The preset in a decoded file.

    Raises:
        ValidationError: a field is missing, unknown or of the wrong kind.
        BadPreset: a name that stands twice or that nobody has, a ring, too many steps.
    """
    file = _File.model_validate(data)
    steps = [step.model_copy(update={"place": f"/steps/{number}"}) for number, step in enumerate(file.steps)]
    _check_names(steps)
    steps = _resolved(_expanded(steps))
    if len(steps) > MAX_STEPS:
        message = f"/steps: {len(steps)} steps, counting the models of ensembles; {MAX_STEPS} are the most"
        raise BadPreset(message, place="/steps", reason="many_steps", limit=MAX_STEPS)
    outputs = tuple(_output(each, f"/outputs/{number}", steps) for number, each in enumerate(file.outputs))
    outputs = _with_main(_told_apart(outputs, steps))
    return Preset(name=file.name, description=file.description, steps=tuple(steps), outputs=outputs)


def _check_names(steps: Sequence[StepBase]) -> None:
    seen: dict[str, StepBase] = {}
    for step in steps:
        place = f"{step.place}/name"
        if not step.name or any(character in step.name for character in '.*/\\{}"') or file_number(step.name) or len(step.name) > 64:
            raise BadPreset(
                f"{place}: a step cannot be called {step.name[:80]!r}",
                hint="A name has 1 to 64 characters, no dot, star, slash, brace or quote, and does not mean a file: mixture, file1 ...",
                place=place,
                reason="step_name",
            )
        other = seen.setdefault(step.name.casefold(), step)
        if other is not step:
            raise BadPreset(
                f"{place}: two steps are called {step.name!r} (the other is {other.place})",
                hint="Give each step a name of its own.",
                place=place,
                step=step.name,
                reason="step_name_twice",
            )


def _expanded(steps: Sequence[StepBase]) -> list[StepBase]:
    """With the models of ensembles as steps of their own; the same model on the same sound with the same options is one step."""
    found: list[StepBase] = []
    taken = {step.name.casefold() for step in steps}
    known = {_same(step.input, step.model, step.options): step.name for step in steps if isinstance(step, SeparateStep)}
    for step in steps:
        if not isinstance(step, EnsembleStep):
            found.append(step)
            continue
        members = []
        for number, member in enumerate(step.members):
            if member.model is None:
                members.append(member)
                continue
            key = _same(step.input, member.model, member.options)
            if key not in known:
                known[key] = _free(f"{step.name[:56]} {number + 1}", taken)
                place = f"{step.place}/members/{number}"
                found.append(SeparateStep(name=known[key], input=step.input, model=member.model, options=member.options, place=place))
            source = f"{known[key]}.{member.stem}" if member.stem else known[key]
            members.append(member.model_copy(update={"source": source, "model": None, "stem": None, "options": {}}))
        found.append(step.model_copy(update={"members": tuple(members)}))
    return found


def _same(source: str, model: str, options: dict[str, Any]) -> tuple[str, str, str]:
    return source.casefold(), model.casefold(), json.dumps(options, sort_keys=True)


def _free(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{name} ({number})"
    taken.add(candidate.casefold())
    return candidate


def _resolved(steps: Sequence[StepBase]) -> list[StepBase]:
    """In order, and with references spelled in full wherever that does not take knowing a model."""
    spelled = [step.name for step in steps]
    plain = [_renamed(step, lambda reference: resolve(reference, spelled)) for step in steps]
    done: dict[str, StepBase] = {}
    for step in _ordered(plain):
        done[step.name] = step.renamed(lambda reference: _in_full(reference, done))
    return list(done.values())


def _renamed(step: StepBase, new: Callable[[str], str]) -> StepBase:
    """The step with its references changed. Raises BadPreset for a name that nobody has."""
    try:
        changed = {reference: new(reference) for reference in step.references()}
    except ValueError as error:
        raise BadPreset(
            f"{step.place}: {error}",
            hint="A step reads the mixture, file2 ... or STEP.STEM.",
            place=step.place,
            step=step.name,
            reason="unknown_step",
            reference=next(each for each in step.references() if not _is_known(each, new)),
        ) from error
    for reference in changed.values():
        if stem_of(reference) == EVERY:
            message = f"{step.place}: a step reads one stem, not {reference!r}"
            raise BadPreset(message, place=step.place, step=step.name, reason="several_stems", reference=reference)
    return step.renamed(lambda reference: changed[reference])


def _is_known(reference: str, resolved: Callable[[str], str]) -> bool:
    try:
        resolved(reference)
    except ValueError:
        return False
    return True


def _in_full(reference: str, steps: dict[str, StepBase]) -> str:
    """The reference with the stem that a bare name of a step stands for."""
    if stem_of(reference):
        return reference
    stem = steps[reference].main_stem
    return f"{reference}.{stem}" if stem else reference


def _ordered(steps: list[StepBase]) -> list[StepBase]:
    needs = [[owner for reference in step.references() if (owner := owner_of(reference))] for step in steps]
    alike = [step.model.casefold() if isinstance(step, SeparateStep) else None for step in steps]
    try:
        return [steps[number] for number in in_order([step.name for step in steps], needs, alike)]
    except Ring as ring:
        place = next(step.place for step in steps if step.name == ring.names[0])
        way = " → ".join([*ring.names, ring.names[0]])
        raise BadPreset(
            f"{place}: the steps go round in a ring: {way}",
            hint="Let one of them read something else.",
            place=place,
            ring=way,
            reason="ring",
        ) from ring


def _output(output: _Output, place: str, steps: Sequence[StepBase]) -> Output:
    try:
        source = resolve(output.source, [step.name for step in steps])
    except ValueError as error:
        raise _no_source(place, str(error), output.source) from error
    if file_number(source):
        raise _no_source(place, f"the {source} itself is no output", source)
    source = _in_full(source, {step.name: step for step in steps})
    if stem_of(source) == EVERY and output.name and "stem" not in names.fields_of(output.name):
        raise BadPreset(
            f"{place}/name: {output.name!r} would call every stem the same",
            hint="Put {stem} into the name.",
            place=f"{place}/name",
            reason="names_alike",
        )
    changes = {key: getattr(output, key) for key in ("name", "container", "subtype", "main")}
    return Output(source=source, place=place, **changes)


def _no_source(place: str, why: str, reference: str) -> BadPreset:
    place = f"{place}/from"
    hint = "An output comes from STEP.STEM."
    return BadPreset(f"{place}: {why}", hint=hint, place=place, reason="no_source", reference=reference)


def _told_apart(outputs: tuple[Output, ...], steps: Sequence[StepBase]) -> tuple[Output, ...]:
    """Names that differ: those that the file left to the default are made to; those that it says must.

    Raises:
        BadPreset: two templates that give one name.
    """
    by_name = {step.name: step for step in steps}
    shown = [_shown(output, by_name) for output in outputs]
    outputs = tuple(
        output.model_copy(update={"name": names.DEFAULT_OF_TWINS}) if not output.name and shown.count(name) > 1 else output
        for output, name in zip(outputs, shown, strict=True)
    )
    seen: dict[tuple[str, str], Output] = {}
    for output in outputs:
        other = seen.setdefault(_shown(output, by_name), output)
        if other is not output:
            raise BadPreset(
                f"{output.place}/name: nothing makes it differ from the name of {other.place}",
                hint="Put {stem}, {step} or {model} into it, or other words.",
                place=f"{output.place}/name",
                reason="names_alike",
            )
    return outputs


def _shown(output: Output, steps: dict[str, StepBase]) -> tuple[str, str]:
    step = steps[owner_of(output.source)]
    model = step.model if isinstance(step, SeparateStep) else step.kind
    name = output.base_name(song="song", stem=stem_of(output.source) or "?", step=step.name, model=model)
    return name.casefold(), output.container


def _with_main(outputs: tuple[Output, ...]) -> tuple[Output, ...]:
    """With one main output at least: the first, where the file says nothing."""
    if any(output.main for output in outputs):
        return outputs
    return (outputs[0].model_copy(update={"main": True}), *outputs[1:])


def as_json(preset: Preset) -> dict[str, Any]:
    """A preset of any version as one of this one."""
    outputs = []
    for output in preset.outputs:
        name = output.name or ("_".join(["{song}", *(names.safe(part) for part in output.path)]) if output.path else "")
        fields = {"from": output.source, "name": name, "format": output.container, "subtype": output.subtype, "main": output.main}
        outputs.append({key: value for key, value in fields.items() if value})
    steps = [
        step.model_dump(mode="json", by_alias=True, exclude={"place"}, exclude_defaults=True) | {"kind": step.kind} for step in preset.steps
    ]
    head = {"version": VERSION, "name": preset.name, "description": preset.description}
    return {**head, "steps": [{"kind": step["kind"], **step} for step in steps], "outputs": outputs}
