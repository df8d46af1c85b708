"""The job store: durable workflows of dbos in the home folder's SQLite file, seen from any process.

This is the side that submits, reads, cancels and deletes; `engine` is the side that runs. Both speak through the same database, so a
command line can submit to a server that runs, and read what it did. Nothing else of the house knows dbos.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from dbos import DBOSClient, Serializer, WorkflowStatus
from dbos import error as dbos_error

from webui.services.errors import JobExists
from webui.services.job import Job, JobError, Result, Spec, State

APPLICATION = "msst-webui"
VERSION = "jobs-1"  # of the workflows' order of steps: dbos leaves jobs of another version alone
JOB, CALLBACK = "job", "callback"  # workflows
JOBS_QUEUE, CALLBACKS_QUEUE = "jobs", "callbacks"
PROGRESS = "progress"  # the event that a running job writes

ENDED_STATUSES = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_ACTIVE_STATUSES = ["ENQUEUED", "PENDING"]
_STATUSES: dict[State, list[str]] = {
    "queued": ["ENQUEUED"],
    "running": ["PENDING"],
    "completed": ["SUCCESS"],
    "failed": ["SUCCESS", "ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
    "cancelled": ["CANCELLED"],
}
_EPOCH_2026 = 1_767_225_600
_PAGE = 200


@dataclass(frozen=True)
class Row:
    """As much of a job as a look at all of them reads."""

    id: str
    status: str
    priority: int
    created_at: int  # dbos's clock, milliseconds
    token: str  # of this submission: an id that was deleted and is used again has another one
    recoveries: int  # times that it was taken up

    @property
    def waits(self) -> bool:
        """Whether it is in the line."""
        return self.status in ("ENQUEUED", "DELAYED")

    @property
    def runs(self) -> bool:
        """Whether it is being worked on."""
        return self.status == "PENDING"


class JsonSerializer(Serializer):
    """JSON instead of dbos's default, pickle: nothing read from the database can run."""

    def serialize(self, data: Any) -> str:
        """As JSON; an exception becomes its text."""
        return json.dumps(data, default=lambda value: {"__error__": repr(value)})

    def deserialize(self, serialized_data: str) -> Any:
        """From JSON."""
        return json.loads(serialized_data, object_hook=_revive)

    def name(self) -> str:
        """What dbos notes beside each value."""
        return "msst_json"


def _revive(value: dict[str, Any]) -> Any:
    return RuntimeError(value["__error__"]) if "__error__" in value else value


