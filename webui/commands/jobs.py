"""`jobs`: everything that ran or waits, whoever submitted it: list, show, move, cancel, run again, delete."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inference.errors import BadOption
from webui.commands.options import Overlap, Precision, Stems, Tta
from webui.commands.shelves import shelves
from webui.terminal import echo_json, echo_table, in_bytes, refusing

if TYPE_CHECKING:
    from webui.batch import Task
    from webui.services import Services

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Jobs: everything that ran or waits, from page, REST and command line.")

Json = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
Id = Annotated[str, typer.Argument(help="A job's id, or its beginning where that is enough.")]


@contextmanager
def _shelves() -> Iterator[Services]:
    with refusing():
        yield shelves()


@app.command("list")
def list_jobs(
    text: Annotated[str, typer.Argument(help="Words of title, file, preset, model or purpose.")] = "",
    state: Annotated[list[str] | None, typer.Option(help="queued, running, completed, failed, cancelled; repeatable.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="ui, rest, cli; repeatable.")] = None,
    days: Annotated[float | None, typer.Option(help="Only of the last days.", min=0)] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="At most so many.", min=1)] = 50,
    offset: Annotated[int, typer.Option(help="Leave out so many of the newest.", min=0)] = 0,
    as_json: Json = False,
) -> None:
    """The newest jobs, newest first."""
    with _shelves() as services:
        from webui.services.job import DOORS, STATES
        from webui.services.joblist import JobQuery

        query = JobQuery(
            states=_known(state, STATES, "--state"),
            sources=_known(source, DOORS, "--source"),
            text=text,
            since=None if days is None else time.time() - days * 86400,
            limit=limit,
            offset=offset,
        )
        page = services.joblist.page(query)
        if as_json:
            echo_json({"jobs": page.jobs, "total": page.total})
            return
        echo_table(["ID", "CREATED", "STATE", "BY", "SIZE", "WITH", "TITLE"], [_row(job) for job in page.jobs])
        if page.total > len(page.jobs):
            typer.echo(f"{len(page.jobs)} of {page.total}", err=True)


@app.command()
def show(job_id: Id) -> None:
    """One job as JSON."""
    with _shelves() as services:
        echo_json(services.joblist.show(services.jobs.get(_whole(services, job_id))))


@app.command()
def log(job_id: Id) -> None:
    """What happened to a job."""
    with _shelves() as services:
        for line in services.jobs.log(_whole(services, job_id)):
            typer.echo(f"{datetime.fromtimestamp(line['time']):%Y-%m-%d %H:%M:%S} {line['level']:<7} {line['message']}")


@app.command()
def cancel(job_ids: Annotated[list[str], typer.Argument(help="Ids.")]) -> None:
    """Stop jobs; those that have ended stay as they are."""
    with _shelves() as services:
        for job_id in job_ids:
            job = services.jobs.cancel(_whole(services, job_id))
            typer.echo(f"{job.id}: {job.state}")


@app.command()
def move(job_id: Id, to: Annotated[str, typer.Argument(help="first, up, down or last.")]) -> None:
    """Give a waiting job another place in the line."""
    with _shelves() as services:
        from webui.services.store import MOVES

        [place] = _known([to], MOVES, "the place")
        job = services.jobs.move(_whole(services, job_id), place)
        typer.echo(f"{job.id}: number {job.queue_position} in the line")


@app.command()
def delete(
    job_ids: Annotated[list[str] | None, typer.Argument(help="Ids.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="Instead: all that are completed, failed or cancelled; repeatable.")] = None,
    older_than_days: Annotated[float, typer.Option(help="With --state: that ended at least so long ago.", min=0)] = 0,
) -> None:
    """Delete jobs with their songs and results."""
    with _shelves() as services:
        from webui.services.job import ENDED

        if bool(job_ids) == bool(state):
            raise BadOption("either ids or --state", hint="Name one of the two.")
        if state:
            ids = services.joblist.ended(_known(state, ENDED, "--state"), older_than_days)
        else:
            ids = [_whole(services, each) for each in job_ids or ()]
        deleted, freed = services.jobs.delete_many(ids)
        typer.echo(f"{deleted} deleted, {in_bytes(freed)} freed")


@app.command()
def estimate(
    seconds: Annotated[list[float], typer.Argument(help="How long songs are; one number for each.")],
    model: Annotated[str | None, typer.Option("--model", "-m", help="A model, installed or not.")] = None,
    preset: Annotated[str | None, typer.Option("--preset", "-p", help="A preset.")] = None,
    purpose: Annotated[str | None, typer.Option(help="A purpose.")] = None,
    quality: Annotated[str | None, typer.Option(help="Of the purpose: best or fast.")] = None,
    precision: Precision = None,
    overlap: Overlap = None,
    tta: Tta = False,
) -> None:
    """How long songs would take, what has to be downloaded first, and what waits before them; as JSON."""
    with _shelves() as services:
        from webui.commands.separate import chosen, options_of

        echo_json(services.forecaster.of(chosen(preset, model, purpose, quality), seconds, options_of(precision, overlap, tta)))


@app.command()
def rerun(
    job_id: Id,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the stems.")] = Path("separated"),
    model: Annotated[str | None, typer.Option("--model", "-m", help="Another model.")] = None,
    stems: Stems = None,
    preset: Annotated[str | None, typer.Option("--preset", "-p", help="Another preset, or its file.")] = None,
    purpose: Annotated[str | None, typer.Option(help="Another purpose.")] = None,
    quality: Annotated[str | None, typer.Option(help="Of the purpose: best or fast.")] = None,
    output_format: Annotated[str | None, typer.Option("--format", "-f", help="Another format.")] = None,
    subtype: Annotated[str | None, typer.Option(help="Another bit depth or rate.")] = None,
    precision: Precision = None,
    overlap: Overlap = None,
    tta: Tta = False,
) -> None:
    """The song of a job once more, with what is said here changed."""
    from webui.compute.pool import Pool

    pool = Pool()
    pool.warm_up("separate")
    from webui.batch import Task, run_tasks
    from webui.commands.separate import chosen, options_of

    def plan(services: Services) -> list[Task]:
        whole = _whole(services, job_id)
        choice = chosen(preset, model, purpose, quality, stems or ()) if preset or model or purpose or quality or stems else None
        options = options_of(precision, overlap, tta)
        old = services.jobs.get(whole).spec
        how: dict[str, Any] = {
            "choice": choice,
            "options": {**old.options, **options} if options else None,
            "container": output_format,
            "subtype": subtype,
        }
        return [Task(old.title, old.title, lambda services: services.jobs.rerun(whole, door="cli", **how), output)]

    run_tasks(plan, pool)


def _known(names: list[str] | None, known: tuple[Any, ...], option: str) -> tuple[Any, ...]:
    wrong = [name for name in names or () if name not in known]
    if wrong:
        raise BadOption(f"{option} {wrong[0]!r} is not known", hint=f"There are: {', '.join(known)}.", option=option)
    return tuple(names or ())


def _whole(services: Services, job_id: str) -> str:
    """The id that begins so, where only one does; else what was said."""
    found = services.joblist.beginning(job_id)
    return found[0] if len(found) == 1 else job_id


def _row(job: dict[str, Any]) -> list[str]:
    created = f"{datetime.fromtimestamp(job['created_at']):%Y-%m-%d %H:%M}"
    state = f"running {job['progress']:.0%}" if job["state"] == "running" else job["state"]
    state = f"waiting {job['queue_position']}" if job["state"] == "queued" else state
    with_what = job["purpose"] or job["preset"] or job["model"] or ""
    return [job["id"], created, state, job["source"], in_bytes(job["bytes"] or None), with_what, job["title"]]
