"""What a page has to know of a setting to offer it: its kind, its limits, its values as JSON."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import TypeAdapter

from inference.options import MAX_OVERLAP
from webui.settings import About, Settings

_ANY: TypeAdapter[Any] = TypeAdapter(Any)


@cache
def about(name: str) -> About:
    """What is declared beside the field of this name."""
    return next(each for each in Settings.model_fields[name].metadata if isinstance(each, About))


def default_of(name: str) -> Any:
    """The default of a setting."""
    return Settings.model_fields[name].default


def plain(value: Any) -> Any:
    """A value as JSON."""
    return _ANY.dump_python(value, mode="json")


def limits(name: str) -> dict[str, Any]:
    """Kind ("choice", "number", "switch", "text", "list", "path"), choices (of another kind than "choice": what to suggest), min, max.

    A number that must be above 0 has the exclusive limit 0 as its min. A "number" or "text" whose default is null may be null.
    """
    field, declared = Settings.model_fields[name], about(name)
    found: dict[str, Any] = {"kind": _kind(field.annotation), "choices": list(declared.suggested), "min": None, "max": None}
    for each in field.metadata:
        if isinstance(each, Ge | Gt):
            found["min"] = each.ge if isinstance(each, Ge) else each.gt
        elif isinstance(each, Le):
            found["max"] = each.le
    if named := _named(field.annotation):
        found["choices"] = named
    if name in ("output_format", "log_level"):  # validated in any case, so that they are no Literal
        found["kind"] = "choice"
    elif name == "overlap":  # a word, or a number between these
        found |= {"min": 1, "max": MAX_OVERLAP}
    return found


def _named(annotation: Any) -> list[str]:
    """The words that a type allows, alone or beside others."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [word for part in get_args(annotation) for word in _named(part)] if get_args(annotation) else []


def _kind(annotation: Any) -> str:
    kinds = {bool: "switch", int: "number", float: "number", Path: "path"}
    if annotation in kinds:
        return kinds[annotation]
    if get_origin(annotation) is tuple:
        return "list"
    if _named(annotation):
        return "choice"
    return "number" if int in get_args(annotation) else "text"
