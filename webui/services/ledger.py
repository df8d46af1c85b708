"""What is installed, added and preferred here: the small files in HOME/models, and who writes them.

HOME/models/installed.json    name -> the files that were downloaded or linked
HOME/models/catalogue.json    records of the user's own models, of the same form as the shipped ones
HOME/models/defaults.json     name -> the user's own options
HOME/models/files/            the weights and configurations that are ours

`inference.catalogue` reads them. They are written here only: in one rename, under a lock, and never over one that cannot be read.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inference.catalogue import Catalogue, InstalledModel, ModelRecord, load_catalogue, read_installed
from inference.errors import Cancelled, DiskFull
from tools.locks import FileLock
from tools.whole import write_text

log = logging.getLogger(__name__)

INSTALLED, OWN, DEFAULTS = "installed.json", "catalogue.json", "defaults.json"
PATIENCE = 30.0  # seconds to wait for another process that writes
RETRY = 1.0  # seconds after which a file that could not be read is tried again


class Ledger:
    """The files in the folder HOME/models."""

    def __init__(self, models: Path) -> None:
        self.models = models
        self.files = models / "files"
        self._lock = models / ".ledger.lock"

    def entry(self, name: str) -> InstalledModel | None:
        """What is noted about an installed model, with absolute paths. Raises DiskFull where that cannot be read."""
        return self.entries().get(name.casefold())

    def entries(self) -> dict[str, InstalledModel]:
        """All of them, by casefolded name. Raises DiskFull where they cannot be read."""
        try:
            return read_installed(self.models)
        except OSError as error:
            raise _unreadable(self.models / INSTALLED, error) from error

    def put(self, name: str, model: InstalledModel) -> None:
        """Note that a model is installed. Raises DiskFull."""
        data = model.model_dump(mode="json")
        data["files"] = [self._short(path) for path in model.files]
        data["config"] = self._short(model.config) if model.config else None

        def change(file: dict[str, Any]) -> None:
            _drop(file["models"], name)
            file["models"][name] = data
            if model.sha256:
                file.setdefault("checksums", {})[name] = model.sha256

        self._change(INSTALLED, {}, change)

    def remove(self, name: str) -> None:
        """Forget that a model is installed; its checksum stays known. Raises DiskFull."""
        self._change(INSTALLED, {}, lambda file: _drop(file["models"], name))

    def checksum(self, name: str) -> str | None:
        """What the model's file was when it was first installed, whether it still is or not. Raises DiskFull where nobody can say."""
        found = load_json(self.models / INSTALLED).get("checksums")
        digest = found.get(name) if isinstance(found, dict) else None
        return digest if isinstance(digest, str) else None

    def forget_checksum(self, name: str) -> None:
        """Trust what the hub says next time. Raises DiskFull."""
        self._change(INSTALLED, {}, lambda file: _drop(file.setdefault("checksums", {}), name))

    def put_own(self, record: ModelRecord) -> None:
        """Add a model of the user's own, in place of one of the same name. Raises DiskFull."""
        data = record.model_dump(mode="json", exclude_defaults=True)
        data["weights"]["kind"] = record.weights.kind
        if record.weights.kind == "file":
            data["weights"]["files"] = [self._short(path) for path in record.weights.files]
        if record.config_file:
            data["config_file"] = self._short(Path(record.config_file))
        self._change(OWN, [], lambda file: file.update(models=[*_others(file["models"], record.name), data]))

    def remove_own(self, name: str) -> bool:
        """Take a model of the user's own away; whether there was one. Raises DiskFull."""
        if not self.is_own(name):
            return False
        self._change(OWN, [], lambda file: file.update(models=_others(file["models"], name)))
        return True

    def is_own(self, name: str) -> bool:
        """Whether the user's own file has this model. Raises DiskFull where nobody can say."""
        return name.casefold() in self._own()

    def own_names(self) -> frozenset[str]:
        """Names of all models in the user's own file, casefolded, for lists: none where it cannot be read."""
        try:
            return self._own()
        except DiskFull:
            return frozenset()

    def _own(self) -> frozenset[str]:
        models = load_json(self.models / OWN).get("models")
        entries = models if isinstance(models, list) else []
        return frozenset(str(entry.get("name", "")).casefold() for entry in entries if isinstance(entry, dict))

    def put_defaults(self, name: str, options: Mapping[str, Any] | None) -> None:
        """The user's own options of a model; None or nothing to have none. Raises DiskFull."""

        def change(file: dict[str, Any]) -> None:
            _drop(file["models"], name)
            if options:
                file["models"][name] = dict(options)

        self._change(DEFAULTS, {}, change)

    def ours(self, path: Path) -> bool:
        """Whether a file is in our own folder and so may be deleted."""
        try:
            return path.resolve().is_relative_to(self.files.resolve())
        except OSError:
            return False

    def _short(self, path: Path) -> str:
        """Relative to HOME/models where it lies below, so that the home folder can be moved."""
        try:
            return path.relative_to(self.models).as_posix()
        except ValueError:
            return str(path)

    def _change(self, name: str, empty: Any, change: Callable[[dict[str, Any]], Any]) -> None:
        path = self.models / name
        with waiting_lock(self._lock, PATIENCE):
            data = load_json(path)
            if not isinstance(data.get("models"), type(empty)) or data.get("version") != 1:
                _put_aside(path)
                data = {"version": 1, "models": empty}
            change(data)
            write_json(path, data)


