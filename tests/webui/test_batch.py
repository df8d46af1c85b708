"""Songs of one command: what becomes of the others when one is lost, and when the queue is full."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from inference.errors import BadOption
from webui import batch
from webui.batch import Task, check
from webui.services import Job, Services
from webui.services.errors import QueueFull, UnknownJob
from webui.services.job import JobError
from webui.terminal import FAILED


class House:
    """Stands for the services and their jobs: each job has ended when it is looked at, unless it is gone."""

    def __init__(self, *, gone: tuple[str, ...] = ()) -> None:
        self.jobs = self
        self.gone, self.submitted, self.cancelled = gone, list[str](), list[str]()

    def task(self, name: str) -> Task:
        return Task(name, name, lambda _: self.submit(name), Path("nowhere"))

    def submit(self, name: str) -> Job:
        self.submitted.append(name)
        return Job(name, cast(Any, None), "queued")

    def get(self, job_id: str) -> Job:
        if job_id in self.gone:
            raise UnknownJob(f"there is no task {job_id!r}", hint="It may have been deleted.")
        error = JobError("bad_audio", "no sound") if job_id == "broken" else None
        return Job(job_id, cast(Any, None), "failed" if error else "completed", error=error)

    def cancel(self, job_id: str) -> Job:
        self.cancelled.append(job_id)
        return self.get(job_id)

    def check(self, error: Exception) -> None:
        raise error

    def run(self, *tasks: Task) -> int:
        return batch._Progress(cast(Services, self), tasks).run()


def full() -> QueueFull:
    return QueueFull("1 jobs are waiting already", limit=1)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "POLL_SECONDS", 0.0)


def test_a_job_that_somebody_deleted_is_one_that_failed(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["one", "two", "broken", "three", "four", "five", "six"]
    house = House(gone=("two",))
    assert house.run(*map(house.task, names)) == FAILED
    assert house.submitted == names
    assert capsys.readouterr().err.splitlines() == ["two: there is no task 'two'. It may have been deleted.", "broken: no sound."]


def test_a_full_queue_is_waited_for() -> None:
    house = House()
    refusals = [full() for _ in range(5)]

    def sometimes(name: str) -> Callable[[Services], Job]:
        def submit(_: Services) -> Job:
            if refusals and len(house.submitted) % 2:
                raise refusals.pop()
            return house.submit(name)

        return submit

    assert house.run(*(Task(name, name, sometimes(name), Path("nowhere")) for name in "abcd")) == 0
    assert house.submitted == list("abcd")
    assert refusals == []


def test_ctrl_c_stops_what_is_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(gone=("one",))

    def interrupted(*_: object, **__: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(batch._Progress, "_look", interrupted)
    assert house.run(house.task("one"), house.task("two")) == FAILED
    assert house.cancelled == ["one", "two"]


def test_a_full_queue_refuses_no_command() -> None:
    services = cast(Services, House())
    check(services, error=full())
    with pytest.raises(BadOption):
        check(services, error=BadOption("no"))
