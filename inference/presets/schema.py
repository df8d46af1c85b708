"""What a preset is: named steps, each fed by the mixture or by a stem of an earlier step, and the stems that are kept.

    {"version": "1.0.0", "name": "Dry vocals", "flow": [
        {"model_type": "vocal_models", "model_name": "a.ckpt", "input_to_next": "vocals", "output_to_storage": ["other"]},
        {"model_type": "single_stem_models", "model_name": "b", "input_to_next": "noreverb", "output_to_storage": []} ]}

is the community's format 1.0.0: a straight chain, where the last step's `input_to_next` is the main output. Each `version` has
one reader in READERS that turns its JSON into the same `Preset`; the runner knows only that.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inference.errors import BadPreset

MIXTURE = "mixture"
"""The name of the song itself as a step's input."""

MAX_STEPS = 64


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SeparateStep(_Strict):
    """Run one model over one input."""

    kind: Literal["separate"] = "separate"
    name: str  # unique in the preset
    input: str = MIXTURE  # "mixture" or "STEP.STEM"
    model: str  # a catalogue name


Step = SeparateStep
"""Any step; a new kind joins here (a union by `kind`) and in steps.STEPS."""


class Output(_Strict):
    """A stem that is kept as a file."""

    source: str  # "STEP.STEM"
    path: tuple[str, ...]  # the stems passed through on the way, the stem itself last: "song_vocals_noreverb.wav"; () = every stem


class Preset(_Strict):
    """A preset in the one form that the runner knows, whatever version its file had."""

    name: str = ""
    description: str = ""
    steps: tuple[Step, ...] = Field(min_length=1, max_length=MAX_STEPS)
    outputs: tuple[Output, ...] = Field(min_length=1)

    def wanted(self, step: str) -> tuple[str, ...] | None:
        """The stems of `step` that an output or a later step needs, in order of first use; None means all of them."""
        references = [*(output.source for output in self.outputs), *(later.input for later in self.steps)]
        pairs = (reference.partition(".") for reference in references)
        names = dict.fromkeys(stem for owner, _, stem in pairs if owner == step)
        return None if EVERY in names else tuple(names)


EVERY = "*"
"""Stands for every stem of a step in an Output's source."""


_StemName = Annotated[str, Field(min_length=1, pattern=r"^[^*.]+$")]  # a star and a dot have a meaning of their own in references


class _FlowStep(BaseModel):
    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    model_type: str = ""
    model_name: str
    input_to_next: _StemName
    output_to_storage: list[_StemName] = []


class _Flow(BaseModel):
    model_config = ConfigDict(extra="ignore")

    version: str
    name: str = ""
    description: str = ""
    flow: list[_FlowStep] = Field(min_length=1, max_length=MAX_STEPS)


def _read_flow(data: dict[str, Any]) -> Preset:
    """Version 1.0.0: a chain. A stem that is both kept and passed on is written once."""
    flow = _Flow.model_validate(data)
    steps: list[SeparateStep] = []
    outputs: dict[str, Output] = {}
    source = MIXTURE
    passed: tuple[str, ...] = ()
    for number, entry in enumerate(flow.flow, start=1):
        name = f"step{number}"
        steps.append(SeparateStep(name=name, input=source, model=entry.model_name))
        is_last = number == len(flow.flow)
        for stem in [*entry.output_to_storage, *([entry.input_to_next] if is_last else [])]:
            output = Output(source=f"{name}.{stem}", path=(*passed, stem))
            outputs.setdefault(output.source.casefold(), output)
        source, passed = f"{name}.{entry.input_to_next}", (*passed, entry.input_to_next)
    return Preset(name=flow.name, description=flow.description, steps=tuple(steps), outputs=tuple(outputs.values()))


READERS: dict[str, Callable[[dict[str, Any]], Preset]] = {"1.0.0": _read_flow}


def parse_preset(data: object) -> Preset:
    """The preset in decoded JSON.

    Raises:
        BadPreset: it is no preset, of an unknown version, or says something impossible; the message names the place.
    """
    if not isinstance(data, dict):
        raise BadPreset("a preset is a JSON object", hint='It starts with {"version": "1.0.0", ...}.')
    version = data.get("version")
    reader = READERS.get(version) if isinstance(version, str) else None
    if reader is None:
        raise BadPreset(f"presets of version {version!r} are not known", hint=f"Known versions: {', '.join(READERS)}.")
    try:
        return reader(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the preset"
        raise BadPreset(f"{place}: {first['msg']}", hint="See docs/adding/preset.md for the format.") from error


def load_preset(path: Path) -> Preset:
    """Read a preset file; its name falls back to the file's.

    Raises:
        BadPreset: the file is no JSON, or no preset.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise BadPreset(f"{path.name} cannot be read as JSON: {error}") from error
    preset = parse_preset(data)
    return preset if preset.name else preset.model_copy(update={"name": path.stem})


def single_model(model: str) -> Preset:
    """The preset that runs one model over the mixture and keeps every stem."""
    step = SeparateStep(name="step1", model=model)
    return Preset(name=model, steps=(step,), outputs=(Output(source=f"step1.{EVERY}", path=()),))