class StillLocked(DiskFull):
    """Somebody else has held a lock for too long."""


@contextmanager
def waiting_lock(path: Path, patience: float = float("inf"), cancelled: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Hold a lock file, waiting for whoever holds it.

    Args:
        path: of the file.
        patience: seconds to wait at most.
        cancelled: asked meanwhile.

    Raises:
        StillLocked: it was not to be had in so many seconds.
        DiskFull: the folder cannot be written to.
        Cancelled: `cancelled` said so.
    """
    lock = FileLock(path)
    hint = f"Can {path.parent} be written to?"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not lock.wait(patience, cancelled):
            if cancelled():
                raise Cancelled
            raise StillLocked(f"{path.name} is locked by another process", hint=hint)
    except OSError as error:
        raise DiskFull(f"cannot write in {path.parent}: {error}", hint=hint) from error
    try:
        yield
    finally:
        lock.release()


def write_json(path: Path, data: Any) -> None:
    """Write a file in one rename. Raises DiskFull."""
    try:
        write_text(path, json.dumps(data, ensure_ascii=False, indent=1))
    except OSError as error:
        raise DiskFull(f"cannot write {path.name}: {error}", hint=f"Is there room in {path.parent}?") from error


def load_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; an empty one where there is none, or no sense in it.

    Raises:
        DiskFull: the file is there and cannot be read, so nobody can say what is in it.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _unreadable(path: Path, error: OSError) -> DiskFull:
    return DiskFull(f"cannot read {path.name}: {error.strerror or error}", hint=f"Can the files in {path.parent} be read?")


def _put_aside(path: Path) -> None:
    """Keep a file that makes no sense under another name. Raises DiskFull."""
    kept = path.with_name(f"{path.name}.broken-{int(time.time())}")
    try:
        path.replace(kept)
    except FileNotFoundError:
        return
    except OSError as error:
        raise DiskFull(f"cannot write {path.name}: {error}", hint=f"Can {path.parent} be written to?") from error
    log.warning("%s cannot be read; it is kept as %s", path.name, kept.name)


def _drop(table: dict[str, Any], name: str) -> None:
    for key in [key for key in table if key.casefold() == name.casefold()]:
        del table[key]


def _others(models: list[Any], name: str) -> list[Any]:
    def is_it(entry: Any) -> bool:
        return isinstance(entry, dict) and str(entry.get("name", "")).casefold() == name.casefold()

    return [entry for entry in models if not is_it(entry)]


class LiveCatalogue(Catalogue):
    """The catalogue as it is now, whoever changes it.

    It is read again when one of the user's files has changed, or a file of a model that was not all there: the drive that a linked one lies
    on has come.
    """

    def __init__(self, models: Path) -> None:  # everything else is the freshest catalogue's, by __getattr__
        self._models = models
        self._last: tuple[object, Catalogue] = (None, Catalogue({}))  # what tells that look from others, and what it found
        self._failed: float | None = None  # when a file could not be read, time.monotonic()

    def __getattr__(self, name: str) -> Any:
        """What a catalogue knows, looked up in the freshest one."""
        return getattr(self._freshest(), name)

    def _freshest(self) -> Catalogue:
        seen, last = self._last
        files = [self._models / file for file in (INSTALLED, OWN, DEFAULTS)]
        stamp = tuple(map(_changed, (*files, *last.awaited)))
        if stamp == seen or (self._failed is not None and time.monotonic() - self._failed < RETRY):
            return last
        found = load_catalogue(self._models)
        if any(problem.unread for problem in found.problems):
            if seen is None or self._failed is not None:
                self._last = (), found
            self._failed = time.monotonic()
            return self._last[1]  # what was known stays until a second look fails, too
        self._failed = None
        self._last = (stamp if found.awaited == last.awaited else ()), found  # (): files to wait for that were not looked at before
        return found


def _changed(path: Path) -> tuple[int, int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino
