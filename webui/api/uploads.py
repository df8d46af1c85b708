"""Songs on their way in, before anybody says what to do with them: /api/v1/uploads."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, UploadFile
from pydantic import BaseModel, Field

from webui.api import schemas
from webui.api.deps import ServicesDep, on_disk

router = APIRouter(prefix="/api/v1/uploads", tags=["uploads"])

MAX_IDS = 500


class Link(BaseModel):
    """An address of a sound file."""

    url: str = Field(max_length=4000)


class UploadInfo(BaseModel):
    """A song that came in."""

    id: str
    name: str
    path: str = Field(description="Where it lay in the folder that was sent, with its name.")
    state: str = Field(description="fetching, ready or failed.")
    created_at: float
    bytes: int
    received: int = Field(description="Bytes so far.")
    total: int | None = Field(description="Bytes that are to come, where that is known.")
    duration: float | None = Field(description="Seconds, as its header says.")
    sample_rate: int | None
    channels: int | None
    container: str | None
    error: dict[str, Any] | None


class Uploads(BaseModel):
    """Songs."""

    uploads: list[UploadInfo]


@router.post("", status_code=201, response_model=UploadInfo, responses=schemas.errors(400, 413, 415, 429, 507))
def create(
    services: ServicesDep,
    file: Annotated[UploadFile, "The song."],
    path: Annotated[str, Form(description="Where it lay in the folder that was sent.", max_length=4000)] = "",
) -> dict[str, Any]:
    """Send a song, for jobs to come. What cannot be read as sound is refused and not kept."""
    with on_disk(file, services.storage.tmp) as source:
        return services.uploads.add(source, name=file.filename or "song", path=path).to_json()


@router.post("/link", status_code=202, response_model=UploadInfo, responses=schemas.errors(400, 429, 502, 507))
def link(services: ServicesDep, body: Link) -> dict[str, Any]:
    """Have a song fetched from a public address; its state says when it is there."""
    return services.uploads.fetch(body.url.strip()).to_json()


@router.get("", response_model=Uploads)
def some(services: ServicesDep, upload_id: Annotated[list[str] | None, Query(alias="id", max_length=MAX_IDS)] = None) -> dict[str, Any]:
    """The uploads of these ids; those that are not there are left out."""
    return {"uploads": [each.to_json() for each in services.uploads.some(upload_id or ())]}


@router.get("/{upload_id}", response_model=UploadInfo, responses=schemas.errors(404))
def get(services: ServicesDep, upload_id: str) -> dict[str, Any]:
    """One upload."""
    return services.uploads.get(upload_id).to_json()


@router.delete("/{upload_id}", response_model=schemas.Message, responses=schemas.errors(404))
def delete(services: ServicesDep, upload_id: str) -> dict[str, str]:
    """Forget an upload, or stop fetching it. Jobs that have it keep it."""
    services.uploads.delete(upload_id)
    return {"message": f"Upload {upload_id} deleted."}
