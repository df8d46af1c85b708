"""How to separate, as the commands that separate take it: the same words everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from inference.errors import BadOption

Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:0, mps ...")]
Precision = Annotated[str | None, typer.Option(help="auto, exact (float32) or fast (16 bits where it is not heard).")]
Overlap = Annotated[str | None, typer.Option(help="standard (the model's own), fast, high, or a number.")]
Stems = Annotated[list[str] | None, typer.Option("--stem", help="Of the model: one to keep, repeatable (by default all).")]
Tta = Annotated[bool, typer.Option("--tta", help="Average over swapped channels and polarity: three times the work.")]
Pairs = Annotated[
    list[str] | None,
    typer.Option(
        "--option", metavar="KEY=VALUE", help="Any other: shifts=2, batch=4, normalize=true, vr.aggressiveness=10 ...; repeatable."
    ),
]


def options_of(
    precision: str | None, overlap: str | None, tta: bool, pairs: Iterable[str] | None, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What a job says on how to separate, over what another one said `before`. Raises BadOption."""
    given = {"precision": precision, "overlap": overlap, "tta": tta or None}
    return changed({**(before or {}), **{name: value for name, value in given.items() if value is not None}}, pairs or ())


def changed(before: Mapping[str, Any], pairs: Iterable[str]) -> dict[str, Any]:
    """Options with KEY=VALUE pairs put in; KEY may be GROUP.KEY, and VALUE is JSON, or else text; KEY= takes one out. Raises BadOption."""
    options = json.loads(json.dumps(dict(before)))
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign or not key:
            raise BadOption(f"{pair!r} is not KEY=VALUE", hint="For example overlap=high.")
        *groups, last = key.split(".")
        place = options
        for group in groups:
            place = place.setdefault(group, {})
            if not isinstance(place, dict):
                raise BadOption(f"{group} is no group of options", option=key)
        if text:
            place[last] = _value(text)
        else:
            place.pop(last, None)
    return {key: value for key, value in options.items() if value != {}}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
