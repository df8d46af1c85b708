"""All jobs at a glance: filters, counts, what waits for how long. A look that finds nothing new costs next to nothing.

What ended stays as it was, so it is read once. What runs and waits is read again when anybody has written to the store.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

from inference.catalogue.find import folded
from webui.services.estimates import starts
from webui.services.job import ENDED, Door, Job, State
from webui.services.store import with_progress

if TYPE_CHECKING:
    from webui.services.estimates import Estimator
    from webui.services.storage import Storage
    from webui.services.store import JobStore, Row


@dataclass(frozen=True)
class JobQuery:
    """Which jobs; what is not said does not count."""

    states: tuple[State, ...] = ()
    sources: tuple[Door, ...] = ()
    text: str = ""  # all its words are somewhere in title, file, preset, model or purpose; case and accents do not matter
    since: float | None = None  # created then or later, epoch seconds
    until: float | None = None  # created before
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True)
class JobPage:
    """The newest of the jobs that a query means, newest first."""

    jobs: list[dict[str, Any]]
    total: int  # that it means, beyond this page


@dataclass
class _Entry:
    """What is remembered of a job."""

    key: tuple[str, str, int]  # changes when the job must be read again
    job: Job | None  # None of one that ended
    shown: dict[str, Any]  # as callers see it, without what depends on others
    words: str
    likely: float | None  # seconds that it takes in all, while it runs or waits


class JobList:
    """The jobs of a home folder, for lists.

    Args:
        store: the jobs.
        storage: their files.
        estimator: says how long jobs take.
        parallel: how many run at once.
    """

    def __init__(self, store: JobStore, storage: Storage, estimator: Estimator, parallel: Callable[[], int]) -> None:
        self._store, self._storage, self._estimator, self._parallel = store, storage, estimator, parallel
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._newest: list[str] = []  # ids, newest first
        self._places: dict[str, int] = {}
        self._starts: dict[str, float | None] = {}
        self._all_done: float | None = 0.0
        self._version: int | None = None
        self._state: object = None
        self._revision = 0
        self._name = uuid.uuid4().hex[:12]  # revisions are numbered anew at each start

    def tag(self, query: JobQuery) -> str:
        """A name of what `page` gives for this query now: the same name means the same page."""
        with self._lock:
            self._refresh()
            shape = uuid.uuid5(uuid.NAMESPACE_OID, repr(astuple(query))).hex[:12]
            return f'"{self._name}-{self._revision}-{shape}"'

    def page(self, query: JobQuery) -> JobPage:
        """The jobs that a query means."""
        words = folded(query.text).split()
        with self._lock:
            self._refresh()
            found = [job_id for job_id in self._newest if self._fits(self._entries[job_id], query, words)]
            chosen = found[query.offset : query.offset + query.limit]
            shown = [self._shown(job_id) for job_id in chosen]
        for each in shown:
            each["inputs_gone"] = self._inputs_gone(each)
        return JobPage(shown, len(found))

    def show(self, job: Job) -> dict[str, Any]:
        """One job as callers see it, with when it starts."""
        with self._lock:
            self._refresh()
            shown = {**job.to_json(), "seconds_until_start": self._starts.get(job.id) if job.state == "queued" else None}
        return {**shown, "inputs_gone": self._inputs_gone(shown)}

    def ended(self, states: Sequence[State], older_than_days: float) -> list[str]:
        """Ids of the jobs that ended in one of the states, at least so many days ago."""
        limit = time.time() - older_than_days * 86400
        with self._lock:
            self._refresh()
            all_shown = [self._entries[job_id].shown for job_id in self._newest]
        chosen = [each for each in all_shown if each["state"] in states and each["state"] in ENDED]
        return [str(each["id"]) for each in chosen if (each["finished_at"] or each["created_at"]) <= limit]

    def beginning(self, start: str) -> list[str]:
        """Ids that begin so."""
        with self._lock:
            self._refresh()
            return [job_id for job_id in self._newest if start and job_id.startswith(start.lower())]

    def queue_seconds(self) -> float | None:
        """Seconds until all that runs and waits now is done; None where nobody knows."""
        with self._lock:
            self._refresh()
            return self._all_done

    def _refresh(self) -> None:
        version = self._store.version()
        if version == self._version:
            return
        rows = self._store.rows()
        keys = {row.id: (row.status, row.token, row.recoveries) for row in rows}
        for job_id in [each for each in self._entries if each not in keys]:
            del self._entries[job_id]
        fresh = [job_id for job_id, key in keys.items() if job_id not in self._entries or self._entries[job_id].key != key]
        for job in self._store.jobs(fresh):
            self._entries[job.id] = self._entry(job, keys[job.id])
        members = [job_id for job_id in keys if job_id in self._entries]  # one may have been deleted between the two looks
        if fresh or len(members) != len(self._newest):
            self._newest = sorted(members, key=lambda each: -float(self._entries[each].shown["created_at"]))
        self._look_at_active([row for row in rows if row.id in self._entries])
        active = [(each, self._entries[each].job, self._places.get(each), self._starts.get(each)) for each in self._active(rows)]
        state = (keys, active)
        if state != self._state:
            self._state = state
            self._revision += 1
        self._version = version

    def _look_at_active(self, rows: list[Row]) -> None:
        """Read how far what runs is, and deal out the places of what waits."""
        running: list[float | None] = []
        for row in rows:
            entry = self._entries[row.id]
            if row.runs and entry.job is not None:
                job = entry.job = with_progress(entry.job, self._store.progress(row.id))
                entry.shown = job.to_json()
                left = job.seconds_left if job.seconds_left is not None else _rest(entry.likely, job.progress)
                running.append(left)
        waiting = [row.id for row in rows if row.waits]
        self._places = {job_id: place for place, job_id in enumerate(waiting, start=1)}
        line = [(job_id, self._entries[job_id].likely) for job_id in waiting]
        self._starts, self._all_done = starts(running, line, self._parallel())

    def _active(self, rows: list[Row]) -> list[str]:
        return [row.id for row in rows if (row.runs or row.waits) and row.id in self._entries]

    def _entry(self, job: Job, key: tuple[str, str, int]) -> _Entry:
        spec = job.spec
        about = (spec.title, spec.file, spec.choice.preset, spec.choice.model, spec.choice.purpose, *(each.file for each in spec.more))
        words = folded(" ".join(each for each in about if each))
        if job.ended:
            return _Entry(key, None, job.to_json(), words, None)
        return _Entry(key, replace(job, queue_position=None), job.to_json(), words, self._estimator.of_spec(spec).seconds)

    def _shown(self, job_id: str) -> dict[str, Any]:
        shown = dict(self._entries[job_id].shown)
        if shown["state"] == "queued":
            shown |= {"queue_position": self._places.get(job_id), "seconds_until_start": self._starts.get(job_id)}
        return shown

    def _fits(self, entry: _Entry, query: JobQuery, words: list[str]) -> bool:
        shown = entry.shown
        return (
            (not query.states or shown["state"] in query.states)
            and (not query.sources or shown["source"] in query.sources)
            and (query.since is None or shown["created_at"] >= query.since)
            and (query.until is None or shown["created_at"] < query.until)
            and all(word in entry.words for word in words)
        )

    def _inputs_gone(self, shown: dict[str, Any]) -> bool:
        """Whether a job cannot be run again, as its song is not there any more."""
        return shown["state"] in ENDED and not self._storage.has_inputs(shown["id"])


def _rest(likely: float | None, progress: float) -> float | None:
    return None if likely is None else likely * (1.0 - progress)
