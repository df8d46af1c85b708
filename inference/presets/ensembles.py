"""Presets of one ensemble, for those who do not want to write one: over the files of a job, or over models from one song.

What is made is the JSON of a preset file (2.0.0), so it can be checked, sent with a job, or stored like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inference.ensemble import EnsembleSettings
from inference.errors import BadOption
from inference.presets.graph import VERSION
from inference.presets.references import MAX_FILES, file_reference
from inference.presets.steps.ensemble import DEFAULT_STEM, RESIDUAL

NAME = "ensemble"  # of the step


@dataclass(frozen=True)
class ModelMember:
    """One stem of one model."""

    model: str  # a catalogue name
    stem: str = ""  # "" where the model has one
    weight: float = 1.0
    options: Mapping[str, Any] = field(default_factory=dict)  # of inference.options.Options


def ensemble_of_files(count: int, settings: EnsembleSettings | None = None) -> dict[str, Any]:
    """The preset that makes one sound of so many files; its result is called "{first song}_ensemble".

    Raises:
        BadOption: fewer than two files or too many, or settings for another number of them.
    """
    members: list[dict[str, Any]] = [{"from": file_reference(number)} for number in range(1, count + 1)]
    return _preset(f"Ensemble of {count} files", members, settings, stem=DEFAULT_STEM)


def ensemble_of_models(
    members: Sequence[ModelMember], settings: EnsembleSettings | None = None, *, residual: bool = False
) -> dict[str, Any]:
    """The preset that makes one stem of those that several models find in a song, which is decoded once.

    Args:
        members: the same model may be there twice, with another stem or with other options.
        settings: how; without weights in it those of the members count.
        residual: whether to keep what the ensemble leaves of the song, too.

    Raises:
        BadOption: fewer than two members or too many, or settings for another number of them.
    """
    entries = []
    for member in members:
        entry = {"model": member.model, "stem": member.stem, "weight": member.weight, "options": dict(member.options)}
        entries.append({key: value for key, value in entry.items() if value not in ("", {})})
    return _preset("Ensemble of models", entries, settings, residual=residual)


def _preset(
    name: str, members: Sequence[dict[str, Any]], settings: EnsembleSettings | None, *, stem: str = "", residual: bool = False
) -> dict[str, Any]:
    settings = settings or EnsembleSettings()
    if not 2 <= len(members) <= MAX_FILES:
        raise BadOption(f"an ensemble of {len(members)}", hint=f"It takes 2 to {MAX_FILES} members.", option="members")
    settings.among(len(members))
    for number, member in enumerate(members):
        if settings.weights:
            member["weight"] = settings.weights[number]
        if settings.bands:
            member["bands"] = list(settings.bands[number])
    step = {
        "kind": "ensemble",
        "name": NAME,
        "algorithm": settings.algorithm,
        "crossovers": list(settings.crossovers),
        "members": list(members),
        **({"stem": stem} if stem else {}),
    }
    outputs = [{"from": NAME}, *([{"from": f"{NAME}.{RESIDUAL}"}] if residual else [])]
    return {"version": VERSION, "name": name, "description": "", "steps": [step], "outputs": outputs}
