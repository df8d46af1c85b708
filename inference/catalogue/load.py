"""The catalogue from its files: the shipped one, and what a user's home folder adds."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from inference.catalogue.collection import Catalogue, Problem
from inference.catalogue.local import DEFAULTS, INSTALLED, as_installed, read_defaults, read_installed
from inference.catalogue.record import ModelRecord, Recommended, absolute
from inference.catalogue.weights import FileWeights, Frozen

log = logging.getLogger(__name__)

SHIPPED = Path(__file__).parents[2] / "data" / "catalogue.json"
OWN = "catalogue.json"


class _File(Frozen):
    version: Literal[1]
    recommended: dict[str, Recommended] = Field(default_factory=dict)
    models: tuple[ModelRecord, ...]


def load_catalogue(models: Path | None = None) -> Catalogue:
    """The shipped models, and those of the user's file, which win where names are the same.

    Nothing in the user's files can break the catalogue: what is wrong is left out, logged, and listed in `Catalogue.problems`.

    Args:
        models: the folder HOME/models, which need not exist. In it may be catalogue.json (records of the user's own, of the same
            form as the shipped ones, with paths relative to the folder), installed.json and defaults.json (see `local`).
    """
    shipped = _File.model_validate_json(SHIPPED.read_bytes())
    records = {record.name.casefold(): record for record in shipped.models}
    if models is None:
        return Catalogue(records, recommended=shipped.recommended)
    problems: list[Problem] = []
    defaults: dict[str, dict[str, Any]] = {}
    awaited: list[Path] = []
    with _unread(OWN, problems):
        for record in _own(models / OWN, problems):
            records[record.name.casefold()] = absolute(record, models)
    with _unread(INSTALLED, problems):
        for name, entry in read_installed(models).items():
            if name in records:
                records[name] = as_installed(records[name], entry)
                if not isinstance(records[name].weights, FileWeights):
                    awaited += [*entry.files, *([entry.config] if entry.config else [])]
    with _unread(DEFAULTS, problems):
        defaults = read_defaults(models, problems)
    for problem in problems:
        log.warning("%s", problem)
    return Catalogue(records, problems=problems, defaults=defaults, recommended=shipped.recommended, awaited=awaited)


@contextmanager
def _unread(file: str, problems: list[Problem]) -> Iterator[None]:
    """A file that cannot be read becomes a problem."""
    try:
        yield
    except OSError as error:
        problems.append(Problem(file, "", "", f"cannot be read: {error.strerror or error}", unread=True))


def _own(path: Path, problems: list[Problem]) -> list[ModelRecord]:
    """The good records of the user's file. Raises OSError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return []
    except (ValueError, RecursionError) as error:
        problems.append(Problem(path.name, "", "", f"is not JSON in UTF-8: {error}"))
        return []
    entries = data.get("models") if isinstance(data, dict) and data.get("version") == 1 else None
    if not isinstance(entries, list):
        problems.append(Problem(path.name, "", "", 'is not a catalogue of models: it must be {"version": 1, "models": [...]}'))
        return []
    found = []
    for number, entry in enumerate(entries):
        try:
            found.append(ModelRecord.model_validate_json(json.dumps(entry)))
        except ValidationError as error:
            problems += _problems(path.name, _called(entry, number), error)
    return found


def _called(entry: Any, number: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) and name else f"number {number + 1}"


def _problems(file: str, record: str, error: ValidationError) -> list[Problem]:
    return [Problem(file, record, ".".join(str(part) for part in each["loc"]), each["msg"]) for each in error.errors()]
