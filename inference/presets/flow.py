"""Version 1.0.0 of the files, the community's: a straight chain, where the last step's `input_to_next` is the main output.

{"version": "1.0.0", "name": "Dry vocals", "flow": [
    {"model_type": "vocal_models", "model_name": "a.ckpt", "input_to_next": "vocals", "output_to_storage": ["other"]},
    {"model_type": "single_stem_models", "model_name": "b", "input_to_next": "noreverb", "output_to_storage": []} ]}
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from inference.presets.references import MIXTURE
from inference.presets.schema import MAX_STEPS, Output, Preset
from inference.presets.steps.separate import SeparateStep

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


def read_flow(data: dict[str, Any]) -> Preset:
    """A chain. A stem that is both kept and passed on is written once. Raises ValidationError."""
    flow = _Flow.model_validate(data)
    steps: list[SeparateStep] = []
    outputs: dict[str, Output] = {}
    source = MIXTURE
    passed: tuple[str, ...] = ()
    for number, entry in enumerate(flow.flow, start=1):
        name, place = f"step{number}", f"/flow/{number - 1}"
        steps.append(SeparateStep(name=name, input=source, model=entry.model_name, place=place))
        is_last = number == len(flow.flow)
        for stem in [*entry.output_to_storage, *([entry.input_to_next] if is_last else [])]:
            is_main = is_last and stem.casefold() == entry.input_to_next.casefold()
            output = Output(source=f"{name}.{stem}", path=(*passed, stem), main=is_main, place=place)
            outputs.setdefault(output.source.casefold(), output)
        source, passed = f"{name}.{entry.input_to_next}", (*passed, entry.input_to_next)
    return Preset(name=flow.name, description=flow.description, steps=tuple(steps), outputs=tuple(outputs.values()))
