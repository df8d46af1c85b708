"""Presets of the tools: what is asked of a few files, as the JSON of a preset (2.0.0), for those who do not want to write one.

convert, cut, speed-key and gain make one result of each file, called like it; join and mix make one of all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator
from typing_extensions import Self

from inference.errors import BadOption
from inference.presets.graph import VERSION
from inference.presets.references import MAX_FILES, file_reference
from inference.presets.steps.base import Strict
from inference.presets.steps.convert import ConvertStep
from inference.presets.steps.cut import CutStep
from inference.presets.steps.join import JoinStep
from inference.presets.steps.loudness import LoudnessStep
from inference.presets.steps.speed_key import SpeedKeyStep

Json = dict[str, Any]
GainDb = Annotated[float, Field(ge=-60, le=24)]
MAX_STEM = 90  # characters of a file's name in its result's

_PLACE = frozenset({"kind", "name", "place", "input", "stem", "sources"})  # fields of steps that say where they stand, and are not set


class Part(Strict):
    """One sound of a mix."""

    gain_db: GainDb | None = 0.0  # None: not heard
    pan: float = Field(default=0.0, ge=-1, le=1)

    @property
    def weight(self) -> float:
        """As a factor."""
        return 0.0 if self.gain_db is None else float(10 ** (self.gain_db / 20))


class MixSettings(Strict):
    """How to mix: a part for each file, in their order (all as they are where none is said), and the speed and key of the sum."""

    parts: tuple[Part, ...] = Field((), max_length=MAX_FILES)
    speed: float = Field(1.0, ge=0.5, le=2)
    semitones: float = Field(0.0, ge=-12, le=12)
    formants: bool = False


class GainSettings(Strict):
    """Louder by `db`, or as loud as `lufs` says without a true peak above `peak_db`."""

    db: GainDb | None = None
    lufs: float | None = Field(None, ge=-70, le=0)
    peak_db: float | None = Field(None, ge=-30, le=0)

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.db is None) == (self.lufs is None):
            raise ValueError('either "db" or "lufs"')
        if self.peak_db is not None and self.lufs is None:
            raise ValueError('"peak_db" goes with "lufs"')
        return self


@dataclass(frozen=True)
class Tool:
    """What can be done with files."""

    title: str  # what a job of it is called where presets have names
    build: Callable[[Sequence[str], Mapping[str, Any]], tuple[list[Json], list[Json]]]  # names, settings -> steps, outputs
    fewest: int = 1  # files


def tool_preset(tool: str, names: Sequence[str], settings: Mapping[str, Any]) -> Json:
    """The preset that does it.

    Args:
        tool: a name in TOOLS.
        names: of the files, without extensions; results are called like them.
        settings: of the tool; what is not said is as its step has it.

    Raises:
        BadOption: there is no such tool, too few files or too many, or settings that cannot be, with the first that is wrong.
    """
    if tool not in TOOLS:
        raise BadOption(f"there is no tool {tool[:40]!r}", hint=f"There are: {', '.join(TOOLS)}.", option="tool")
    found = TOOLS[tool]
    if not found.fewest <= len(names) <= MAX_FILES:
        raise BadOption(f"{tool} of {len(names)} files", hint=f"It takes {found.fewest} to {MAX_FILES}.", option="inputs")
    try:
        steps, outputs = found.build(names, settings)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(str(part) for part in first["loc"]) or "settings"
        raise BadOption(f"{place}: {first['msg'].removeprefix('Value error, ')}", option=place) from error
    return {"version": VERSION, "name": found.title, "description": "", "steps": steps, "outputs": outputs}


def stem_names(names: Sequence[str]) -> list[str]:
    """The names as stems can be called, each once."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        plain = name.replace(".", "_").replace("*", "_")[:MAX_STEM].strip() or "song"
        candidate, number = plain, 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{plain}_{number}"
        taken.add(candidate.casefold())
        found.append(candidate)
    return found


def _settings(step: type[Strict], settings: Mapping[str, Any], kind: str) -> Json:
    """The settings as fields of a step. Raises ValidationError."""
    for field in _PLACE & set(settings):
        settings = {**settings, f"{field}?": settings[field]}  # is no setting, and so is unknown to the step
    checked = step.model_validate({**settings, "name": "it", **({"sources": ["mixture"]} if step is JoinStep else {})})
    return {"kind": kind, **checked.model_dump(mode="json", include=set(settings))}


