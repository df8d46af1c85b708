"""The settings as they are now: what the environment and the command line say rules, then HOME/settings.json, then the defaults.

`Configuration.now` is a whole, frozen `Settings`. What applies at once is in it as soon as the file says it, whoever wrote the file;
what applies at the next start (`About.live` is false) stays as it was when this process began, and is shown as pending.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from inference.types import WRITABLE, OutputFormat
from tools.locks import FileLock
from webui.i18n import languages
from webui.services.errors import BadRequest, BadSetting, SettingRuled
from webui.services.files import storing, write_whole
from webui.services.shown import about, default_of, limits, plain
from webui.settings import Settings

log = logging.getLogger(__name__)

FILE, LOCK = "settings.json", "settings.lock"
LOOK_EVERY = 0.5  # seconds between two looks of a running server whether another process changed the file
LOCK_PATIENCE = 5.0  # seconds

Listener = Callable[[Settings, Settings], None]
"""Told the settings before and after a change."""


class Configuration:
    """The settings of one home folder. Thread-safe.

    Args:
        given: what the environment and the command line say, and the defaults.
    """

    def __init__(self, given: Settings) -> None:
        self._given, self._file, self._lock_file = given, given.home / FILE, given.home / LOCK
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._stored: dict[str, Any] = {}  # what the file says, whatever is in it
        self._seen: tuple[int, int, int] | None = None
        self._stop = threading.Event()
        self._started = self._now = given
        try:
            self._reload()
        except OSError as error:
            log.warning("%s cannot be read: %s", FILE, error)
        self._started = self._now

    @property
    def now(self) -> Settings:
        """The settings in force."""
        return self._now

    def watch(self) -> None:
        """Notice from now on what other processes change, in a thread of its own."""
        threading.Thread(target=self._watch, name="settings", daemon=True).start()

    def stop(self) -> None:
        """Watch no more."""
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            self.refresh()

    def refresh(self) -> None:
        """Look now whether another process changed the file."""
        with self._lock:
            if _signature(self._file) != self._seen:
                try:
                    self._reload()
                except OSError as error:  # another process is about to replace it: there will be another look
                    log.debug("%s cannot be read just now: %s", FILE, error)

    def listen(self, listener: Listener) -> None:
        """Have `listener` hear of every change from now on, in whatever thread notices it."""
        self._listeners.append(listener)

    def ruled_by(self, name: str) -> str | None:
        """What rules a setting whatever the file says: "MSST_PORT", "--port", or None."""
        if name not in self._given.model_fields_set:
            return None
        variable = f"MSST_{name.upper()}"
        return variable if variable in map(str.upper, os.environ) else f"--{name.replace('_', '-')}"

    def all(self) -> list[dict[str, Any]]:
        """Every setting with all that is known of it, as JSON."""
        self.refresh()
        return [self._shown(name) for name in Settings.model_fields]

    def change(self, values: Mapping[str, Any]) -> set[str]:
        """Write new values, None for the default; the names of those that really changed.

        Raises:
            BadSetting: there is no such setting, or the value is none for it. Nothing is changed then.
            SettingRuled: the environment or the command line says it.
            BadRequest: another process is writing.
            DiskFull: the file cannot be written, or not read.
        """
        wanted = {name: self._checked(name, value) for name, value in values.items()}
        with self._lock, storing("the settings"), self._locked():
            self._reload()
            before = self._stored
            after = {name: value for name, value in {**before, **wanted}.items() if value is not None}
            self._fit_subtype(after, wanted)
            write_whole(self._file, json.dumps(after, ensure_ascii=False, indent=2) + "\n")
            self._reload()
        return {name for name in {*before, *after} if before.get(name) != after.get(name)}

    def output(self, container: str = "", subtype: str = "") -> OutputFormat:
        """How results are written, where somebody says this much of it. Raises BadOutputFormat."""
        now = self.now
        if not container or container == now.output_format:
            container = now.output_format
            subtype = subtype or (now.output_subtype if now.output_subtype in WRITABLE[container] else "")
        return OutputFormat(container, subtype, now.output_rate)

    def _checked(self, name: str, value: Any) -> Any:
        """A new value as it is written. Raises BadSetting, SettingRuled."""
        if name not in Settings.model_fields:
            raise BadSetting(f"there is no setting {name[:80]!r}", hint="GET /api/v1/settings lists them.", name=name[:80])
        if about(name).fixed:
            raise BadSetting(
                f"{name} cannot be changed here", hint=f"Stop the server, set MSST_{name.upper()}, and start it again.", name=name
            )
        if ruler := self.ruled_by(name):
            raise SettingRuled(f"{name} is said by {ruler}", hint="Change it there, or take it away there.", name=name, env=ruler)
        if value is None:
            return None
        try:
            return self._valid(name, value)
        except (ValidationError, ValueError) as error:
            reason = _reason(error)
            raise BadSetting(f"{name}: {reason}", hint=Settings.model_fields[name].description or "", name=name, reason=reason) from error

    def _valid(self, name: str, value: Any) -> Any:
        """A value as JSON, checked. Raises ValidationError, ValueError."""
        if isinstance(value, bool) != isinstance(default_of(name), bool):
            raise ValueError("must be true or false" if not isinstance(value, bool) else "cannot be true or false")
        if name == "language" and value not in ("auto", *languages()):
            raise ValueError(f"must be auto or one of {', '.join(languages())}")
        return plain(getattr(Settings(**{"home": self._given.home, name: value}), name))

    def _fit_subtype(self, after: dict[str, Any], wanted: Mapping[str, Any]) -> None:
        """A bit depth that the new format lacks goes with the old one, unless it was asked for just now. Raises BadSetting."""
        container = self._given.output_format if self.ruled_by("output_format") else after.get("output_format", default_of("output_format"))
        subtype = after.get("output_subtype")
        if not subtype or subtype in WRITABLE[container]:
            return
        if wanted.get("output_subtype"):
            reason = f"{container} has {', '.join(WRITABLE[container])}"
            raise BadSetting(f"output_subtype: {reason}", hint="Choose one of them.", name="output_subtype", reason=reason)
        del after["output_subtype"]

    def _reload(self) -> None:
        """Read the file, and tell who listens what is new."""
        seen, self._seen = _signature(self._file), None
        self._stored = _read(self._file)
        self._seen = seen
        updates: dict[str, Any] = {}
        for name, value in self._stored.items():
            if name not in Settings.model_fields or about(name).fixed or name in self._given.model_fields_set:
                continue
            try:
                self._valid(name, value)
                updates[name] = getattr(Settings(**{"home": self._given.home, name: value}), name)
            except (ValidationError, ValueError) as error:
                log.warning("%s: %s is left out: %s", FILE, name, _reason(error))
        if self._started is not self._given:
            updates |= {name: getattr(self._started, name) for name in Settings.model_fields if not about(name).live}
        before, self._now = self._now, self._given.model_copy(update=updates)
        if self._now != before:
            self._tell(before)

    def _tell(self, before: Settings) -> None:
        for listener in self._listeners:
            try:
                listener(before, self._now)
            except Exception:
                log.exception("a changed setting could not be applied; it will be at the next start")

    def _shown(self, name: str) -> dict[str, Any]:
        declared, value, default = about(name), plain(getattr(self._now, name)), plain(default_of(name))
        ruler = self.ruled_by(name)
        next_value = value if ruler or declared.live or declared.fixed else self._next(name)
        return {
            "name": name,
            "group": declared.group,
            "value": value,
            "default": default,
            **limits(name),
            **self._choices(name),
            "unit": declared.unit,
            "env": ruler,
            "live": declared.live,
            "fixed": declared.fixed,
            "guarded": declared.guarded,
            "pending": None if next_value == value else next_value,
        }

    def _next(self, name: str) -> Any:
        """What a setting will be at the next start."""
        try:
            return self._valid(name, self._stored[name]) if name in self._stored else plain(default_of(name))
        except (ValidationError, ValueError):
            return plain(default_of(name))

    def _choices(self, name: str) -> dict[str, Any]:
        if name == "output_subtype":
            return {"kind": "choice", "choices": ["", *WRITABLE[self._now.output_format]]}
        if name == "language":
            return {"kind": "choice", "choices": ["auto", *languages()]}
        return {}

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = FileLock(self._lock_file)
        if not lock.wait(LOCK_PATIENCE):
            raise BadRequest("another process is changing the settings", hint="Try again.")
        try:
            yield
        finally:
            lock.release()


def _read(file: Path) -> dict[str, Any]:
    """What the file says; nothing where there is none, or what it says makes no sense (it is then put aside). Raises OSError."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        log.warning("%s cannot be read and is put aside: %s", FILE, error)
        found = None
    if isinstance(found, dict):
        return found
    try:
        file.replace(file.with_suffix(".broken"))
    except OSError as error:
        log.warning("%s cannot be put aside: %s", FILE, error.strerror)
    return {}


def _signature(file: Path) -> tuple[int, int, int] | None:
    """What tells one version of a file from another."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _reason(error: ValueError) -> str:
    """Why a value was refused, in a few words."""
    text = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
    return re.sub(r"^(Value error, |Input )", "", text)
