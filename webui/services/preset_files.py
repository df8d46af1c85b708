"""The user's presets as files: written whole or not at all, with every earlier version kept.

HOME/presets/{name}.json
HOME/presets/history/{name}/{milliseconds since 1970}.json
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from inference.errors import BadPreset, UnknownPreset
from inference.presets.names import one_component
from inference.presets.reading import read_json
from tools.whole import write_text
from webui.services.errors import BadRequest, PresetChanged
from webui.services.files import storing
from webui.services.storage import safe_name

HISTORY = "history"
MAX_VERSIONS = 100  # of one preset; the oldest go
MAX_NAME = 80  # characters


@dataclass(frozen=True)
class Version:
    """An earlier version of a preset."""

    at: int  # milliseconds since 1970: until then it was the present one
    title: str
    steps: int


def file_name(name: str) -> str:
    """What people call a preset as the name of its file, without the extension."""
    return one_component(safe_name(name.strip().removesuffix(".json"))[:MAX_NAME])


def revision_of(data: object) -> str:
    """Names what a preset says: the same for the same JSON, whatever its layout."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


class OwnPresets:
    """The files in one folder. Thread-safe. All that writes raises DiskFull where it cannot.

    Args:
        folder: where they are.
        taken: gives the names of presets elsewhere, which new ones do not get.
    """

    def __init__(self, folder: Path, taken: Callable[[], Iterable[str]] = tuple) -> None:
        self._folder, self._taken = folder, taken
        self._lock = threading.Lock()

    def files(self) -> dict[str, Path]:
        """All presets by name."""
        return {path.stem: path for path in self._folder.glob("*.json")}

    def has(self, name: str) -> bool:
        """Whether there is one of that very name."""
        return name in self.files()

    def write(self, name: str, data: object, *, revision: str | None = None) -> str:
        """Store a preset; what was there joins the history. The name it has: an existing one keeps its upper and lower case.

        Raises:
            PresetChanged: a `revision` is asked for, and what is stored has another.
        """
        with self._lock, storing("the preset"):
            name = next((each for each in self.files() if each.casefold() == name.casefold()), name)
            text = _text(data)
            path = self._path(name)
            if revision is not None and path.exists() and revision != revision_of(read_json(path)):
                raise PresetChanged(
                    f"the preset {name} was changed meanwhile", hint="Look at it again, or store yours under another name.", preset=name
                )
            if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != text:
                self._remember(name)
                _write_whole(path, text)
            return name

    def add(self, name: str, data: object, *, number: bool = True) -> str:
        """Store a new preset; nothing is overwritten.

        Args:
            name: to store it under.
            data: the preset.
            number: whether a name that is taken gets a number.

        Returns:
            The name it has.

        Raises:
            BadRequest: the name is taken, and gets no number.
        """
        with self._lock, storing("the preset"):
            if number:
                name = self._free(name)
            self._need_free(name)
            _write_whole(self._folder / f"{file_name(name)}.json", _text(data))
            return file_name(name)

    def _free(self, name: str) -> str:
        """The name itself, or with a number where a preset has it."""
        candidate, number = name, 1
        while self._is_taken(candidate):
            number += 1
            head, end = name, f"_{number}"
            while not file_name(head + end).endswith(end):  # too long with it
                head = head[:-1]
            candidate = head + end
        return candidate

    def _need_free(self, name: str) -> None:
        if self._is_taken(name):
            raise BadRequest(f"there is a preset {name} already", hint="Choose another name.")

    def _is_taken(self, name: str) -> bool:
        taken = {each.casefold() for each in (*self.files(), *self._taken())}
        return not taken.isdisjoint({name.casefold(), file_name(name).casefold()})

    def rename(self, name: str, new: str) -> None:
        """Give a preset and its history another name. Raises BadRequest where that is taken."""
        with self._lock, storing("the preset"):
            if new.casefold() != name.casefold():
                self._need_free(new)
            self._path(name).replace(self._path(new))
            old, target = self._history(name), self._history(new)
            if old.is_dir() and name != new:
                target.mkdir(parents=True, exist_ok=True)
                for version in old.iterdir():
                    version.replace(target / version.name)
                if old.exists() and not any(old.iterdir()):
                    old.rmdir()

    def delete(self, name: str) -> None:
        """Remove a preset; its last version joins the history."""
        with self._lock, storing("the preset"):
            self._remember(name)
            self._path(name).unlink(missing_ok=True)

    def history(self, name: str) -> list[Version]:
        """The earlier versions, newest first; those that cannot be read are left out."""
        found = []
        for path in self._versions(name):
            try:
                data = read_json(path)
            except BadPreset:
                continue
            if isinstance(data, dict):
                steps = data.get("steps", data.get("flow"))
                found.append(Version(int(path.stem), str(data.get("name", "")), len(steps) if isinstance(steps, list) else 0))
        return sorted(found, key=lambda version: -version.at)

    def version(self, name: str, at: int) -> object:
        """An earlier version. Raises UnknownPreset."""
        path = next((path for path in self._versions(name) if int(path.stem) == at), None)
        if path is None:
            raise UnknownPreset(
                f"the preset {name[:100]!r} has no version of that moment", hint="Its history lists them.", preset=name[:100]
            )
        return read_json(path)

    def _remember(self, name: str) -> None:
        """Keep the present version. The same moment twice gets the next millisecond."""
        path = self._path(name)
        if not path.exists():
            return
        folder = self._history(name)
        folder.mkdir(parents=True, exist_ok=True)
        moment = time.time_ns() // 1_000_000
        while (folder / f"{moment}.json").exists():
            moment += 1
        shutil.copyfile(path, folder / f"{moment}.json")
        for old in sorted(self._versions(name), key=lambda each: int(each.stem))[:-MAX_VERSIONS]:
            old.unlink(missing_ok=True)

    def _versions(self, name: str) -> list[Path]:
        return [path for path in self._history(name).glob("*.json") if path.stem.isdigit()]

    def _path(self, name: str) -> Path:
        """The file of a preset: its own, whatever somebody called it who put it there by hand, or a new one."""
        return self.files().get(name) or self._folder / f"{file_name(name)}.json"

    def _history(self, name: str) -> Path:
        return self._folder / HISTORY / file_name(name)


def _text(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
