"""The side of the job store that runs jobs: one process for each home folder has it, whoever else looks in.

The lock file decides which process that is: a server, or a command line where no server runs. A process that does not get it waits
for it, so that when a server goes away, the next one that is there goes on with its jobs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from dbos import DBOS

from tools.locks import FileLock
from webui.services.store import APPLICATION, CALLBACK, CALLBACKS_QUEUE, JOB, JOBS_QUEUE, PROGRESS, VERSION, JsonSerializer

log = logging.getLogger(__name__)

JOBS_POLL_SECONDS = 0.2  # a song starts this soon
CALLBACKS_POLL_SECONDS = 1.0  # a look costs some milliseconds: what can wait looks seldom
RECOVERIES = 1000
"""Times that a job is taken up again after the server died. A job that kills anything kills its compute child, which is counted
elsewhere (runner.MAX_DEATHS); the server's own deaths are nobody's fault."""


Publish = Callable[[dict[str, Any]], None]
"""Writes a running job's progress; raises (a BaseException) when the job was cancelled or belongs to somebody else by now."""


class Engine:
    """Runs the workflows of a home folder in this process.

    Args:
        database: an engine on the job store.
        parallel_jobs: how many jobs run at once.
        run_job: (job id, specification, publish) → outcome. Repeated from its beginning when the process died in it.
        deliver: (job id, try) → whether the callback is done with; told the try's number, 1 to `tries`.
        tries: how often a callback is tried.
        pause: seconds to wait after a try that failed.
    """

    def __init__(
        self,
        database: sa.Engine,
        *,
        parallel_jobs: int,
        run_job: Callable[[str, dict[str, Any], Publish], dict[str, Any]],
        deliver: Callable[[str, int], bool],
        tries: int,
        pause: Callable[[int], float],
    ) -> None:
        self._database, self._parallel_jobs = database, parallel_jobs
        self._running = False
        self._run_job, self._deliver, self._tries, self._pause = run_job, deliver, tries, pause

    def start(self) -> None:
        """Take up what a dead process left, then what waits; where that fails, nothing is left begun. Not from inside an event loop."""
        try:
            self._begin()
        except BaseException:
            self.stop()
            raise
        log.info("jobs are run by this process (%d at a time)", self._parallel_jobs)

    def _begin(self) -> None:
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": str(self._database.url),
                "system_database_engine": self._database,
                "application_version": VERSION,
                "executor_id": "home",  # one at a time, by the lock: what an earlier one left pending is taken up at launch
                "serializer": JsonSerializer(),
                "log_level": "ERROR",
            }
        )
        self._register()
        self._running = True
        DBOS.listen_queues([JOBS_QUEUE, CALLBACKS_QUEUE])
        DBOS.launch()
        self._take_jobs()
        DBOS.register_queue(CALLBACKS_QUEUE, worker_concurrency=64, polling_interval_sec=CALLBACKS_POLL_SECONDS)

    def resize(self, parallel_jobs: int) -> None:
        """Run so many jobs at once from now on; those that run stay."""
        self._parallel_jobs = parallel_jobs
        if self._running:
            self._take_jobs()

    def _take_jobs(self) -> None:
        DBOS.register_queue(
            JOBS_QUEUE, worker_concurrency=self._parallel_jobs, polling_interval_sec=JOBS_POLL_SECONDS, on_conflict="always_update"
        )

    def stop(self) -> None:
        """Leave everything as it is; running jobs are taken up at the next start."""
        self._running = False
        DBOS.destroy(destroy_registry=True)

    def _register(self) -> None:
        @DBOS.step(name="run")
        def run(job_id: str, spec: dict[str, Any]) -> dict[str, Any]:
            return self._run_job(job_id, spec, lambda progress: DBOS.set_event(PROGRESS, progress))

        @DBOS.workflow(name=JOB, max_recovery_attempts=RECOVERIES)
        def job(spec: dict[str, Any]) -> dict[str, Any]:
            assert DBOS.workflow_id is not None
            return run(DBOS.workflow_id, spec)

        @DBOS.step(name="deliver")
        def deliver(job_id: str, attempt: int) -> bool:
            return self._deliver(job_id, attempt)

        @DBOS.workflow(name=CALLBACK, max_recovery_attempts=RECOVERIES)
        def callback(job_id: str) -> None:
            for attempt in range(1, self._tries + 1):
                if deliver(job_id, attempt):
                    return
                if attempt < self._tries:
                    DBOS.sleep(self._pause(attempt))


class Standby:
    """Starts `engine` as soon as the lock is free: at once, or when the process that has it goes away."""

    def __init__(self, lock: FileLock, start: Callable[[], None], *, every: float = 1.0) -> None:
        self._lock, self._start, self._every = lock, start, every
        self._stop = threading.Event()

    def try_now(self) -> bool:
        """Start if the lock is free. Raises whatever starting raises; the lock is free then."""
        if not self._lock.acquire():
            return False
        try:
            self._start()
        except BaseException:
            self._lock.release()
            raise
        return True

    def wait_in_background(self) -> None:
        """Go on trying until it works or `stop` is called."""
        threading.Thread(target=self._wait, name="standby", daemon=True).start()

    def _wait(self) -> None:
        log.info("another process runs the jobs of this home folder; this one takes over when it ends")
        told = ""
        while not self._stop.wait(self._every):
            try:
                if self.try_now():
                    return
            except Exception as error:
                if repr(error) != told:  # once, not every second
                    log.exception("the jobs of this home folder cannot be taken over; it is tried again")
                told = repr(error)

    def stop(self) -> None:
        """Give up waiting."""
        self._stop.set()

    def release(self) -> None:
        """Let another process have the home folder."""
        self._lock.release()
