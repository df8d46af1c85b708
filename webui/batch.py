"""Jobs on the command line: a few at a time in the store, a line of progress, and results taken to where they were wanted."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import typer

from inference.errors import DiskFull, MsstError
from webui.compute.pool import Pool
from webui.services import Job, Services
from webui.services.errors import QueueFull
from webui.services.links import is_apart
from webui.services.storage import KEPT, link_or_copy
from webui.terminal import FAILED, REFUSED, LiveLine, bar, in_words, say_error, settings_or_exit, status_of

POLL_SECONDS = 0.1
AHEAD = 4
"""Jobs that wait in the store while one runs: more would fill the queue that others share."""


@dataclass(frozen=True)
class Task:
    """A job to be, and what becomes of its results."""

    shown: str  # what messages call it
    short: str  # what the line of progress does
    submit: Callable[[Services], Job]
    folder: Path  # where its results go
    file: str = ""  # the name of the one result, where somebody chose it
    on_done: Callable[[Services, Job], None] = lambda services, job: None


def run_tasks(plan: Callable[[Services], Sequence[Task]], pool: Pool) -> NoReturn:
    """Do what `plan` wants, told the services, and end the process: status 0, 1 if anything failed, 2 for a request that cannot be.

    Args:
        plan: raises MsstError to refuse.
        pool: the compute children.
    """
    logging.basicConfig(level=logging.WARNING)
    try:
        services = Services(settings_or_exit(), pool=pool)
        services.start()
        status = _Progress(services, plan(services)).run()
    except MsstError as error:
        say_error(error)
        status = status_of(error)
    except typer.Exit as end:
        status = end.exit_code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # all is on disk, and the job store takes any end; to wait for its threads would take a second


def check(services: Services, **about: Any) -> None:
    """Refuse what can be no job, as `JobService.check` does, before anything runs. A full queue is no reason: there will be room."""
    with suppress(QueueFull):  # looked at last
        services.jobs.check(**about)


def deliver(services: Services, job: Job, folder: Path, file: str = "") -> None:
    """Take the results of a completed job to a folder, and say where they are.

    Args:
        services: the services.
        job: the job.
        folder: where to; made where there is none. What is taken there gets a number.
        file: the name of the one result, where somebody chose it.

    Raises:
        UnknownJob: it was deleted meanwhile.
        DiskFull: the folder cannot be written into.
    """
    for result in job.results:
        source = services.results.path(job.id, result.file)
        beside = job.spec.extra_output or is_apart(job.spec, result.main)
        place = folder if beside else folder / KEPT
        try:
            place.mkdir(parents=True, exist_ok=True)
            target = _free(place / (file or result.file))
            link_or_copy(source, target)
        except OSError as error:
            raise DiskFull(f"cannot write into {place}: {error.strerror}") from error
        typer.echo(str(target))


class _Progress:
    """Feeds the job store and follows what happens."""

    def __init__(self, services: Services, tasks: Sequence[Task]) -> None:
        self._services, self._tasks = services, tasks
        self._failed = 0
        self._line = LiveLine()

    def run(self) -> int:
        if not self._tasks:
            typer.echo("no songs found", err=True)
            return REFUSED
        waiting = deque(enumerate(self._tasks, start=1))
        running: list[tuple[int, Task, Job]] = []
        try:
            while waiting or running:
                self._fill(waiting, running)
                running = [entry for entry in running if not self._look(entry, first=entry is running[0])]
                if waiting or running:
                    time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            for _, _, job in running:
                with suppress(MsstError):  # deleted meanwhile
                    self._services.jobs.cancel(job.id)
            typer.echo("\nstopped; what is finished is kept", err=True)
            return FAILED
        return FAILED if self._failed else 0

    def _fill(self, waiting: deque[tuple[int, Task]], running: list[tuple[int, Task, Job]]) -> None:
        """Submit what is next, as far as there is room in the queue, which others fill too."""
        while waiting and len(running) < AHEAD:
            number, task = waiting[0]
            try:
                running.append((number, task, task.submit(self._services)))
            except QueueFull as error:
                if not running:
                    self._line.show(f"[{number}/{len(self._tasks)}] {task.short[:40]} waits for room: {error.message}")
                return
            except MsstError as error:
                self._fail(task, error.message, error.hint)
            waiting.popleft()

    def _look(self, entry: tuple[int, Task, Job], *, first: bool) -> bool:
        """Whether this one is done with."""
        number, task, job = entry
        try:
            job = self._services.jobs.get(job.id)
            if not job.ended:
                if first:
                    left = f", {job.seconds_left:.0f} s left" if job.seconds_left else ""
                    self._line.show(f"[{number}/{len(self._tasks)}] {task.short[:40]} {bar(job.progress)} {job.stage}{left}")
                return False
            self._line.clear()
            if job.state == "completed":
                deliver(self._services, job, task.folder, task.file)
                task.on_done(self._services, job)
            else:
                error = job.error
                self._fail(task, error.message if error else job.state, error.hint if error else "")
        except MsstError as gone:  # somebody deleted it, or its results have no room: the others go on
            self._fail(task, gone.message, gone.hint)
        return True

    def _fail(self, task: Task, message: str, hint: str) -> None:
        self._failed += 1
        self._line.clear()
        typer.echo(f"{task.shown}: {in_words(message, hint)}", err=True)


def _free(path: Path) -> Path:
    """The path itself, or with a number where the name is taken."""
    number, candidate = 1, path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}_{number}{path.suffix}")
    return candidate
