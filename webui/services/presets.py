"""The presets there are: the user's own first, then the shipped ones."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from inference.catalogue import Catalogue
from inference.errors import MsstError, UnknownPreset
from inference.presets.schema import EVERY, Preset, load_preset
from inference.presets.validate import check_preset

DEFAULT_PRESET = "my_preset"
SUFFIXES = (".json", ".yaml", ".yml")  # a caller may name the file instead of the preset; all presets are JSON


@dataclass(frozen=True)
class PresetCard:
    """A preset as a list shows it."""

    name: str  # what a job names it by
    title: str
    description: str
    stems: tuple[str, ...]  # what it keeps


class PresetService:
    """Finds presets by name in `folders`, the first one winning."""

    def __init__(self, folders: tuple[Path, ...], catalogue: Catalogue) -> None:
        self._folders, self._catalogue = folders, catalogue

    def get(self, name: str) -> Preset:
        """The preset of that name (an extension is ignored), checked against the catalogue.

        Raises:
            UnknownPreset: there is none.
            BadPreset, UnknownModel: its file says something impossible.
        """
        plain = name
        for suffix in SUFFIXES:
            plain = plain.removesuffix(suffix)
        files = self._files()
        if plain not in files:
            close = difflib.get_close_matches(plain, files, n=3)
            hint = f"Did you mean {' or '.join(close)}?" if close else f"There are: {', '.join(sorted(files))}."
            raise UnknownPreset(f"there is no preset {name[:100]!r}", hint=hint, preset=name[:100])
        preset = load_preset(files[plain])
        check_preset(preset, self._catalogue)
        return preset

    def all(self) -> list[PresetCard]:
        """All presets that can run, by name; broken ones are left out."""
        cards = []
        for name in sorted(self._files()):
            try:
                cards.append(self._card(name, self.get(name)))
            except MsstError:
                continue
        return cards

    def _card(self, name: str, preset: Preset) -> PresetCard:
        stems = [stem for output in preset.outputs for stem in self._stems(preset, output.source)]
        return PresetCard(name, preset.name or name, preset.description, tuple(dict.fromkeys(stems)))

    def _stems(self, preset: Preset, source: str) -> list[str]:
        step_name, _, stem = source.partition(".")
        if stem != EVERY:
            return [stem]
        step = next(step for step in preset.steps if step.name == step_name)
        return list(self._catalogue.get(step.model).stems)

    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in self._folders:
            for path in folder.glob("*.json"):
                found.setdefault(path.stem, path)
        return found
