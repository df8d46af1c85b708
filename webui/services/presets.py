"""The presets there are: the user's own first, then the shipped ones. Nobody writes to the shipped ones."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.catalogue import Catalogue
from inference.errors import BadPreset, MsstError, UnknownPreset
from inference.presets.graph import as_json
from inference.presets.reading import parse_preset, read_json
from inference.presets.references import EVERY, owner_of, stem_of
from inference.presets.schema import Output, Preset
from inference.presets.validate import Missing, check_preset, missing_models, require_installed
from webui.services.errors import BadRequest
from webui.services.preset_files import OwnPresets, Version, file_name

DEFAULT_PRESET = "my_preset"
SUFFIXES = (".json", ".yaml", ".yml")  # a caller may name the file instead of the preset; all presets are JSON
MAX_IMPORT_BYTES = 1 << 20


@dataclass(frozen=True)
class PresetCard:
    """A preset as a list shows it."""

    name: str  # what a job names it by
    title: str
    description: str
    stems: tuple[str, ...]  # what it keeps
    own: bool = False  # the user's: it can be changed
    missing: tuple[str, ...] = ()  # models that are still to be installed
    problem: str = ""  # why it can never run as it is


class PresetService:
    """Finds presets by name, and keeps the user's.

    Args:
        own: the folder of the user's presets; one of them hides a shipped one of its name.
        shipped: the folder of those that come with the program.
        catalogue: gives the models there are now.
    """

    def __init__(self, own: Path, shipped: Path, catalogue: Callable[[], Catalogue]) -> None:
        self._own, self._shipped, self._catalogue = OwnPresets(own, self._shipped_files), shipped, catalogue

    def get(self, name: str) -> Preset:
        """The preset of that name (an extension is ignored), checked, with all its models installed.

        Raises:
            UnknownPreset: there is none.
            BadPreset, UnknownModel: its file says something impossible.
            ModelNotInstalled: models are to be installed first; `models` in its params has them all.
        """
        return self._ready(self.load(name))

    def get_inline(self, text: str) -> Preset:
        """The preset in JSON text that nobody has stored, checked, with all its models installed. Raises as `get`."""
        return self._ready(self.load_inline(text))

    def load_inline(self, text: str) -> Preset:
        """As `get_inline`, also where models are not installed."""
        return self.check(decode(text.encode("utf-8", "replace")))

    def _ready(self, preset: Preset) -> Preset:
        require_installed(preset, self._catalogue())
        return preset

    def load(self, name: str) -> Preset:
        """As `get`, also where models are not installed."""
        found, path = self._find(name)
        preset = self.check(read_json(path))
        return preset if preset.name else preset.model_copy(update={"name": found})

    def check(self, data: object) -> Preset:
        """The preset in decoded JSON, if there is nothing wrong with it. Raises BadPreset, UnknownModel, with the place."""
        preset = parse_preset(data)
        check_preset(preset, self._catalogue())
        return preset

    def all(self, *, runnable: bool = True) -> list[PresetCard]:
        """All presets by name: those that can run now, or (`runnable` false) also those that lack models or are broken, saying why."""
        cards = [self.card(name) for name in sorted(self._files())]
        return [card for card in cards if not runnable or not (card.missing or card.problem)]

    def card(self, name: str) -> PresetCard:
        """One preset, as a list shows it. Raises UnknownPreset."""
        found, path = self._find(name)
        own = self._own.has(found)
        try:
            preset = self.load(found)
        except MsstError as error:
            return PresetCard(found, _title(path) or found, "", (), own, problem=f"{error.message}. {error.hint}".strip())
        missing = missing_models(preset, self._catalogue())
        stems = dict.fromkeys(stem for output in preset.outputs for stem in self._stems(preset, output))
        return PresetCard(found, preset.name or found, preset.description, tuple(stems), own, missing.not_installed)

    def missing(self, name: str) -> Missing:
        """The models that a preset needs and that are not there. Raises UnknownPreset, BadPreset."""
        return self.missing_of(self.stored(name))

    def missing_of(self, data: object) -> Missing:
        """The same of a preset in decoded JSON. Raises BadPreset."""
        return missing_models(parse_preset(data), self._catalogue())

    def stored(self, name: str) -> object:
        """The JSON of a preset as it is stored. Raises UnknownPreset, BadPreset for a file that is none."""
        return read_json(self._find(name)[1])

    def export(self, name: str) -> dict[str, Any]:
        """A preset as JSON of our own version, whatever version it is stored in. Raises UnknownPreset, BadPreset."""
        data = self.stored(name)
        preset = parse_preset(data)
        if isinstance(data, dict) and data.get("version") != "1.0.0":
            return data
        return as_json(preset if preset.name else preset.model_copy(update={"name": self._find(name)[0]}))

    def save(self, name: str, data: object, *, revision: str | None = None) -> PresetCard:
        """Store a preset of the user's under a name, as a new version where there is one. What people type becomes the file's name.

        Args:
            name: what to store it under.
            data: the preset, decoded.
            revision: that the stored one must still have; None overwrites whatever is there.

        Raises:
            BadPreset, UnknownModel: there is something wrong with it; nothing is stored.
            PresetChanged: what is stored has another revision; nothing is stored.
        """
        self.check(data)
        stored = self._own.write(name if self._own.has(name) else file_name(name), data, revision=revision)
        return self.card(stored)

    def take_in(self, content: bytes, name: str = "") -> PresetCard:
        """Import a preset file of any version. A name that is taken gets a number; nothing is overwritten.

        Args:
            content: the file.
            name: what to call it; by default as it calls itself.

        Raises:
            BadPreset, UnknownModel: it cannot be used here.
        """
        data = decode(content)
        preset = self.check(data)
        return self.card(self._own.add(file_name(name or preset.name or "preset"), data))

    def duplicate(self, name: str, new: str = "") -> PresetCard:
        """Store a copy of a preset, also of a shipped one, as the user's own; under a free name where none is given.

        Raises:
            UnknownPreset: there is none.
            BadRequest: the new name is taken.
        """
        found, _ = self._find(name)
        data = self.stored(found)
        if new and isinstance(data, dict):
            data = {**data, "name": new}
        self.check(data)
        return self.card(self._own.add(new or found, data, number=not new))

    def rename(self, name: str, new: str) -> PresetCard:
        """Give one of the user's presets another name; its history goes with it.

        Raises:
            UnknownPreset: there is none.
            BadRequest: it is a shipped one, or the new name is taken.
        """
        found, target = self._own_name(name), file_name(new)
        data = self.stored(found)
        self._own.rename(found, target)
        if isinstance(data, dict):
            self._own.write(target, {**data, "name": new})
        return self.card(target)

    def delete(self, name: str) -> None:
        """Delete one of the user's presets; its last version stays in the history. A shipped one that it hid is there again.

        Raises:
            UnknownPreset: there is none.
            BadRequest: it is a shipped one.
        """
        self._own.delete(self._own_name(name))

    def history(self, name: str) -> list[Version]:
        """The earlier versions of a user's preset, newest first; also of one that was deleted."""
        return self._own.history(_without_suffix(name))

    def restore(self, name: str, at: int) -> PresetCard:
        """Make an earlier version the present one, which joins the history.

        Raises:
            UnknownPreset: there is no version of that moment.
            BadPreset, UnknownModel: it cannot be used any more.
        """
        plain = _without_suffix(name)
        return self.save(plain, self._own.version(plain, at))

    def _stems(self, preset: Preset, output: Output) -> list[str]:
        """The stems of an output. The catalogue has its model: the preset was checked."""
        if stem_of(output.source) not in ("", EVERY):
            return [stem_of(output.source)]
        step = next(step for step in preset.steps if step.name == owner_of(output.source))
        return list(step.makes(lambda model: self._catalogue().get(model).stems))

    def _find(self, name: str) -> tuple[str, Path]:
        files = self._files()
        plain = _without_suffix(name)
        if plain in files:
            return plain, files[plain]
        close = difflib.get_close_matches(plain[:200], files, n=3)
        hint = f"Did you mean {' or '.join(close)}?" if close else f"There are: {', '.join(sorted(files))}."
        raise UnknownPreset(f"there is no preset {name[:100]!r}", hint=hint, preset=name[:100])

    def _files(self) -> dict[str, Path]:
        return self._shipped_files() | self._own.files()

    def _shipped_files(self) -> dict[str, Path]:
        return {path.stem: path for path in self._shipped.glob("*.json")}

    def _own_name(self, name: str) -> str:
        found, _ = self._find(name)
        if not self._own.has(found):
            raise BadRequest(f"the preset {found} comes with the program and stays as it is", hint="Duplicate it and change the copy.")
        return found


def decode(content: bytes) -> object:
    """The JSON in a preset's file. Raises BadPreset for one that is none, or far too large."""
    if len(content) > MAX_IMPORT_BYTES:
        raise BadPreset(f"a preset of {len(content) >> 10} kB", hint="A preset is some kB of JSON.", reason="large")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadPreset(f"the file cannot be read as JSON: {error}", reason="no_json") from error


def _without_suffix(name: str) -> str:
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def _title(path: Path) -> str:
    """What a broken preset calls itself, as far as that can be told."""
    try:
        data = read_json(path)
    except MsstError:
        return ""
    title = data.get("name") if isinstance(data, dict) else None
    return title if isinstance(title, str) else ""
