"""Jobs on the command line: a few at a time in the store, a line of progress, and results taken to where they were wanted."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import typer

from inference.errors import MsstError
from webui.compute.pool import Pool
from webui.services import Job, Services
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
        waiting = list(enumerate(self._tasks, start=1))
        running: list[tuple[int, Task, Job]] = []
        try:
            while waiting or running:
                while waiting and len(running) < AHEAD:
                    number, task = waiting.pop(0)
                    job = self._submit(task)
                    if job is not None:
                        running.append((number, task, job))
                running = [entry for entry in running if not self._look(entry, first=entry is running[0])]
                if running:
                    time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            for _, _, job in running:
                self._services.jobs.cancel(job.id)
            typer.echo("\nstopped; what is finished is kept", err=True)
            return FAILED
        return FAILED if self._failed else 0

    def _submit(self, task: Task) -> Job | None:
        try:
            return task.submit(self._services)
        except MsstError as error:
            self._fail(task, error.message, error.hint)
            return None

    def _look(self, entry: tuple[int, Task, Job], *, first: bool) -> bool:
        """Whether this one is done with."""
        number, task, job = entry
        job = self._services.jobs.get(job.id)
        if not job.ended:
            if first:
                left = f", {job.seconds_left:.0f} s left" if job.seconds_left else ""
                self._line.show(f"[{number}/{len(self._tasks)}] {task.short[:40]} {bar(job.progress)} {job.stage}{left}")
            return False
        self._line.clear()
        if job.state == "completed":
            self._deliver(task, job)
        else:
            error = job.error
            self._fail(task, error.message if error else job.state, error.hint if error else "")
        return True

    def _deliver(self, task: Task, job: Job) -> None:
        for result in job.results:
            beside = job.spec.extra_output or is_apart(job.spec, result.main)
            folder = task.folder if beside else task.folder / KEPT
            try:
                folder.mkdir(parents=True, exist_ok=True)
                target = _free(folder / (task.file or result.file))
                link_or_copy(self._services.results.path(job.id, result.file), target)
            except OSError as error:
                self._fail(task, f"cannot write into {folder}: {error.strerror}", "")
                return
            typer.echo(str(target))
        task.on_done(self._services, job)

    def _fail(self, task: Task, message: str, hint: str) -> None:
        self._failed += 1
        typer.echo(f"{task.shown}: {in_words(message, hint)}", err=True)


def _free(path: Path) -> Path:
    """The path itself, or with a number where the name is taken."""
    number, candidate = 1, path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}_{number}{path.suffix}")
    return candidate
