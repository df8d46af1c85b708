"""The models on this machine: install, verify, repair, uninstall, link, add, and the user's own options for each.

Every door calls `LibraryService`. What there is to install is the catalogue's (`services.models`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.catalogue import FileWeights, ModelRecord, PackageWeights
from inference.errors import Cancelled, DiskFull, UnknownModel
from inference.options import parse_options
from tools.hub import sha256_of
from webui.services.downloads import DownloadChoice, Downloads
from webui.services.errors import BadRequest
from webui.services.inspector import Inspect, Inspector
from webui.services.installer import Installer, converted, files_of, remove_file
from webui.services.installs import Install, Installs
from webui.services.ledger import Ledger, LiveCatalogue, StillLocked
from webui.services.linked import Linker, LinkReport
from webui.services.own_models import Added, Adder, NewModel

Stop = Callable[[], bool]

PATIENCE = 5.0  # seconds to wait for another process that installs the model that is to go


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Verified:
    """What a look at an installed model's files found."""

    name: str
    problems: tuple[str, ...]  # in sentences; none: all is as it was published
    codes: tuple[str, ...]  # of these, for programs: missing, size, bytes, package, not_installed
    checksum: str | None  # the SHA-256 of its file; None where it is missing, or part of a package
    known: bool  # whether there was a checksum to compare it with

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True)
class DiskUse:
    """What an installed model takes."""

    name: str
    title: str
    bytes: int  # of its files
    converted: int  # bytes of their fast form
    linked: bool  # the files are the user's, elsewhere
    partial: bool = False  # what has arrived of a download that was stopped


