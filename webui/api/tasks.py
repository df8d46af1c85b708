"""The contract with back ends: upload, poll or be called, download, clean up. Deployed clients rely on every name and status here."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import FileResponse

from inference.types import OutputFormat
from webui.api import schemas
from webui.api.deps import BaseUrl, CallerIsLocal, ServicesDep, on_disk
from webui.api.schemas import errors
from webui.services import Callback, Choice, Job
from webui.services.housekeeping import message
from webui.services.links import download_urls, result_names

router = APIRouter(tags=["tasks"])

MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "m4a": "audio/mp4", "opus": "audio/ogg"}


@router.post("/upload", response_model=schemas.Accepted, responses=errors(400, 404, 409, 413, 415, 429, 507))
def upload(
    services: ServicesDep,
    caller: BaseUrl,
    is_local: CallerIsLocal,
    file: Annotated[UploadFile, "The song."],
    task_id: Annotated[str | None, Form(description="A UUID that the caller chose.")] = None,
    preset_name: Annotated[str, Form(description="May end in .json or .yaml.")] = "my_preset",
    output_format: Annotated[str, Form(description="wav, mp3 or flac.")] = "wav",
    callback_url: Annotated[str | None, Form(description="Receives a POST when the task ends.")] = None,
) -> dict[str, Any]:
    """Upload a song and have it separated."""
    callback = Callback(callback_url.strip(), is_local) if callback_url and callback_url.strip() else None
    choice = Choice(preset=preset_name.strip() or "my_preset")
    output = OutputFormat(output_format.strip().lower() or "wav")
    wanted_id = (task_id or "").strip() or None
    services.jobs.check(choice=choice, job_id=wanted_id, callback=callback)
    with on_disk(file, services.storage.tmp) as path:
        job = services.jobs.submit(
            path,
            file_name=file.filename or "song",
            choice=choice,
            output=output,
            door="rest",
            job_id=wanted_id,
            callback=callback,
            base_url=caller,
            naming="",
        )
    return {"task_id": job.id, "status": "accepted", "message": message(job)}


@router.get("/status/{task_id}", response_model=schemas.TaskStatus, responses=errors(404))
def status(services: ServicesDep, task_id: str) -> dict[str, Any]:
    """Where a task stands."""
    job = services.jobs.get(task_id)
    return {
        "task_id": job.id,
        "status": _status(job),
        "message": message(job),
        "results": result_names(job),
        "progress": job.progress,
        "queue_position": job.queue_position,
    }


def _status(job: Job) -> str:
    """In this contract a queued task counts as processing and a cancelled one as failed."""
    return job.state if job.state in ("completed", "failed") else "failed" if job.state == "cancelled" else "processing"


@router.get("/results/{task_id}", response_model=schemas.TaskResults, responses=errors(400, 404))
def results(services: ServicesDep, caller: BaseUrl, task_id: str) -> dict[str, Any]:
    """What a completed task made, and where to fetch it."""
    job = services.results.completed(task_id)
    urls = download_urls(job, services.settings, caller)
    return {"task_id": job.id, "results": result_names(job), "download_urls": urls}


@router.head("/download/{task_id}/{filename}", include_in_schema=False)
@router.get("/download/{task_id}/{filename}", response_class=FileResponse, responses=errors(400, 404))
def download(services: ServicesDep, task_id: str, filename: str) -> FileResponse:
    """One file of a completed task. Ranges are served."""
    path = services.results.path(task_id, filename)
    return FileResponse(path, media_type=MEDIA_TYPES.get(path.suffix[1:]), filename=path.name)


@router.delete("/task/{task_id}", response_model=schemas.Message, responses=errors(404))
def delete(services: ServicesDep, task_id: str) -> dict[str, str]:
    """Stop a task if it runs, and delete its song, results and record."""
    services.jobs.delete(task_id)
    return {"message": f"Task {task_id} deleted."}
