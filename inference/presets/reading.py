"""Files and decoded JSON to presets, whatever version they have."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from inference.errors import BadPreset
from inference.presets.flow import read_flow
from inference.presets.graph import VERSION, read_graph
from inference.presets.impossible import Impossible
from inference.presets.schema import Preset
from inference.presets.steps import STEPS
from inference.presets.steps.chain import EFFECTS

READERS: dict[str, Callable[[dict[str, Any]], Preset]] = {"1.0.0": read_flow, VERSION: read_graph}

_HINT = "See docs/adding/preset.md for the format."


def parse_preset(data: object) -> Preset:
    """The preset in decoded JSON.

    Raises:
        BadPreset: it is no preset, of an unknown version, or says something impossible; the message names the place as a JSON pointer.
    """
    if not isinstance(data, dict):
        raise BadPreset("a preset is a JSON object", hint='It starts with {"version": "2.0.0", ...}.', reason="no_preset")
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise BadPreset("a text in the preset is no Unicode", hint=_HINT) from error
    version = data.get("version")
    reader = READERS.get(version) if isinstance(version, str) else None
    if reader is None:
        raise BadPreset(
            f"presets of version {version!r} are not known",
            hint=f"Known versions: {', '.join(READERS)}.",
            place="/version",
            reason="no_preset" if version is None else "version",
            version=version,
            known=", ".join(READERS),
        )
    try:
        return reader(data)
    except ValidationError as error:
        raise _explained(error) from error


def load_preset(path: Path) -> Preset:
    """Read a preset file; its name falls back to the file's.

    Raises:
        BadPreset: the file is no JSON, or no preset.
    """
    preset = parse_preset(read_json(path))
    return preset if preset.name else preset.model_copy(update={"name": path.stem})


def read_json(path: Path) -> object:
    """What a preset file says, decoded and no more. Raises BadPreset."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        raise BadPreset(f"{path.name} cannot be read as JSON: {error}", reason="no_json") from error


def _explained(error: ValidationError) -> BadPreset:
    first = error.errors()[0]
    place = _pointer(first["loc"])
    message, hint = str(first["msg"]).removeprefix("Value error, "), _HINT
    params: dict[str, object] = _reason(first)
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        tag = first.get("ctx", {}).get("tag")
        field = "effect" if "chain" in first["loc"] else "kind"
        known = list(STEPS) if field == "kind" else sorted(_EFFECT_NAMES)
        message = f"there is no {field} {tag!r}" if tag is not None else f"the {field} is missing"
        hint = f"The {field}s are: {', '.join(known)}."
        place = f"{place}/{field}"
        params = {"reason": f"unknown_{field}" if tag is not None else "missing", "value": tag}
    return BadPreset(f"{place or 'the preset'}: {message}", hint=hint, place=place, **params)


_REASONS = {
    "missing": "missing",
    "string_too_short": "missing",
    "extra_forbidden": "unknown_field",
    "greater_than": "above",
    "greater_than_equal": "least",
    "less_than": "below",
    "less_than_equal": "most",
    "too_short": "few",
    "too_long": "many",
}
_LIMITS = ("gt", "ge", "lt", "le", "min_length", "max_length")


def _reason(first: ErrorDetails) -> dict[str, object]:
    """The parameters from which a page writes the message in its reader's language."""
    context = first.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, Impossible):
        return {"reason": cause.reason, **cause.params}
    limit = next((f"{context[name]:g}" for name in _LIMITS if name in context), "")
    field = next((part for part in reversed(first["loc"]) if isinstance(part, str)), "")
    return {"reason": _REASONS.get(first["type"], "value"), "limit": limit, "field": field}


def _pointer(location: tuple[int | str, ...]) -> str:
    """A place as a JSON pointer. pydantic also tells the kind of a step or an effect, which is no part of the way."""
    parts = [
        str(part).replace("~", "~0").replace("/", "~1")
        for number, part in enumerate(location)
        if not (number and isinstance(location[number - 1], int) and part in _TAGS)
    ]
    return "".join(f"/{part}" for part in parts)


_EFFECT_NAMES = {name for effect in EFFECTS for name in effect.model_fields["effect"].annotation.__args__}  # type: ignore[union-attr]
_TAGS = {*STEPS, *_EFFECT_NAMES}
