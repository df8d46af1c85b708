"""What the result of a step depends on, as one short text: two steps of one key have the same result.

key(step) = sha256(engine, kind, recipe, keys of what it reads, model with its weights and options, the stems that are wanted)
key(file) = sha256(its bytes)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from inference.presets.references import file_number, owner_of, stem_of
from inference.presets.steps.base import StepBase
from inference.presets.steps.separate import SeparateStep

ENGINE = 2
"""Raised whenever a step, a network or the loop gives another result than before: what was kept by then is not used any more."""

_BLOCK = 1 << 20

Identity = Callable[[str, Mapping[str, Any]], Any]
"""What a model's result depends on, as JSON: its name, its weights, its configuration, and the options in force."""


class Keys:
    """The keys of one run.

    Args:
        files: of the job, the song first. The bytes of each are read once, when the first key that depends on it is asked for.
        identity: of models.
        on_work: called now and then while a file is read; may raise Cancelled.
    """

    def __init__(self, files: Sequence[Path], identity: Identity, on_work: Callable[[], None]) -> None:
        self._files, self._identity, self._on_work = files, identity, on_work
        self._steps: dict[str, str] = {}
        self._hashes: dict[int, str] = {}  # by the file's number

    def of(self, step: StepBase, wanted: tuple[str, ...] | None) -> str:
        """The key of a step; those that it reads must have been asked for before."""
        model = self._identity(step.model, step.options) if isinstance(step, SeparateStep) else None
        said = {
            "engine": ENGINE,
            "kind": step.kind,
            "recipe": step.recipe(),
            "reads": [self._read(reference) for reference in step.references()],
            "model": model,
            "wanted": None if wanted is None else sorted({stem.casefold() for stem in wanted}),
        }
        key = hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=True).encode("ascii")).hexdigest()
        self._steps[step.name] = key
        return key

    def _read(self, reference: str) -> str:
        if number := file_number(reference):
            return self._hash(number)
        return f"{self._steps[owner_of(reference)]}.{stem_of(reference).casefold()}"

    def _hash(self, number: int) -> str:
        if number not in self._hashes:
            digest = hashlib.sha256()
            with self._files[number - 1].open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
                    self._on_work()
            self._hashes[number] = digest.hexdigest()
        return self._hashes[number]
