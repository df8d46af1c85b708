"""Presets as JSON that travels: checked, imported, exported, and the versions that a preset had."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from inference.errors import BadPreset, MsstError
from webui.api import errors, schemas
from webui.api.deps import ServicesDep
from webui.services.errors import BadRequest
from webui.services.presets import MAX_IMPORT_BYTES, PresetCard, decode

router = APIRouter(prefix="/api/v1/presets", tags=["presets"])

_OBJECT = {"schema": {"type": "object"}}
_FILE = {"schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}, "name": {"type": "string"}}}}
JSON_BODY = {"requestBody": {"required": True, "content": {"application/json": _OBJECT}}}
FILE_BODY = {"requestBody": {"required": True, "content": {"application/json": _OBJECT, "multipart/form-data": _FILE}}}
"""For /docs: these bodies are read as they are, so that whatever is wrong with them is answered alike."""


async def body(request: Request) -> bytes:
    """The body as it was sent. Raises BadPreset for one that is far too large to be a preset."""
    content = bytearray()
    async for block in request.stream():
        content += block
        if len(content) > MAX_IMPORT_BYTES:
            raise BadPreset(f"a preset of more than {MAX_IMPORT_BYTES >> 10} kB", hint="A preset is some kB of JSON.")
    return bytes(content)


async def sent_file(request: Request) -> tuple[bytes, str]:
    """A preset sent as a form's file or as the body itself, and the form's field `name`. Raises BadRequest, BadPreset."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return await body(request), ""
    async with request.form() as form:
        file, name = form.get("file"), form.get("name")
        if not isinstance(file, UploadFile):
            raise BadRequest("there is no file", hint="Send the preset as the field `file`, or as the body.")
        return await file.read(MAX_IMPORT_BYTES + 1), name if isinstance(name, str) else ""


@router.post("/validate", response_model=schemas.Validity, openapi_extra=JSON_BODY)
def validate(services: ServicesDep, content: Annotated[bytes, Depends(body)]) -> dict[str, Any]:
    """What is wrong with a preset, where, and which models it lacks. Nothing is stored."""
    answer: dict[str, Any] = {"valid": True, "error": None, "place": "", "missing": {}}
    try:
        data = decode(content)
        with suppress(BadPreset):
            answer["missing"] = schemas.MissingModels.model_validate(services.presets.missing_of(data), from_attributes=True)
        services.presets.check(data)
    except MsstError as error:
        answer |= {"valid": False, "error": errors.body(error), "place": str(error.params.get("place", ""))}
    return answer


@router.post("/import", status_code=201, response_model=schemas.Preset, responses=schemas.errors(400, 404, 507), openapi_extra=FILE_BODY)
def take_in(
    services: ServicesDep,
    sent: Annotated[tuple[bytes, str], Depends(sent_file)],
    name: Annotated[str, Query(max_length=200, description="By default as it calls itself; a number is added where that is taken.")] = "",
) -> PresetCard:
    """Store a preset of any version as the user's own. Nothing is overwritten."""
    content, field = sent
    return services.presets.take_in(content, name or field)


@router.get("/{name:path}/export", response_class=JSONResponse, responses=schemas.errors(400, 404))
def export(services: ServicesDep, name: str) -> JSONResponse:
    """A preset as a file of our own version."""
    data = services.presets.export(name)
    file = quote(f"{services.presets.card(name).name}.json")
    return JSONResponse(data, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{file}"})


@router.get("/{name:path}/history", response_model=schemas.History)
def history(services: ServicesDep, name: str) -> dict[str, Any]:
    """The earlier versions of a user's preset, also of one that was deleted."""
    return {"versions": services.presets.history(name)}


@router.post("/{name:path}/restore", response_model=schemas.Preset, responses=schemas.errors(400, 404, 507))
def restore(services: ServicesDep, name: str, version: schemas.Moment) -> PresetCard:
    """Make an earlier version the present one, which joins the history."""
    return services.presets.restore(name, version.at)
