"""Jobs for programs and for the page: everything the services can do with them, under /api/v1/jobs."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Response, UploadFile
from fastapi.responses import StreamingResponse

from inference.types import OutputFormat
from webui.api import schemas
from webui.api.deps import BaseUrl, ServicesDep, all_on_disk, json_object
from webui.services import Choice
from webui.services.errors import BadRequest
from webui.services.job import STATES, State
from webui.services.presets import DEFAULT_PRESET

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

BINARY = "application/octet-stream"


@router.get("", response_model=schemas.JobList)
def list_jobs(
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    state: Annotated[list[str] | None, Query(description=", ".join(STATES))] = None,
) -> dict[str, Any]:
    """The newest jobs, newest first."""
    jobs = services.jobs.recent(limit=limit, states=_states(state))
    return {"jobs": [job.to_json() for job in jobs], "now": time.time()}


def _states(names: list[str] | None) -> tuple[State, ...] | None:
    if not names:
        return None
    chosen = tuple(state for state in STATES if state in names)
    if len(chosen) != len(set(names)):
        raise BadRequest(f"unknown state among {', '.join(names)}", hint=f"Known: {', '.join(STATES)}.")
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
    preset_json: Annotated[str | None, Form(description="A preset that is not stored, as JSON of any version.")] = None,
    output: Annotated[str, Form(alias="format")] = "wav",
    subtype: Annotated[str, Form(description="PCM_16, FLOAT, 320k ...; empty for the format's default.")] = "",
    options: Annotated[str, Form(description='How to separate, as JSON: {"overlap": "fast", "tta": true}.')] = "{}",
    extra_output: Annotated[bool, Form(description="All results in one folder; else the main one beside it.")] = True,
    inputs: Annotated[str, Form(description='Sounds that are here, instead of files: [{"upload": ID}, {"job": ID, "file": NAME}].')] = "",
    title: Annotated[str, Form(description="What to call the job; by default the song's name.", max_length=1000)] = "",
    door: Annotated[Literal["ui", "rest"], Form(description="Who submits: the page says ui.")] = "rest",
) -> dict[str, Any]:
    """Submit a song, the sample song, or sounds that are here, with a preset, a model, or a preset that is sent along."""
    choice, chosen = _choice(preset, model, preset_json), json_object(options, "options")
    how: dict[str, Any] = {"choice": choice, "output": OutputFormat(output, subtype), "options": chosen, "extra_output": extra_output}
    how["door"] = door
    if sample:
        return services.jobs.submit_sample(title=title or "Sample song", **how).to_json()
    how |= {"base_url": caller, "title": title}
    if inputs:
        (path, name), *others = services.references.read(inputs)
        return services.jobs.submit(path, file_name=name, more=others, **how).to_json()
    if file is None:
        raise BadRequest("there is no file", hint="Send the song as the field `file`, `inputs` that are here, or sample=true.")
    files = [file, *(more or ())]
    services.jobs.check(choice=choice, options=chosen, files=len(files))
    with all_on_disk(files, services.storage.tmp) as ((path, name), *others):
        return services.jobs.submit(path, file_name=name, more=others, **how).to_json()


def _choice(preset: str | None, model: str | None, inline: str | None) -> Choice:
    """What to separate with, of which one only may be said; nothing said is the default preset."""
    said = [each for each in (preset, model, inline) if each]
    if len(said) > 1:
        raise BadRequest("choose a preset, a model or a preset_json", hint="Send one of them.")
    return Choice(preset=preset or None, model=model or None, inline=inline or None) if said else Choice(preset=DEFAULT_PRESET)


@router.get("/{job_id}")
def get(services: ServicesDep, job_id: str) -> dict[str, Any]:
    """One job."""
    return services.jobs.get(job_id).to_json()


@router.post("/{job_id}/cancel")
def cancel(services: ServicesDep, job_id: str) -> dict[str, Any]:
    """Stop a job."""
    return services.jobs.cancel(job_id).to_json()


@router.post("/{job_id}/rerun", status_code=202)
def rerun(services: ServicesDep, job_id: str) -> dict[str, Any]:
    """The same song with the same options as a new job."""
    return services.jobs.rerun(job_id, door="rest").to_json()


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
