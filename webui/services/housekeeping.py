"""What has to be looked after while the jobs run: callbacks that are owed, and what has grown old."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from inference.presets.store import StepStore
from webui.services import callbacks, joblog
from webui.services.errors import BadCallback
from webui.services.job import Job
from webui.services.links import download_urls, result_names
from webui.services.storage import Storage

if TYPE_CHECKING:
    from webui.services.configuration import Configuration
    from webui.services.store import JobStore
    from webui.services.uploads import UploadService
    from webui.settings import Settings

log = logging.getLogger(__name__)

DAY = 86400.0
SWEEP_SECONDS = 3600.0
ORPHAN_SECONDS = DAY  # an upload takes less
LOOK_BACK = 120.0  # seconds that a look for owed callbacks reaches back beyond the last one


class Housekeeper:
    """A thread of the process that runs the jobs."""

    def __init__(self, configuration: Configuration, storage: Storage, store: JobStore, uploads: UploadService) -> None:
        self._configuration, self._storage, self._store, self._uploads = configuration, storage, store, uploads
        self._wake = threading.Event()
        self._stopped = False
        self._looked_at: float | None = None  # None: nobody has looked since the start, so everything is looked at

    @property
    def _settings(self) -> Settings:
        return self._configuration.now

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._loop, name="housekeeping", daemon=True).start()

    def wake(self) -> None:
        """Have a look now: something changed."""
        self._wake.set()

    def stop(self) -> None:
        """End."""
        self._stopped = True
        self._wake.set()

    def _loop(self) -> None:
        next_sweep = 0.0
        while not self._stopped:
            with _going_on():
                self._look_for_callbacks()
            if time.monotonic() >= next_sweep:
                next_sweep = time.monotonic() + SWEEP_SECONDS
                self.sweep()
            self._wake.wait(1.0)
            self._wake.clear()

    def _look_for_callbacks(self) -> None:
        began = time.time()
        for job_id in self._store.owed_callbacks(self._looked_at):
            self._store.submit_callback(job_id)
        self._looked_at = began - LOOK_BACK

    def sweep(self) -> None:
        """Delete jobs that ended long ago, uploads that nobody used, files that belong to none, and kept steps beyond their limit.

        What cannot be done is logged, and the rest is done.
        """
        with _going_on():
            self._delete_old_jobs()
        with _going_on():
            for job_id in list(self._storage.orphans(self._store.ids(), ORPHAN_SECONDS)):
                self._storage.delete(job_id)
        with _going_on():
            self._storage.clean_tmp(ORPHAN_SECONDS)
        with _going_on():
            self._uploads.sweep()
        with _going_on():
            StepStore(self._storage.steps, self._settings.kept_steps_bytes).trim()

    def _delete_old_jobs(self) -> None:
        days = self._settings.retention_days
        for job_id in self._store.ended_before(time.time() - days * DAY) if days else ():
            log.info("job %s ended more than %g days ago and is deleted", job_id, days)
            with _going_on():
                self._storage.delete(job_id)
                self._store.delete(job_id)

    def deliver(self, job_id: str, attempt: int) -> bool:
        """One try of a job's callback; whether it is done with."""
        job = self._store.get(job_id)
        if job is None or job.spec.callback is None:
            return True
        try:
            answer = callbacks.deliver(job.spec.callback, self._settings.callback_allow, job_id, self._body(job))
        except (callbacks.DeliveryFailed, BadCallback) as error:
            left = callbacks.TRIES - attempt
            then = f"{left} tries left" if left else "given up"
            self._say(job_id, f"callback try {attempt} failed: {error}; {then}", level="warning")
            return False
        self._say(job_id, f"callback delivered at try {attempt}: {answer}")
        return True

    def pause(self, attempt: int) -> float:
        """Seconds to wait after a callback's try that failed."""
        return callbacks.pause(self._settings.callback_backoff, attempt)

    def _body(self, job: Job) -> dict[str, Any]:
        done = job.state == "completed"
        return {
            "task_id": job.id,
            "status": "completed" if done else "failed",
            "results": result_names(job),
            "download_urls": download_urls(job, self._settings, job.spec.base_url),
            "message": message(job),
        }

    def _say(self, job_id: str, text: str, *, level: str = "info") -> None:
        joblog.append(self._storage.log(job_id), text, level=level)


@contextmanager
def _going_on() -> Iterator[None]:
    """What fails in the block is logged: whatever comes next is done all the same."""
    try:
        yield
    except Exception:
        log.exception("housekeeping failed; it goes on")


def message(job: Job) -> str:
    """One sentence on where a job stands."""
    if job.error:
        return f"{job.error.message}. {job.error.hint}".strip()
    return {
        "queued": f"Waiting, number {job.queue_position} in the queue." if job.queue_position else "Waiting.",
        "running": f"Separating, {job.progress:.0%} done.",
        "completed": f"Completed: {len(job.results)} files.",
        "failed": "Failed.",
        "cancelled": "Cancelled.",
    }[job.state]
