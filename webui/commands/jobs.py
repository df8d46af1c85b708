"""`jobs`: everything that ran or waits, whoever submitted it: list, show, move, cancel, fetch, run again, mend, delete."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inference.errors import BadOption
from webui.commands.options import Overlap, Pairs, Precision, Stems, Tta, options_of
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
def preset(job_id: Id) -> None:
    """The preset that a job ran, as JSON of our own version: to be changed and run again."""
    with _shelves() as services:
        echo_json(services.jobs.preset(_whole(services, job_id)))


@app.command()
def fetch(
    job_ids: Annotated[list[str], typer.Argument(help="Ids of completed jobs.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")] = Path("separated"),
) -> None:
    """Take the results of jobs to a folder, whoever submitted them."""
    with _shelves() as services:
        from webui.batch import deliver

        for job in [services.results.completed(_whole(services, each)) for each in job_ids]:
            deliver(services, job, output)


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
    option: Pairs = None,
) -> None:
    """How long songs would take, what has to be downloaded first, and what waits before them; as JSON."""
    with _shelves() as services:
        from webui.commands.separate import chosen

        echo_json(services.forecaster.of(chosen(preset, model, purpose, quality), seconds, options_of(precision, overlap, tta, option)))


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
    option: Pairs = None,
) -> None:
    """The song of a job once more, with what is said here changed."""
    from webui.compute.pool import Pool

    pool = Pool()
    pool.warm_up("separate")
    from webui.batch import Task, check, run_tasks
    from webui.commands.separate import chosen

    def plan(services: Services) -> list[Task]:
        whole = _whole(services, job_id)
        choice = chosen(preset, model, purpose, quality, stems or ()) if preset or model or purpose or quality or stems else None
        old = services.jobs.get(whole).spec
        options = options_of(precision, overlap, tta, option, old.options)
        check(services, choice=choice or old.choice, options=options, files=len(old.inputs))
        how: dict[str, Any] = {"choice": choice, "options": options, "container": output_format, "subtype": subtype}
        return [Task(old.title, old.title, lambda services: services.jobs.rerun(whole, door="cli", **how), output)]

    run_tasks(plan, pool)


@app.command()
def replace(
    job_id: Id,
    file: Annotated[str, typer.Argument(help="A result of it, by the name of its file.")],
    start: Annotated[float, typer.Option(help="Seconds.")],
    end: Annotated[float, typer.Option(help="Seconds.")],
    stem: Annotated[str, typer.Option(help="Which stem of the model or preset takes its place; by default that of the same name.")] = "",
    model: Annotated[str | None, typer.Option("--model", "-m", help="A model's name.")] = None,
    preset: Annotated[str | None, typer.Option("--preset", "-p", help="A preset's name, or its file.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What for, instead of model or preset: vocals, karaoke ...")] = None,
    quality: Annotated[str | None, typer.Option(help="Of a purpose: best or fast; by default the best that is installed.")] = None,
    fade: Annotated[float, typer.Option(help="Seconds at each end of the part.")] = 0.05,
    others: Annotated[bool, typer.Option(help="Whether the new job has the other results too, as they are.")] = True,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the stems.")] = Path("separated"),
    output_format: Annotated[str, typer.Option("--format", "-f", help="wav, flac, mp3, m4a or opus.")] = "",
    subtype: Annotated[str, typer.Option(help="FLOAT, PCM_16, PCM_24, PCM_32, or a bit rate such as 320k.")] = "",
    title: Annotated[str, typer.Option(help="What to call the new job.")] = "",
) -> None:
    """Separate a part of a job's song again and put it into a result, as a new job. `tools replace` does it with files."""
    from webui.compute.pool import Pool

    pool = Pool()
    pool.warm_up("separate")
    from inference.presets.replace import Region
    from webui.batch import Task, run_tasks
    from webui.commands.separate import chosen
    from webui.services.tools import Order

    def plan(services: Services) -> list[Task]:
        job = services.results.completed(_whole(services, job_id))
        how = chosen(preset, model, purpose, quality), Region(start, end, fade)
        order = Order(services.configuration.output(output_format.lower(), subtype), "cli", title=title)
        return [Task(file, file, lambda services: services.tools.replace(job.id, file, *how, order, stem=stem, others=others), output)]

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
