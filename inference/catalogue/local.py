"""What a user's home folder says about models: which are installed, and with which options the user wants them.

    HOME/models/installed.json   {"version": 1, "models": {name: {"files": [...], "config": path or null, "bytes": n, "sha256": hex, ...}}}
    HOME/models/defaults.json    {"version": 1, "models": {name: {option: value}}}

Both are written by services; what is broken in them is left out and never breaks the catalogue.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inference.catalogue.collection import Problem
from inference.catalogue.configs import CONFIGS, read_config
from inference.catalogue.describe import describe
from inference.catalogue.record import ModelRecord
from inference.catalogue.weights import FileWeights, HubWeights
from inference.errors import BadOption, MsstError
from inference.options import parse_options

log = logging.getLogger(__name__)

INSTALLED = "installed.json"
DEFAULTS = "defaults.json"


class InstalledModel(BaseModel):
    """One entry of installed.json. What later versions add is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    files: tuple[Path, ...] = Field(min_length=1)  # absolute, or relative to the folder of installed.json
    config: Path | None = None  # the YAML that came with them
    bytes: int | None = None  # of the (first) file of weights
    sha256: str | None = None
    source: str = ""
    linked: bool = False  # the user's own file, which is only read
    installed_at: float | None = None  # seconds since 1970

    def at(self, folder: Path) -> InstalledModel:
        """With absolute paths."""
        files = tuple(folder / path for path in self.files)
        return self.model_copy(update={"files": files, "config": folder / self.config if self.config else None})

    def is_whole(self) -> bool:
        """Whether all files are there, the first with its size. The contents are not read."""
        try:
            sizes = [path.stat().st_size for path in self.files if path.is_file()]
        except OSError:
            return False
        return len(sizes) == len(self.files) and (self.bytes is None or sizes[0] == self.bytes)


def read_installed(folder: Path) -> dict[str, InstalledModel]:
    """The entries of installed.json by casefolded name, with absolute paths. What is broken is logged and left out.

    Raises:
        OSError: the file is there and cannot be read.
    """
    found = {}
    for name, entry in _models(folder / INSTALLED).items():
        try:
            found[name.casefold()] = InstalledModel.model_validate(entry).at(folder)
        except ValidationError as error:
            log.warning("%s: %s is left out: %s", INSTALLED, name, error.errors()[0]["msg"])
    return found


def read_defaults(folder: Path, problems: list[Problem]) -> dict[str, dict[str, Any]]:
    """The user's own options by model; those that do not exist or are out of range are left out and named in `problems`.

    Raises:
        OSError: the file is there and cannot be read.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, entry in _models(folder / DEFAULTS).items():
        if not isinstance(entry, Mapping):
            problems.append(Problem(DEFAULTS, name, "", "is not a list of options"))
            continue
        for option, value in entry.items():
            try:
                parse_options({option: value})
            except BadOption as error:
                problems.append(Problem(DEFAULTS, name, option, error.message))
            else:
                found.setdefault(name, {})[option] = value
    return found


def as_installed(record: ModelRecord, entry: InstalledModel) -> ModelRecord:
    """The record with the files that are on this machine, and where it had no configuration, what its YAML says.

    A record whose files are not whole stays as it is: not installed.
    """
    hub = record.weights
    if not isinstance(hub, HubWeights) or not entry.is_whole():
        return record
    changes: dict[str, Any] = {}
    if not record.has_config:
        if entry.config is None:
            log.warning("%s: %s has no configuration and is left out", INSTALLED, record.name)
            return record
        try:
            changes = _described(record.family, entry.config)
        except MsstError as error:
            log.warning("%s: %s is left out: %s", INSTALLED, record.name, error.message)
            return record
    if hub.sha256 is None and entry.sha256:
        hub = hub.model_copy(update={"sha256": entry.sha256.lower()})
    return record.model_copy(update={"weights": FileWeights(kind="file", files=entry.files, origin=hub), **changes})


def _described(family: str, path: Path) -> dict[str, Any]:
    about = describe(family, _read(path, _changed(path)))
    changes = {"stems": about.stems, "target": about.target, "rest": about.rest, "sample_rate": about.sample_rate}
    return {**changes, "config_file": str(CONFIGS / path)}  # absolute, so it stays what it is


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # whoever reads it says so
        return 0


@lru_cache(maxsize=512)
def _read(path: Path, _changed: int) -> dict[str, Any]:
    return read_config(path)


def _models(path: Path) -> dict[str, Any]:
    """The entries of such a file; none where it is missing or broken. Raises OSError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        log.warning("%s cannot be read and is passed over: %s", path.name, error)
        return {}
    models = data.get("models") if isinstance(data, dict) and data.get("version") == 1 else None
    if not isinstance(models, dict):
        log.warning("%s is not of version 1 and is passed over", path.name)
        return {}
    return models