def connect(database: Path) -> sa.Engine:
    """An engine on the SQLite file, set up for several processes: write-ahead log, patient waits.

    SQLite before 3.42 lacks a function that dbos uses on Python 3.12 and later; it is added here.
    """
    engine = sa.create_engine(f"sqlite:///{database}", pool_pre_ping=True, connect_args={"check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("journal_mode=wal", "busy_timeout=30000", "foreign_keys=on", "synchronous=normal"):
            connection.execute(f"pragma {pragma}")
        if sqlite3.sqlite_version_info < (3, 42):
            connection.create_function("unixepoch", -1, lambda *form: time.time() if form else int(time.time()))

    return engine


def wait_for_schema(engine: sa.Engine, timeout: float = 30.0) -> None:
    """Wait until the process that runs jobs has made the tables."""
    deadline = time.monotonic() + timeout
    while not sa.inspect(engine).has_table("workflow_status"):
        if time.monotonic() > deadline:
            raise TimeoutError("the job store was not set up by the process that holds its lock")
        time.sleep(0.05)


Move = Literal["first", "up", "down", "last"]
MOVES: tuple[Move, ...] = ("first", "up", "down", "last")


class JobStore:
    """Reads and changes the jobs of one home folder. Thread-safe; any number of processes may have one."""

    def __init__(self, engine: sa.Engine) -> None:
        self._client = DBOSClient(system_database_engine=engine, serializer=JsonSerializer(), application_name=APPLICATION, lazy=True)
        self._place_lock = threading.Lock()
        self._last_place = 0
        self._engine = engine
        self._watch_lock = threading.Lock()
        self._watch: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()
        with self._watch_lock:
            if self._watch is not None:
                self._watch.close()
                self._watch = None

    def version(self) -> int:
        """A number that is another one whenever any process has written anything since; a look costs microseconds."""
        with self._watch_lock:
            if self._watch is None:
                self._watch = sqlite3.connect(str(self._engine.url.database), check_same_thread=False, isolation_level=None)
            return int(self._watch.execute("pragma data_version").fetchone()[0])

    def rows(self) -> list[Row]:
        """All jobs, in the order of the line; none where no process has set the store up yet."""
        columns = "workflow_uuid, status, priority, created_at, creator_xid, recovery_attempts"
        query = sa.text(f"select {columns} from workflow_status where name = :job order by priority, created_at")  # noqa: S608 - constants
        try:
            with self._engine.connect() as connection:
                found = connection.execute(query, {"job": JOB})
                return [Row(job, status, place, at, token or "", taken or 0) for job, status, place, at, token, taken in found]
        except sa.exc.OperationalError:
            if self._is_set_up():
                raise
            return []

    def _is_set_up(self) -> bool:
        """Whether a process that runs jobs has made the tables."""
        return sa.inspect(self._engine).has_table("workflow_status")

    def jobs(self, ids: Sequence[str]) -> list[Job]:
        """Those of the jobs that are there; places in the line are left out."""
        found: list[Job] = []
        for start in range(0, len(ids), _PAGE):
            page = self._client.list_workflows(workflow_ids=list(ids[start : start + _PAGE]), name=JOB)
            found += [self._job(status, {}) for status in page]
        return found

    def progress(self, job_id: str) -> dict[str, Any]:
        """What a running job wrote last; nothing before it wrote."""
        event: dict[str, Any] = self._client.get_event(job_id, PROGRESS, timeout_seconds=0) or {}
        return event

    def move(self, job_id: str, to: Move) -> bool:
        """Give a waiting job another place in the line; whether it waits. The places are dealt anew among those that wait."""
        with self._engine.begin() as connection:
            connection.exec_driver_sql("begin immediate")  # the line that is read is the one that is changed, whoever else moves
            query = sa.text(
                "select workflow_uuid, priority from workflow_status"
                " where name = :job and queue_name = :queue and status = 'ENQUEUED' order by priority, created_at"
            )
            line = list(connection.execute(query, {"job": JOB, "queue": JOBS_QUEUE}))
            ids = [each[0] for each in line]
            if job_id not in ids:
                return False
            at = ids.index(job_id)
            ids.insert({"first": 0, "up": max(at - 1, 0), "down": at + 1, "last": len(ids)}[to], ids.pop(at))
            last = 0
            for (_, place), waiting, before in zip(line, ids, line, strict=True):
                last = max(place, last + 1)
                if waiting != before[0] or last != before[1]:
                    change = sa.text("update workflow_status set priority = :place where workflow_uuid = :id and status = 'ENQUEUED'")
                    connection.execute(change, {"place": last, "id": waiting})
        return True

    def submit(self, job_id: str, spec: Spec) -> None:
        """Put a job at the end of the line.

        Raises:
            JobExists: the id is taken.
        """
        try:
            self._client.enqueue(
                {
                    "workflow_name": JOB,
                    "queue_name": JOBS_QUEUE,
                    "workflow_id": job_id,
                    "workflow_id_reuse_policy": "reject",
                    "app_version": VERSION,
                    "priority": self._next_place(),
                },
                spec.to_json(),
            )
        except dbos_error.DBOSWorkflowIDInUseError as error:
            raise JobExists(f"the id {job_id} is taken", hint="Choose another one, or delete that task first.", id=job_id) from error

    def _next_place(self) -> int:
        """First come, first served: tenths of seconds since 2026, as dbos's own clock on SQLite counts whole seconds."""
        with self._place_lock:
            self._last_place = max(int((time.time() - _EPOCH_2026) * 10), self._last_place + 1)
            return self._last_place

    def submit_callback(self, job_id: str) -> None:
        """Have the job's callback delivered; once, however often this is called."""
        self._client.enqueue(
            {
                "workflow_name": CALLBACK,
                "queue_name": CALLBACKS_QUEUE,
                "workflow_id": callback_id(job_id),
                "app_version": VERSION,
            },
            job_id,
        )

    def get(self, job_id: str) -> Job | None:
        """The job; None where there is none, or where no process has set the store up yet."""
        try:
            found = self._client.list_workflows(workflow_ids=[job_id], name=JOB)
        except sa.exc.OperationalError:
            if self._is_set_up():
                raise
            return None
        return self._job(found[0]) if found else None

    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._line())

    def counts(self) -> tuple[int, int]:
        """How many jobs wait, and how many run."""
        active = self._client.list_workflows(name=JOB, status=_ACTIVE_STATUSES, load_input=False, load_output=False)
        running = sum(status.status == "PENDING" for status in active)
        return len(active) - running, running

    def cancel(self, job_id: str) -> None:
        """Take a job out of the line, or have its work stopped at the next look."""
        self._client.cancel_workflow(job_id)

    def delete(self, job_id: str) -> None:
        """Forget a job and its callback."""
        self._client.delete_workflows([job_id, callback_id(job_id)])

    def ended_before(self, moment: float) -> list[str]:
        """Ids of the jobs that ended before `moment` (epoch seconds)."""
        found = self._client.list_workflows(
            name=JOB, status=ENDED_STATUSES, completed_before=_iso(moment), load_input=False, load_output=False
        )
        return [status.workflow_id for status in found]

    def ids(self) -> set[str]:
        """The ids of all jobs."""
        found = self._client.list_workflows(name=JOB, load_input=False, load_output=False)
        return {status.workflow_id for status in found}

    def owed_callbacks(self, since: float | None) -> list[str]:
        """Ids of jobs that ended (since `since`, epoch seconds) with somebody to tell and no callback under way."""
        found = self._client.list_workflows(
            name=JOB, status=ENDED_STATUSES, completed_after=_iso(since) if since else None, load_output=False
        )
        waited_for = [status.workflow_id for status in found if _spec(status).callback]
        told = self._told(waited_for)
        return [job_id for job_id in waited_for if job_id not in told]

    def _told(self, job_ids: Iterable[str]) -> set[str]:
        callbacks = [callback_id(job_id) for job_id in job_ids]
        if not callbacks:
            return set()
        found = self._client.list_workflows(workflow_ids=callbacks, load_input=False, load_output=False)
        return {status.workflow_id.removesuffix(_CALLBACK_SUFFIX) for status in found}

    def _line(self) -> dict[str, int]:
        """Places in the line, 1 = next, by id."""
        waiting = self._client.list_queued_workflows(queue_name=JOBS_QUEUE, status="ENQUEUED", load_input=False, load_output=False)
        waiting.sort(key=lambda status: (status.priority or 0, status.created_at or 0))
        return {status.workflow_id: place for place, status in enumerate(waiting, start=1)}

    def _job(self, status: WorkflowStatus, line: dict[str, int] | None = None) -> Job:
        spec = _spec(status)
        if status.status in ("ENQUEUED", "DELAYED"):
            line = self._line() if line is None else line
            stage = "resuming" if status.recovery_attempts else "waiting"
            return Job(status.workflow_id, spec, "queued", stage=stage, queue_position=line.get(status.workflow_id))
        if status.status == "PENDING":
            return self._running(status, spec)
        finished = status.completed_at / 1000 if status.completed_at else None
        if status.status == "CANCELLED":
            return Job(status.workflow_id, spec, "cancelled", stage="done", finished_at=finished)
        if status.status == "SUCCESS":
            return _from_outcome(status.workflow_id, spec, status.output or {})
        error = JobError("worker_died", f"the job could not be run: {status.error}", hint="Try it again.")
        return Job(status.workflow_id, spec, "failed", stage="done", finished_at=finished, error=error)

    def _running(self, status: WorkflowStatus, spec: Spec) -> Job:
        return with_progress(Job(status.workflow_id, spec, "running"), self.progress(status.workflow_id))


def with_progress(job: Job, event: dict[str, Any]) -> Job:
    """A running job with what it wrote last."""
    return replace(
        job,
        progress=event.get("fraction", 0.0),
        stage=event.get("stage", "starting"),
        seconds_left=event.get("seconds_left"),
        started_at=event.get("started_at"),
    )


_CALLBACK_SUFFIX = "-callback"


def callback_id(job_id: str) -> str:
    """The id of the workflow that delivers a job's callback."""
    return job_id + _CALLBACK_SUFFIX


def _spec(status: WorkflowStatus) -> Spec:
    assert status.input is not None
    return Spec.from_json(status.input["args"][0])


def _from_outcome(job_id: str, spec: Spec, outcome: dict[str, Any]) -> Job:
    error = JobError(**outcome["error"]) if outcome["error"] else None
    return Job(
        job_id,
        spec,
        "failed" if error else "completed",
        progress=0.0 if error else 1.0,
        stage="done",
        started_at=outcome["started_at"],
        finished_at=outcome["finished_at"],
        error=error,
        results=tuple(Result(**result) for result in outcome["results"]),
    )


def _iso(moment: float) -> str:
    """A moment (epoch seconds) as dbos reads it; one before 1970 is 1970: nothing happened earlier, and not every system can say it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(max(moment, 0.0)))
