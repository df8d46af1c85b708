"""Jobs for programs and for the page: everything the services can do with them, under /api/v1/jobs."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse, StreamingResponse

from webui.api import schemas
from webui.api.deps import BaseUrl, ServicesDep, all_on_disk, choice_of, json_object
from webui.api.job_schemas import Changes, Deleted, Place, WhatToDelete
from webui.services import Choice, Services
from webui.services.errors import BadRequest
from webui.services.job import DOORS, ENDED, STATES
from webui.services.joblist import JobQuery
from webui.services.presets import DEFAULT_PRESET

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

BINARY = "application/octet-stream"


@router.get("", response_model=schemas.JobList, responses={304: {"description": "As the caller's If-None-Match has it."}})
def list_jobs(
    services: ServicesDep,
    request: Request,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
    state: Annotated[list[str] | None, Query(description=", ".join(STATES))] = None,
    source: Annotated[list[str] | None, Query(description=f"Who submitted: {', '.join(DOORS)}.")] = None,
    text: Annotated[str, Query(description="Words of title, file, preset, model or purpose.", max_length=500)] = "",
    since: Annotated[float | None, Query(description="Created then or later; epoch seconds.")] = None,
    until: Annotated[float | None, Query(description="Created before.")] = None,
) -> Response:
    """The newest jobs, newest first. An unchanged list is answered 304 to an If-None-Match with its ETag."""
    query = JobQuery(
        states=_known(state, STATES, "state"),
        sources=_known(source, DOORS, "source"),
        text=text,
        since=since,
        until=until,
        limit=limit,
        offset=offset,
    )
    tag = services.joblist.tag(query)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in (each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    page = services.joblist.page(query)
    body = {"jobs": page.jobs, "total": page.total, "limit": limit, "offset": offset, "now": time.time()}
    return JSONResponse(body, headers=headers)  # what is JSON already needs no second look, which would cost more than the list


Known = TypeVar("Known", bound=str)


def _known(names: list[str] | None, known: tuple[Known, ...], what: str) -> tuple[Known, ...]:
    chosen = tuple(each for each in known if each in (names or ()))
    if len(chosen) != len(set(names or ())):
        raise BadRequest(f"unknown {what} among {', '.join(names or ())[:200]}", hint=f"Known: {', '.join(known)}.")
    return chosen


@router.post("", status_code=202)
def create(
    services: ServicesDep,
    caller: BaseUrl,
    file: UploadFile | None = None,
    more: Annotated[list[UploadFile] | None, "Further files, for a preset that names file2, file3 ..."] = None,
    sample: Annotated[bool, Form(description="Use the sample song instead of a file.")] = False,
    preset: Annotated[str | None, Form()] = None,
    model: Annotated[str | None, Form()] = None,
    stems: Annotated[list[str] | None, Form(description="Of the model: those to keep, repeatable; all by default.")] = None,
    preset_json: Annotated[str | None, Form(description="A preset that is not stored, as JSON of any version.")] = None,
    purpose: Annotated[str | None, Form(description="What the song is taken apart for: GET /api/v1/purposes.")] = None,
    quality: Annotated[str | None, Form(description="Of a purpose: best or fast; by default the best that is installed.")] = None,
    output: Annotated[str, Form(alias="format", description="wav, flac, mp3, m4a, opus; empty for the settings'.")] = "",
    subtype: Annotated[str, Form(description="PCM_16, FLOAT, 320k ...; empty for the settings', or the format's default.")] = "",
    options: Annotated[str, Form(description='How to separate, as JSON: {"overlap": "fast", "tta": true}.')] = "{}",
    extra_output: Annotated[bool, Form(description="All results in one folder; else the main one beside it.")] = True,
    inputs: Annotated[str, Form(description='Sounds that are here, instead of files: [{"upload": ID}, {"job": ID, "file": NAME}].')] = "",
    title: Annotated[str, Form(description="What to call the job; by default the song's name.", max_length=1000)] = "",
    door: Annotated[Literal["ui", "rest"], Form(description="Who submits: the page says ui.")] = "rest",
) -> dict[str, Any]:
    """Submit a song, the sample song, or sounds that are here, with a preset, a model, or a preset that is sent along."""
    choice = choice_of(preset, model, preset_json, purpose, quality, stems or ()) or Choice(preset=DEFAULT_PRESET)
    chosen = json_object(options, "options")
    how: dict[str, Any] = {
        "choice": choice,
        "output": services.configuration.output(output, subtype),
        "options": chosen,
        "extra_output": extra_output,
        "door": door,
    }
    if sample:
        return services.joblist.show(services.jobs.submit_sample(title=title or "Sample song", **how))
    how |= {"base_url": caller, "title": title}
    if inputs:
        (path, name), *others = services.references.read(inputs)
        return services.joblist.show(services.jobs.submit(path, file_name=name, more=others, **how))
    if file is None:
        raise BadRequest("there is no file", hint="Send the song as the field `file`, `inputs` that are here, or sample=true.")
    files = [file, *(more or ())]
    services.jobs.check(choice=choice, options=chosen, files=len(files))
    with all_on_disk(files, services.storage.tmp) as ((path, name), *others):
        return services.joblist.show(services.jobs.submit(path, file_name=name, more=others, **how))


@router.post("/delete", response_model=Deleted)
def delete_many(services: ServicesDep, body: WhatToDelete) -> dict[str, int]:
    """Delete several jobs with all that they made: of these ids, or that ended in one of the states at least so many days ago."""
    deleted, freed = services.jobs.delete_many(_to_delete(services, body))
    return {"deleted": deleted, "freed": freed}


def _to_delete(services: Services, body: WhatToDelete) -> list[str]:
    if (body.ids is None) == (body.states is None):
        raise BadRequest("send either ids or states", hint='{"ids": [...]} or {"states": ["failed"], "older_than_days": 7}.')
    if body.ids is not None:
        return body.ids
    states = _known(body.states, ENDED, "state")
    return services.joblist.ended(states, body.older_than_days)


@router.get("/{job_id}")
def get(services: ServicesDep, job_id: str) -> dict[str, Any]:
    """One job."""
    return services.joblist.show(services.jobs.get(job_id))


@router.post("/{job_id}/cancel")
def cancel(services: ServicesDep, job_id: str) -> dict[str, Any]:
    """Stop a job."""
    return services.joblist.show(services.jobs.cancel(job_id))


@router.post("/{job_id}/move")
def move(services: ServicesDep, job_id: str, body: Place) -> dict[str, Any]:
    """Give a waiting job another place in the line."""
    return services.joblist.show(services.jobs.move(job_id, body.to))


@router.post("/{job_id}/rerun", status_code=202)
def rerun(services: ServicesDep, job_id: str, body: Changes | None = None) -> dict[str, Any]:
    """The same song once more as a new job; what the body does not say is as it was."""
    said = body or Changes()
    inline = said.preset_json if said.preset_json is None or isinstance(said.preset_json, str) else json.dumps(said.preset_json)
    choice = choice_of(said.preset, said.model, inline, said.purpose, said.quality, said.stems)
    job = services.jobs.rerun(job_id, door=said.door, choice=choice, options=said.options, container=said.container, subtype=said.subtype)
    return services.joblist.show(job)


@router.get("/{job_id}/preset")
def preset(services: ServicesDep, job_id: str) -> dict[str, Any]:
    """The preset that a job ran, as JSON of our own version: to run it again with changes."""
    return services.jobs.preset(job_id)


@router.delete("/{job_id}", response_model=schemas.Message)
def delete(services: ServicesDep, job_id: str) -> dict[str, str]:
    """Delete a job and everything it made."""
    services.jobs.delete(job_id)
    return {"message": f"Job {job_id} deleted."}


@router.get("/{job_id}/log", response_model=schemas.Log)
def log(services: ServicesDep, job_id: str) -> dict[str, Any]:
    """What happened to a job."""
    return {"lines": services.jobs.log(job_id)}


@router.get("/{job_id}/zip", response_class=StreamingResponse)
def archive(services: ServicesDep, job_id: str) -> StreamingResponse:
    """All stems in one zip."""
    blocks = services.results.archive(job_id)
    title = services.jobs.get(job_id).spec.song
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(title)}.zip"}
    return StreamingResponse(blocks, media_type="application/zip", headers=headers)


@router.get("/{job_id}/stems/{file}/peaks")
def peaks(services: ServicesDep, job_id: str, file: str) -> Response:
    """The waveform: int8 pairs (lowest, highest), 50 for each second."""
    return Response(services.results.peaks(job_id, file), media_type=BINARY)


@router.get("/{job_id}/stems/{file}/disagreement")
def disagreement(services: ServicesDep, job_id: str, file: str) -> Response:
    """How far the members of the ensemble that made a stem were apart over time: a picture (SVG)."""
    return Response(services.results.disagreement(job_id, file), media_type="image/svg+xml")


@router.get("/{job_id}/stems/{file}/disagreement/levels")
def disagreement_levels(services: ServicesDep, job_id: str, file: str) -> dict[str, Any]:
    """The same as numbers: `levels` in dB, one for each `seconds`, and `overall`."""
    return services.results.disagreement_levels(job_id, file)


@router.get("/{job_id}/stems/{file}/pcm")
def pcm(
    services: ServicesDep,
    job_id: str,
    file: str,
    start: Annotated[int, Query(ge=0, description="First sample.")] = 0,
    frames: Annotated[int, Query(ge=1, description="Samples per channel.")] = 5 * 48_000,
) -> Response:
    """Samples for a player: interleaved 16-bit integers, little-endian, whatever the result's format."""
    return Response(services.results.pcm(job_id, file, start=start, frames=frames), media_type=BINARY)