def _each(names: Sequence[str], field: Json, suffix: str) -> tuple[list[Json], list[Json]]:
    steps, outputs = [], []
    for number, stem in enumerate(stem_names(names), start=1):
        steps.append({**field, "name": f"{field['kind']} {number}", "input": file_reference(number), "stem": stem})
        outputs.append({"from": f"{field['kind']} {number}", "name": f"{{stem}}{suffix}"})
    return steps, outputs


def _convert(names: Sequence[str], settings: Mapping[str, Any]) -> tuple[list[Json], list[Json]]:
    return _each(names, _settings(ConvertStep, settings, "convert"), "")


def _cut(names: Sequence[str], settings: Mapping[str, Any]) -> tuple[list[Json], list[Json]]:
    return _each(names, _settings(CutStep, settings, "cut"), "_cut")


def _speed_key(names: Sequence[str], settings: Mapping[str, Any]) -> tuple[list[Json], list[Json]]:
    fields = _settings(SpeedKeyStep, settings, "speed_key")
    return _each(names, fields, f"_{_change(fields.get('speed', 1.0), fields.get('semitones', 0.0))}")


def _gain(names: Sequence[str], settings: Mapping[str, Any]) -> tuple[list[Json], list[Json]]:
    asked = GainSettings.model_validate(settings)
    if asked.lufs is not None:
        return _each(names, _settings(LoudnessStep, {"lufs": asked.lufs, "peak_db": asked.peak_db}, "loudness"), "_level")
    weight = Part(gain_db=asked.db).weight
    stems = stem_names(names)
    sources = [[{"from": file_reference(number), "weight": weight}] for number in range(1, len(names) + 1)]
    steps = [
        {"kind": "mix", "name": f"gain {number}", "sources": source, "stem": stem}
        for number, (source, stem) in enumerate(zip(sources, stems, strict=True), start=1)
    ]
    return steps, [{"from": step["name"], "name": "{stem}_level"} for step in steps]


def _join(names: Sequence[str], settings: Mapping[str, Any]) -> tuple[list[Json], list[Json]]:
    sources = [file_reference(number) for number in range(1, len(names) + 1)]
    return [{**_settings(JoinStep, settings, "join"), "name": "whole", "sources": sources}], [{"from": "whole"}]


def _mix(names: Sequence[str], settings: Mapping[str, Any]) -> tuple[list[Json], list[Json]]:
    asked = MixSettings.model_validate(settings)
    parts = asked.parts or (Part(),) * len(names)
    if len(parts) != len(names):
        raise BadOption(f"{len(parts)} parts for {len(names)} files", hint="Say one for each, in their order.", option="parts")
    if not any(part.weight for part in parts):
        raise BadOption("a mix in which nothing is heard", hint="Let one part be heard.", option="parts")
    sources = [{"from": file_reference(number), "weight": part.weight, "pan": part.pan} for number, part in enumerate(parts, start=1)]
    steps: list[Json] = [{"kind": "mix", "name": "sum", "sources": sources}]
    if asked.speed != 1 or asked.semitones:
        changed = {"speed": asked.speed, "semitones": asked.semitones, "formants": asked.formants}
        steps.append({"kind": "speed_key", "name": "practice", "input": "sum", **changed})
        return steps, [{"from": "practice", "name": f"{{song}}_mix_{_change(asked.speed, asked.semitones)}"}]
    return steps, [{"from": "sum"}]


def _change(speed: float, semitones: float) -> str:
    """A change of speed and key as a part of a name: "x0.8", "+2", "x1.25_-1"."""
    parts = [f"x{speed:g}" if speed != 1 else "", f"{semitones:+g}" if semitones else ""]
    return "_".join(part for part in parts if part) or "x1"


TOOLS: dict[str, Tool] = {
    "convert": Tool("Tool: convert", _convert),
    "cut": Tool("Tool: cut", _cut),
    "join": Tool("Tool: join", _join, fewest=2),
    "speed-key": Tool("Tool: speed-key", _speed_key),
    "mix": Tool("Tool: mix", _mix),
    "gain": Tool("Tool: gain", _gain),
}
