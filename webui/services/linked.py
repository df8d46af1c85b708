"""Models that the user already has, in a folder of another program (UVR, MSST): recognised and linked, never copied, moved or changed."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from inference.catalogue import WEIGHTS_SUFFIXES, Catalogue, InstalledModel, ModelRecord, describe, read_config
from inference.errors import Cancelled, DiskFull, MsstError
from tools.hub import sha256_of
from webui.services.errors import BadRequest
from webui.services.ledger import Ledger, load_json, write_json

log = logging.getLogger(__name__)

HASHES = "hashes.json"
MAX_FILES = 20_000  # entries of a folder that are looked at
MAX_DEPTH = 8


class Hashes:
    """Checksums of files that were hashed before, while they are the same by path, size and date."""

    def __init__(self, models: Path) -> None:
        self._path = models / HASHES
        try:
            known = load_json(self._path).get("files")
        except DiskFull:  # then they are computed again
            known = None
        self._known: dict[str, list[object]] = known if isinstance(known, dict) else {}

    def of(self, path: Path, cancelled: Callable[[], bool]) -> str:
        """The SHA-256 of a file. Raises OSError, Cancelled."""

        def check(_: int) -> None:
            if cancelled():
                raise Cancelled

        about, key = path.stat(), str(path.resolve())
        known = self._known.get(key)
        if isinstance(known, list) and known[:2] == [about.st_size, about.st_mtime_ns]:
            return str(known[2])
        digest = sha256_of(path, check)
        self._known[key] = [about.st_size, about.st_mtime_ns, digest]
        return digest

    def save(self) -> None:
        """Remember them for the next time."""
        try:
            write_json(self._path, {"version": 1, "files": self._known})
        except MsstError as error:
            log.warning("cannot remember checksums: %s", error.message)


@dataclass
class LinkReport:
    """What a folder had."""

    linked: list[str] = field(default_factory=list)  # models that can be used from now on
    already: list[str] = field(default_factory=list)  # models that are installed anyway
    no_config: list[str] = field(default_factory=list)  # recognised; installing them downloads their YAML only
    wrong: list[str] = field(default_factory=list)  # files that are called like a model and are another one, or broken
    unknown: list[str] = field(default_factory=list)  # files of weights that no model is known for: they can be added


class Linker:
    """Finds models in a folder.

    Args:
        ledger: where they are noted.
        catalogue: what is known.
    """

    def __init__(self, ledger: Ledger, catalogue: Catalogue) -> None:
        self._ledger, self._catalogue = ledger, catalogue

    def link(self, folder: Path, cancelled: Callable[[], bool] = lambda: False) -> LinkReport:
        """Look through a folder and those below it, and note what is recognised: by its checksum, or by name and size where none is known.

        Raises:
            BadRequest: there is no such folder, or too much in it.
            Cancelled: `cancelled` said so.
        """
        folder = folder.expanduser()
        if not folder.is_dir():
            raise BadRequest(f"{str(folder)[:300]!r} is no folder of this machine", reason="no_folder")
        report, hashes = LinkReport(), Hashes(self._ledger.models)
        found = list(_walk(folder.resolve()))
        configs = {path.name.casefold(): path for path in found if path.suffix.lower() in (".yaml", ".yml")}
        by_size: dict[int, list[ModelRecord]] = {}
        for record in self._catalogue:
            by_size.setdefault(record.bytes or 0, []).append(record)
        try:
            for path in found:
                if path.suffix.lower() in WEIGHTS_SUFFIXES:
                    self._one(path, by_size, configs, hashes, report, cancelled)
        finally:
            hashes.save()
        return report

    def _one(
        self,
        path: Path,
        by_size: dict[int, list[ModelRecord]],
        configs: dict[str, Path],
        hashes: Hashes,
        report: LinkReport,
        cancelled: Callable[[], bool],
    ) -> None:
        try:
            size = path.stat().st_size
            named = self._catalogue.by_file(path.name, size)
            candidates = [record for record in by_size.get(size, []) if record.sha256] if size else []
            digest = hashes.of(path, cancelled) if candidates or named else None
        except OSError as error:
            report.wrong.append(f"{path}: {error.strerror}")
            return
        record = next((each for each in candidates if each.sha256 == digest), None)
        if named is not None:
            known = named.sha256 or self._ledger.checksum(named.name)
            if known in (None, digest):
                record = named
            elif record is None:
                report.wrong.append(f"{path}: it is called like {named.name}, and has other bytes")
                return
        if record is None:
            report.unknown.append(str(path))
        elif record.installed:
            report.already.append(record.name)
        else:
            self._note(record, path, digest, _config(record, path, configs), report)

    def _note(self, record: ModelRecord, path: Path, digest: str | None, config: Path | None, report: LinkReport) -> None:
        entry = InstalledModel(
            files=(path,),
            config=config,
            bytes=record.bytes,
            sha256=digest,
            source=str(path.parent),
            linked=True,
            installed_at=time.time(),
        )
        self._ledger.put(record.name, entry)
        (report.linked if record.has_config or config else report.no_config).append(record.name)


def _config(record: ModelRecord, weights: Path, configs: dict[str, Path]) -> Path | None:
    """The YAML of a model that needs one: beside its weights or elsewhere in the folder, and readable."""
    if record.has_config or record.hub is None:
        return None
    names: Iterable[str] = (f"{weights.stem}.yaml", f"{weights.stem}.yml", f"{weights.name}.yaml", Path(record.hub.config_path or "").name)
    beside = [weights.with_name(name) for name in names if name]
    elsewhere = [configs[name.casefold()] for name in names if name.casefold() in configs]
    for path in (*beside, *elsewhere):
        try:
            if path.is_file() and describe(record.family, read_config(path)):
                return path
        except MsstError as error:
            log.info("%s is not the configuration of %s: %s", path, record.name, error.message)
    return None


def _walk(folder: Path) -> Iterator[Path]:
    """The files below a folder, links to folders not followed. Raises BadRequest where they are too many."""
    count = 0
    for place, folders, files in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if depth < MAX_DEPTH else []
        for name in sorted(files):
            count += 1
            if count > MAX_FILES:
                hint = "Choose the folder of the models itself."
                raise BadRequest(f"there are more than {MAX_FILES} files in {folder}", hint=hint, reason="too_many_files", limit=MAX_FILES)
            yield Path(place) / name
