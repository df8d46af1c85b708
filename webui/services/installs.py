"""Models on their way here, in the background: queued, downloaded, checked, noted as installed; each step can be cancelled and repeated.

    queued ─> downloading ─> verifying ─> checking ─> installed
       └──────────┴─────────────┴───────────┴───────> failed | cancelled

What was asked for is noted in HOME/models/installs.json until it has ended, so it goes on after the end of the server, however that
came; what was downloaded so far lies beside its target (tools.hub).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from inference.errors import Cancelled, MsstError
from tools.hub import Progress
from webui.services.downloads import DownloadChoice
from webui.services.errors import UnknownInstall
from webui.services.ledger import write_json

log = logging.getLogger(__name__)

WANTED = "installs.json"

State = Literal["queued", "downloading", "verifying", "checking", "installed", "failed", "cancelled"]
ENDED = ("installed", "failed", "cancelled")


@dataclass(frozen=True)
class Install:
    """A model on its way, as it is at one moment."""

    name: str  # of the model
    title: str
    state: State = "queued"
    done: int = 0  # bytes
    total: int | None = None  # bytes
    speed: float = 0.0  # bytes per second, smoothed
    seconds_left: float | None = None
    source: str = ""  # the endpoint at work
    error: dict[str, Any] | None = None  # code, message, hint and params of a failed one
    asked_at: float = 0.0  # seconds since 1970
    ended_at: float | None = None
    revision: int = 0  # of the list, when this changed last

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED


Report = Callable[[State, Progress | None], None]
"""Told what an installation does."""

Work = Callable[[str, DownloadChoice, Report, Callable[[], bool]], None]
"""Installs the model of that name; asked to stop by its last argument. Raises MsstError."""


class Installs:
    """The list of installations, and the threads that work on them. Thread-safe.

    Args:
        folder: HOME/models.
        parallel: how many at once.
        work: what an installation is.
    """

    def __init__(self, folder: Path, parallel: int, work: Work) -> None:
        self._file, self._work = folder / WANTED, work
        self._threads = ThreadPoolExecutor(parallel, thread_name_prefix="install")
        self._earlier: list[ThreadPoolExecutor] = []  # of other widths: they end what they were given
        self._changed = threading.Condition()
        self._all: dict[str, Install] = {}
        self._choices: dict[str, DownloadChoice] = {}
        self._stops: dict[str, threading.Event] = {}
        self._futures: dict[str, Future[None]] = {}
        self._revision = 0
        self._closing = self._keeps = False

    def resume(self, title_of: Callable[[str], str | None]) -> None:
        """Go on with what an earlier process left, and note from now on what is to be gone on with. One process of a home folder does.

        Args:
            title_of: a model's title; None where there is no such model any more.
        """
        self._keeps = True
        for name, choice in self._left().items():
            title = title_of(name)
            if title is not None:
                self.submit(name, title, choice)

    def resize(self, parallel: int) -> None:
        """Have so many at once from now on; what was asked for before goes on as it would have."""
        with self._changed:
            if self._closing:
                return
            self._threads.shutdown(wait=False)
            self._earlier.append(self._threads)
            self._threads = ThreadPoolExecutor(parallel, thread_name_prefix="install")

    def submit(self, name: str, title: str, choice: DownloadChoice) -> Install:
        """Queue an installation; one that is on its way already stays as it is."""
        with self._changed:
            there = self._all.get(name)
            if there is not None and not there.ended:
                return there
            self._choices[name], self._stops[name] = choice, threading.Event()
            self._all.pop(name, None)  # the newest ones last
            install = self._put(Install(name, title, asked_at=time.time()))
            self._note()
            self._futures[name] = self._threads.submit(self._run, name)
            return install

    def all(self) -> list[Install]:
        """All of them, the oldest first. Those that have ended are kept until the process ends or they are asked for again."""
        with self._changed:
            return list(self._all.values())

    def get(self, name: str) -> Install:
        """One of them. Raises UnknownInstall."""
        with self._changed:
            if name not in self._all:
                raise UnknownInstall(
                    f"the model {name[:100]!r} is not being installed", hint="Ask for its installation first.", model=name[:100]
                )
            return self._all[name]

    def changes(self, since: int = 0, *, wait: float = 0.0) -> tuple[int, list[Install]]:
        """What changed after revision `since`, and the newest revision: for polling.

        Args:
            since: the revision that the caller knows.
            wait: seconds to wait for a change.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._revision > since or self._closing, timeout=wait)
            return self._revision, [install for install in self._all.values() if install.revision > since]

    def cancel(self, name: str) -> Install:
        """Stop one; what was downloaded is kept for the next time. One that has ended stays as it is. Raises UnknownInstall."""
        with self._changed:
            install = self.get(name)
            if install.ended:
                return install
            self._stops[name].set()
            if self._futures[name].cancel():
                return self._end(name, "cancelled")
            return install

    def retry(self, name: str) -> Install:
        """Once more, with the same choices. Raises UnknownInstall."""
        install = self.get(name)
        return self.submit(name, install.title, self._choices[name])

    def wait(self, name: str, timeout: float | None = None) -> Install:
        """Wait until it has ended: for the command line and for tests. Raises UnknownInstall, TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.get(name).ended or self._closing, timeout):
                raise TimeoutError
            return self.get(name)

    def stop(self) -> None:
        """Leave everything as it is; the next process goes on with it."""
        with self._changed:
            self._closing = True
            for stop in self._stops.values():
                stop.set()
            self._changed.notify_all()
        for threads in (*self._earlier, self._threads):
            threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, name: str) -> None:
        stop = self._stops[name]

        def report(state: State, progress: Progress | None) -> None:
            self._report(name, state, progress)

        report("downloading", None)  # it waits no longer, even if no source has answered yet
        try:
            self._work(name, self._choices[name], report, stop.is_set)
        except Cancelled:
            self._finish(name, "cancelled")
        except MsstError as error:
            log.warning("the model %s was not installed: %s", name, error.message)
            self._finish(name, "failed", _about(error))
        except Exception as error:
            log.exception("the model %s was not installed", name)
            self._finish(name, "failed", {"code": "error", "message": f"unexpected error: {error!r}", "hint": "The log has the details."})
        else:
            self._finish(name, "installed")

    def _finish(self, name: str, state: State, error: dict[str, Any] | None = None) -> None:
        with self._changed:
            if state == "cancelled" and self._closing:
                return  # nobody cancelled it: the next process goes on
            self._end(name, state, error)

    def _end(self, name: str, state: State, error: dict[str, Any] | None = None) -> Install:
        ended = replace(self._all[name], state=state, error=error, ended_at=time.time(), speed=0.0, seconds_left=None)
        if state == "installed" and ended.total is not None:
            ended = replace(ended, done=ended.total)
        install = self._put(ended)
        self._note()
        return install

    def _report(self, name: str, state: State, progress: Progress | None) -> None:
        with self._changed:
            install = replace(self._all[name], state=state)
            if progress is not None:
                left = progress.seconds_left
                install = replace(
                    install, done=progress.done, total=progress.total, speed=progress.speed, seconds_left=left, source=progress.source
                )
            self._put(install)

    def _put(self, install: Install) -> Install:
        self._revision += 1
        install = replace(install, revision=self._revision)
        self._all[install.name] = install
        self._changed.notify_all()
        return install

    def _note(self) -> None:
        """Note what has not ended. Where that fails, only a restart will forget."""
        if not self._keeps:
            return
        wanted = [{"name": name, **asdict(self._choices[name])} for name, install in self._all.items() if not install.ended]
        try:
            if wanted:
                write_json(self._file, {"version": 1, "wanted": wanted})
            else:
                self._file.unlink(missing_ok=True)
        except (MsstError, OSError) as error:
            log.warning("cannot note what is being installed: %s", error)

    def _left(self) -> dict[str, DownloadChoice]:
        try:
            data: Any = json.loads(self._file.read_text(encoding="utf-8"))
            return {
                str(each["name"]): DownloadChoice(tuple(map(str, each.get("endpoints", ()))), str(each.get("url", "")))
                for each in data["wanted"]
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            log.warning("%s cannot be read and is passed over: %s", WANTED, error)
            return {}


def _about(error: MsstError) -> dict[str, Any]:
    params = {name: value if isinstance(value, (int, float, str)) else str(value) for name, value in error.params.items()}
    return {"code": error.code, "message": error.message, "hint": error.hint, "params": params}
