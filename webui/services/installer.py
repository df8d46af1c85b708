"""One installation: the weights and their YAML are fetched, checked by building the network, and noted as installed, in this order."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from inference.catalogue import Catalogue, FileWeights, HubWeights, InstalledModel, ModelRecord, describe, read_config
from inference.errors import BadConfig, BadWeights, DiskFull, MsstError, UnknownModel
from tools.hub import Progress, Wanted, fetch
from webui.services.downloads import DownloadChoice, Downloads
from webui.services.inspector import Inspect
from webui.services.installs import Report
from webui.services.ledger import Ledger, waiting_lock, write_json
from webui.services.storage import safe_name

MARGIN = 200 << 20  # bytes that an installation leaves free
_CONVERTED = re.compile(r"-[0-9a-f]{16}(\.safetensors|\.precision\.json)")


class Installer:
    """Installs models of the catalogue.

    Args:
        ledger: where it is noted.
        catalogue: what there is.
        downloads: how to download.
        inspect: looks at weights.
    """

    def __init__(self, ledger: Ledger, catalogue: Catalogue, downloads: Downloads, inspect: Inspect) -> None:
        self._ledger, self._catalogue, self.downloads, self._inspect = ledger, catalogue, downloads, inspect

    def check(self, name: str) -> ModelRecord:
        """The record, when it can be installed.

        Raises:
            UnknownModel: there is none, or it cannot run here, or there is nothing to download.
        """
        record = self._catalogue.get(name)
        if not record.supported:
            raise UnknownModel(f"the model {record.name} cannot run here", hint=record.unsupported, model=record.name)
        if record.hub is None and not record.installed:
            raise UnknownModel(
                f"the model {record.name} cannot be downloaded: it is a file of your own", hint="Add it again.", model=record.name
            )
        return record

    def install(self, name: str, choice: DownloadChoice, report: Report, cancelled: Callable[[], bool]) -> None:
        """Do it, from wherever an earlier try ended. A model that is installed already is left as it is.

        Raises:
            MsstError: of a download, a full disk, or weights that do not fit.
            Cancelled: `cancelled` said so.
        """
        record = self.check(name)
        with self.only_one(record.name, cancelled=cancelled):
            record = self._catalogue.get(name)
            if not record.installed and record.hub is not None:
                self._install(record, record.hub, choice, report, cancelled)

    def only_one(
        self, name: str, patience: float = float("inf"), cancelled: Callable[[], bool] = lambda: False
    ) -> AbstractContextManager[None]:
        """Held by whoever installs or deletes the files of the model of that name, in whatever process. Raises as `waiting_lock`."""
        return waiting_lock(self._ledger.files / f".{file_stem(name)}.lock", patience, cancelled)

    def _install(self, record: ModelRecord, hub: HubWeights, choice: DownloadChoice, report: Report, cancelled: Callable[[], bool]) -> None:
        def on_progress(progress: Progress) -> None:
            report("verifying" if progress.stage == "verifying" else "downloading", progress)

        entry, vouched = self._weights(record, hub, choice, on_progress, cancelled)
        try:
            path = self._config(record, hub, choice, cancelled)
            config = read_config(path) if path else record.load_config()
            report("checking", None)
            order = {"files": [str(file) for file in entry.files], "cache": str(self._ledger.models), "name": record.name}
            found = self._inspect({**order, "family": record.family, "config": config}, cancelled)
        except MsstError as error:
            if not vouched and error.code in (BadConfig.code, BadWeights.code):
                remove_file(entry.files[0], self._ledger.models)
            raise
        if path and found["config"] != config:
            write_json(path, found["config"])  # with what the weights say about themselves; JSON is YAML too
        about = {"config": path, "bytes": hub.bytes, "installed_at": time.time()}
        self._ledger.put(record.name, entry.model_copy(update=about))

    def _linked(self, record: ModelRecord) -> InstalledModel | None:
        """A file of the user's that stands for the weights, and lacks its configuration only."""
        entry = self._ledger.entry(record.name)
        return entry if entry is not None and entry.linked and entry.is_whole() else None

    def _weights(
        self,
        record: ModelRecord,
        hub: HubWeights,
        choice: DownloadChoice,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
    ) -> tuple[InstalledModel, bool]:
        """The file of weights as it is to be noted, and whether it stays even if it does not fit: it is the user's, or surely right."""
        linked = self._linked(record)
        if linked is not None:
            return linked, True
        target = self.target(record, hub)
        self._room(target, hub)
        receipt = fetch(
            self.downloads.sources(hub, choice),
            target,
            wanted=Wanted(hub.bytes, hub.sha256 or self._ledger.checksum(record.name)),
            policy=self.downloads.policy,
            disk=self.downloads.disk,
            on_progress=on_progress,
            cancelled=cancelled,
        )
        return InstalledModel(files=(receipt.path,), sha256=receipt.sha256, source=receipt.source), receipt.checked

    def target(self, record: ModelRecord, hub: HubWeights) -> Path:
        """Where the weights of a model go."""
        return self._ledger.files / f"{file_stem(record.name)}{Path(hub.name).suffix}"

    def _room(self, target: Path, hub: HubWeights) -> None:
        """Check that the file fits, and its converted form beside it."""
        part = target.with_name(f"{target.name}.part")
        there = sum(path.stat().st_size for path in (part, target) if path.is_file())
        needed = hub.bytes * (1 if target.suffix == ".safetensors" else 2) - there + MARGIN
        free = self.downloads.disk.free(target.parent)
        if free < needed:
            raise DiskFull(
                f"no room for {target.name}: {needed / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB are free",
                hint=f"Make room in {target.parent}, or uninstall a model.",
                file=target.name,
            )

    def _config(self, record: ModelRecord, hub: HubWeights, choice: DownloadChoice, cancelled: Callable[[], bool]) -> Path | None:
        """The YAML, where the record does not say itself what is in it; None where it does."""
        if record.has_config:
            return None
        target = self._ledger.files / f"{file_stem(record.name)}.yaml"
        sources = self.downloads.config_sources(hub, choice)
        if not sources:
            raise BadConfig(f"nobody has a configuration for {record.name}", hint="Add it yourself, with its YAML.", model=record.name)
        fetch(sources, target, policy=self.downloads.policy, disk=self.downloads.disk, cancelled=cancelled)
        try:
            describe(record.family, read_config(target))
        except MsstError:
            target.unlink(missing_ok=True)
            raise
        return target


def file_stem(name: str) -> str:
    """What a model's files are called: its name, or where that is no name for a file, nearly so, and still no other model's."""
    safe = safe_name(name)
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def remove_file(path: Path, cache: Path) -> int:
    """Delete a file of weights and what was converted from it; returns the bytes that became free.

    Args:
        path: the file.
        cache: folder of converted weights.
    """
    freed = 0
    for each in (path, *(_siblings(path)), *converted(path, cache)):
        with suppress(OSError):  # Windows, while it is mapped: it stays until the model is unloaded
            size = each.stat().st_size
            each.unlink()
            freed += size
    return freed


def _siblings(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}{end}") for end in (".part", ".part.json")]


def converted(path: Path, cache: Path) -> list[Path]:
    """What the cache has of this file of weights: its fast form, and what was measured about it."""
    stem = path.stem
    if not cache.is_dir():
        return []
    return [each for each in cache.iterdir() if each.name.startswith(stem) and _CONVERTED.fullmatch(each.name[len(stem) :])]


def files_of(record: ModelRecord) -> list[Path]:
    """The files of an installed model that are files of a user's or of ours."""
    return list(record.weights.files) if isinstance(record.weights, FileWeights) else []
