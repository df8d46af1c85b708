"""The preset that separates a part of a song again and puts it into a stem that is there.

The song, file1 -> the part, and some seconds around it -> the model or preset -> its stem -> spliced into the old stem, file2.
The other stems, file3 ..., stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from inference.catalogue.stems import same_stem
from inference.errors import BadOption, BadPreset
from inference.presets.graph import as_json
from inference.presets.references import EVERY, file_number, file_reference, owner_of, stem_of
from inference.presets.schema import Preset
from inference.presets.steps.base import StemsOf
from inference.presets.steps.cut import LONGEST
from inference.presets.tools import stem_names

CONTEXT = 10.0
"""Seconds on each side of the part that the model hears as well: about as long as its chunks."""

_BENDS_TIME = frozenset({"trim_silence", "cut", "join", "speed_key"})  # kinds of steps after which a sound is no longer where it was


@dataclass(frozen=True)
class Region:
    """A part of a stem."""

    start: float  # seconds
    end: float  # seconds
    fade: float = 0.05  # seconds at each end, inside of it


def replacing(preset: Preset, region: Region, *, stem: str, others: Sequence[str], stems_of: StemsOf, wanted: str = "") -> dict[str, Any]:
    """The preset.

    Args:
        preset: what separates the part, of one file.
        region: the part.
        stem: the name of the stem that is changed.
        others: of those that stay.
        stems_of: the stems of a model.
        wanted: which stem of the preset's takes its place; by default the one that is called so, in any of its usual names.

    Raises:
        BadOption: a region that is none, or the preset has no such stem.
        BadPreset: the preset is for several files, or bends time.
    """
    if not 0 <= region.start < region.end < math.inf:
        raise BadOption(f"a part from {region.start:g} to {region.end:g} s", hint="Its end must lie behind its start.", option="end")
    _check(preset)
    begin = float(max(math.floor(region.start - CONTEXT), 0))  # whole seconds are whole samples at any rate
    name = _unused(preset)
    part, mended = name("part"), name("mended")
    inner = preset.model_copy(update={"steps": tuple(step.renamed(_instead(f"{part}.mixture")) for step in preset.steps)})
    source = _source(preset, wanted or stem, stems_of)
    first, *rest = stem_names([stem, *others])
    steps = [
        {"kind": "cut", "name": part, "start": begin, "end": min(region.end + CONTEXT, LONGEST)},
        *as_json(inner)["steps"],
        {
            "kind": "splice", "name": mended, "input": "file2", "patch": source, "at": begin,
            "start": region.start, "end": region.end, "fade": region.fade, "stem": first,
        },
    ]  # fmt: skip
    outputs = [{"from": mended, "name": "{song}_{stem}", "main": True}]
    for number, other in enumerate(rest, start=3):
        kept = name(f"kept {number}")
        steps.append({"kind": "convert", "name": kept, "input": file_reference(number), "stem": other})
        outputs.append({"from": kept, "name": "{song}_{stem}"})
    return {"version": "2.0.0", "name": "Tool: replace", "description": "", "steps": steps, "outputs": outputs}


def _check(preset: Preset) -> None:
    if preset.files > 1:
        raise BadPreset(f"the preset is for {preset.files} files, and a part comes from one song", hint="Choose another one.")
    bending = next((step for step in preset.needed() if step.kind in _BENDS_TIME), None)
    if bending is not None:
        raise BadPreset(
            f"{bending.name} ({bending.kind}) moves sounds in time, so that they would not fit",
            hint="Choose a preset without such a step.",
            step=bending.name,
        )


def _instead(part: str) -> Callable[[str], str]:
    return lambda reference: part if file_number(reference) else reference


def _unused(preset: Preset) -> Callable[[str], str]:
    """Gives names that no step has."""
    taken = {step.name.casefold() for step in preset.steps}

    def name(wanted: str) -> str:
        candidate, number = wanted, 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{wanted} {number}"
        taken.add(candidate.casefold())
        return candidate

    return name


def _source(preset: Preset, wanted: str, stems_of: StemsOf) -> str:
    """Which of the preset's outputs is meant, as "STEP.STEM". Raises BadOption."""
    by_name = {step.name: step for step in preset.steps}
    found: dict[str, str] = {}
    for output in preset.outputs:
        owner, stem = owner_of(output.source), stem_of(output.source)
        made = by_name[owner].makes(stems_of)
        for each in made if stem in ("", EVERY) else (stem,):
            found.setdefault(each, f"{owner}.{each}")
    stem = same_stem(wanted, list(found)) or ""
    if not stem:
        raise BadOption(
            f"nothing here makes a stem {wanted!r}", hint=f"Say which takes its place: {', '.join(found)}.", option="stem", stem=wanted
        )
    return found[stem]
