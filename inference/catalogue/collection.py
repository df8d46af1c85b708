"""All models, by the names that people type."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.catalogue.record import ModelRecord, Recommended
from inference.catalogue.weights import without_suffix
from inference.errors import UnknownModel


@dataclass(frozen=True)
class Problem:
    """Something in a file of the user's that was left out, and why."""

    file: str  # its name
    record: str  # the model's name, or "number 3" where it has none; "" for the whole file
    field: str  # "weights.files"; "" for the whole record
    message: str
    unread: bool = False  # the file could not be read just now: another look may find it whole

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.record, self.field) if part)
        return f"{place}: {self.message}"


class Catalogue:
    """Models by name; iterates over the records.

    Args:
        records: a later one replaces an earlier one of the same name, in any case.
        problems: what was left out of the user's files.
        defaults: the user's own options, by the model's name.
        recommended: models by purpose.
        awaited: files of models that are noted as installed and were not all there; once they are, the catalogue is another one.
    """

    def __init__(
        self,
        records: Mapping[str, ModelRecord],
        *,
        problems: Sequence[Problem] = (),
        defaults: Mapping[str, Mapping[str, Any]] | None = None,
        recommended: Mapping[str, Recommended] | None = None,
        awaited: Sequence[Path] = (),
    ) -> None:
        self._records = {record.name.casefold(): record for record in records.values()}
        aliases = {alias.casefold(): record for record in self for alias in record.aliases}
        self._known = {**aliases, **self._records}  # a name goes before another one's alias
        self._defaults = {name.casefold(): dict(options) for name, options in (defaults or {}).items()}
        self.problems = tuple(problems)
        self.recommended = dict(recommended or {})
        self.awaited = tuple(awaited)

    def __iter__(self) -> Iterator[ModelRecord]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, name: str) -> bool:
        return self._find(name) is not None

    def get(self, name: str) -> ModelRecord:
        """The model of this name, in any case, with or without the extension of a weights file.

        Raises:
            UnknownModel: there is none; the hint has similar names.
        """
        found = self._find(name)
        if found is not None:
            return found
        close = difflib.get_close_matches(without_suffix(name.strip().casefold())[:200], self._known, n=3, cutoff=0.5)
        names = ", ".join(dict.fromkeys(self._known[match].name for match in close))
        hint = f"Did you mean: {names}?" if names else f"There are {len(self)} models; the list of models shows them."
        raise UnknownModel(f"there is no model {name!r}", hint=hint, model=name)

    def installed(self, name: str) -> bool:
        """Whether the files of this model are there. Raises UnknownModel."""
        return self.get(name).installed

    def defaults(self, name: str) -> dict[str, Any]:
        """The user's own options for this model, by their names; empty where there are none. Raises UnknownModel."""
        return dict(self._defaults.get(self.get(name).name.casefold(), {}))

    def by_sha256(self, digest: str) -> ModelRecord | None:
        """The model whose file has this checksum, in hexadecimal."""
        digest = digest.strip().lower()
        return next((record for record in self if record.sha256 == digest), None)

    def by_file(self, name: str, size: int) -> ModelRecord | None:
        """The model whose file is called so and has so many bytes. A name alone, or a size alone, proves nothing."""
        found = self._find(name.replace("\\", "/").rpartition("/")[2])
        return found if found is not None and found.bytes == size else None

    def _find(self, name: str) -> ModelRecord | None:
        wanted = name.strip().casefold()
        return self._known.get(wanted) or self._known.get(without_suffix(wanted))