class LibraryService:
    """The installed models of one home folder.

    Args:
        models: the folder HOME/models.
        catalogue: what there is, as it is now.
        downloads: how to download.
        inspect: looks at weights; tests have their own.
    """

    def __init__(self, models: Path, catalogue: LiveCatalogue, downloads: Downloads, inspect: Inspect | None = None) -> None:
        inspect = inspect or Inspector()
        self.catalogue = catalogue
        self.ledger = Ledger(models)
        self._downloads = downloads
        self._installer = Installer(self.ledger, catalogue, downloads, inspect)
        self._adder = Adder(self.ledger, catalogue, inspect, downloads.disk)
        self.installs = Installs(models, downloads.parallel, self._installer.install)

    def download(self, downloads: Downloads) -> None:
        """Download this way from now on; what is on its way goes on as it began."""
        self._downloads = self._installer.downloads = downloads
        self.installs.resize(downloads.parallel)

    def resume(self) -> None:
        """Go on with the installations that an earlier process left. For the one process that runs the home folder's jobs."""
        self.installs.resume(lambda name: self.catalogue.get(name).title if name in self.catalogue else None)

    def stop(self) -> None:
        """Leave running installations for the next process."""
        self.installs.stop()

    def install(self, name: str, choice: DownloadChoice | None = None, *, trust_anew: bool = False) -> Install:
        """Install a model in the background; `installs` tells how far it is.

        Args:
            name: of the model.
            choice: endpoints or an address instead of the settings'.
            trust_anew: forget the checksum that an earlier installation noted, because the model was published again.

        Raises:
            UnknownModel: there is none, it cannot run here, or there is nothing to download.
            ForbiddenAddress: an endpoint or an address that may not be used.
        """
        record = self._installer.check(name)
        self._downloads.check(choice or DownloadChoice())
        if trust_anew:
            self.ledger.forget_checksum(record.name)
        return self.installs.submit(record.name, record.title, choice or DownloadChoice())

    def verify(self, name: str, cancelled: Stop = _never) -> Verified:
        """Read an installed model's files again and compare them with what they must be.

        Raises:
            UnknownModel: there is none.
        """
        record = self.catalogue.get(name)
        if isinstance(record.weights, PackageWeights):
            missing = () if record.installed else (f"The package {record.weights.package} is not installed, or not whole.",)
            return Verified(record.name, missing, ("package",) * len(missing), None, known=False)
        entry = self.ledger.entry(record.name)
        files = list(entry.files) if entry else files_of(record)
        if not files:
            return Verified(record.name, ("It is not installed.",), ("not_installed",), None, known=False)
        wanted = record.sha256 or (entry.sha256 if entry else None) or self.ledger.checksum(record.name)
        size = record.bytes or (entry.bytes if entry else None)
        problems = [f"{path} is missing." for path in [*files, *([entry.config] if entry and entry.config else [])] if not path.is_file()]
        if problems:
            return Verified(record.name, tuple(problems), ("missing",) * len(problems), None, known=wanted is not None)
        first, codes = files[0], []
        if size is not None and first.stat().st_size != size:
            problems.append(f"{first} has {first.stat().st_size} bytes instead of {size}.")
            codes.append("size")
        digest = _hashed(first, cancelled)
        if wanted and digest != wanted:
            problems.append(f"{first} has other bytes than the model that was published: SHA-256 {digest[:12]}… instead of {wanted[:12]}….")
            codes.append("bytes")
        return Verified(record.name, tuple(problems), tuple(codes), digest, known=wanted is not None)

    def repair(self, name: str, choice: DownloadChoice | None = None, cancelled: Stop = _never) -> Install | None:
        """Verify a model, and download it again where something is wrong; None where nothing is.

        A linked file is never touched: a copy of our own takes its place.

        Raises:
            UnknownModel: there is none, or it cannot be downloaded.
        """
        report = self.verify(name, cancelled)
        if report.whole:
            return None
        record = self.catalogue.get(name)
        if record.hub is None:
            raise UnknownModel(
                f"the model {record.name} cannot be downloaded again: {' '.join(report.problems)}",
                hint="Install its package again." if isinstance(record.weights, PackageWeights) else "Add its file again.",
                model=record.name,
            )
        self.ledger.remove(record.name)  # so that nothing uses it; what is right of it is kept by the download
        return self.install(record.name, choice)

    def uninstall(self, name: str) -> int:
        """Delete what is ours of a model, and forget what is the user's; returns the bytes that became free.

        Raises:
            UnknownModel: there is none.
            BadRequest: it comes with a package, or another process is installing it.
        """
        record = self.catalogue.get(name)
        if isinstance(record.weights, PackageWeights):
            raise BadRequest(f"the model {record.name} comes with the program and stays", reason="built_in")
        self._stop_install(record.name)
        try:
            with self._installer.only_one(record.name, PATIENCE):
                return self._uninstall(self.catalogue.get(name))
        except StillLocked as error:
            raise _being_installed(record.name) from error

    def _uninstall(self, record: ModelRecord) -> int:
        entry = self.ledger.entry(record.name)
        files = [*(entry.files if entry else files_of(record)), self._own_file(record)]
        configs = [entry.config] if entry and entry.config else []
        self.ledger.remove(record.name)
        if record.hub is None:  # else it can be installed again
            self.ledger.remove_own(record.name)
        freed = 0
        for path in dict.fromkeys(file for file in files if file is not None):
            if self.ledger.ours(path) and not self._used(path):
                freed += remove_file(path, self.ledger.models)
            elif not self._used(path):
                freed += _remove_converted(path, self.ledger.models)
        for path in configs:
            if self.ledger.ours(path) and not self._used(path):
                freed += remove_file(path, self.ledger.models)
        return freed

    def link(self, folder: Path, cancelled: Stop = _never) -> LinkReport:
        """Use the models that the user has in a folder of another program. Nothing in it is changed. Raises BadRequest."""
        return Linker(self.ledger, self.catalogue).link(folder, cancelled)

    def add(self, new: NewModel, cancelled: Stop = _never) -> Added:
        """Add a model of the user's own: see `own_models.Adder.add`."""
        return self._adder.add(new, cancelled)

    def defaults(self, name: str) -> dict[str, Any]:
        """The user's own options of a model. Raises UnknownModel."""
        return self.catalogue.defaults(name)

    def set_defaults(self, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Separate with these options whenever a job or a preset does not say otherwise; none for the model's own.

        Raises:
            UnknownModel: there is none.
            BadOption: an option that does not exist, or is out of its range.
        """
        record = self.catalogue.get(name)
        parse_options(options)
        self.ledger.put_defaults(record.name, options)
        return self.defaults(record.name)

    def clear_defaults(self, name: str) -> None:
        """Back to the model's own options. Raises UnknownModel."""
        self.ledger.put_defaults(self.catalogue.get(name).name, None)

    def disk_use(self) -> list[DiskUse]:
        """What each installed model and each unfinished download takes, the largest first; models of packages are left out."""
        found = []
        entries = self.ledger.entries()
        for record in self.catalogue:
            entry = entries.get(record.name.casefold())
            files = list(entry.files) if entry else files_of(record)
            if files and (entry or isinstance(record.weights, FileWeights)):
                fast = [each for path in files for each in converted(path, self.ledger.models)]
                linked = entry.linked if entry else not all(map(self.ledger.ours, files))
                found.append(DiskUse(record.name, record.title, sum(map(_size, files)), sum(map(_size, fast)), linked))
        return sorted([*found, *self._unfinished()], key=lambda use: use.bytes + use.converted, reverse=True)

    def _unfinished(self) -> list[DiskUse]:
        """Also what has arrived whole but could not be used."""
        noted = {path for entry in self.ledger.entries().values() for path in entry.files}
        here = {path.name: _size(path) for path in self.ledger.files.glob("*") if path not in noted}
        targets = ((record, self._own_file(record)) for record in self.catalogue) if here else ()
        sizes = [(record, here.get(each.name, 0) + here.get(f"{each.name}.part", 0)) for record, each in targets if each is not None]
        return [DiskUse(record.name, record.title, size, 0, linked=False, partial=True) for record, size in sizes if size]

    def free_bytes(self) -> int:
        """What the disk of the models has left."""
        return self._downloads.disk.free(self.ledger.models)

    def _stop_install(self, name: str) -> None:
        if any(install.name == name and not install.ended for install in self.installs.all()):
            self.installs.cancel(name)
            try:
                self.installs.wait(name, timeout=30)
            except TimeoutError as error:
                raise _being_installed(name) from error

    def _own_file(self, record: ModelRecord) -> Path | None:
        """Where its download lies, or what has arrived of it."""
        return self._installer.target(record, record.hub) if record.hub else None

    def _used(self, path: Path) -> bool:
        """Whether another model still has this file."""
        others = [file for entry in self.ledger.entries().values() for file in (*entry.files, entry.config)]
        others += [file for record in self.catalogue for file in files_of(record)]
        return path in others


def _being_installed(name: str) -> BadRequest:
    return BadRequest(f"the model {name} is being installed", hint="Cancel that first.", reason="being_installed")


def _remove_converted(path: Path, cache: Path) -> int:
    freed = 0
    for each in converted(path, cache):
        size = _size(each)
        try:
            each.unlink()
        except OSError:
            continue  # Windows, while a model is loaded
        freed += size
    return freed


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _hashed(path: Path, cancelled: Stop) -> str:
    def check(_: int) -> None:
        if cancelled():
            raise Cancelled

    try:
        return sha256_of(path, check)
    except OSError as error:
        raise DiskFull(f"{path.name} cannot be read: {error.strerror}") from error
