"""The machine behind the server, and how it is reached from outside."""

from __future__ import annotations

import io
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse

from webui.api import schemas
from webui.api.deps import BaseUrl, OwnerOnly, ServicesDep
from webui.services.errors import BadRequest

router = APIRouter(prefix="/api/v1", tags=["server"])

MAX_TEXT = 500  # characters of a QR code


@router.get("/system")
def system(services: ServicesDep) -> dict[str, Any]:
    """Versions, devices, memory, disk, addresses: as they are now."""
    return services.system.now(device=services.device)


@router.get("/share")
def share(services: ServicesDep) -> dict[str, Any]:
    """Where the public address stands: off, starting, open or failed."""
    return services.share.status()


@router.post("/share", status_code=202, dependencies=[OwnerOnly], responses=schemas.errors(403))
def start_sharing(services: ServicesDep) -> dict[str, Any]:
    """Begin to open a public address through Gradio's relay; `GET` says what came of it."""
    services.share.start(services.system.port or services.settings.port)
    return services.share.status()


@router.delete("/share")
def stop_sharing(services: ServicesDep) -> dict[str, Any]:
    """Close the public address. Whoever came through it may do that, too."""
    services.share.stop()
    return services.share.status()


@router.get("/qr", responses={**schemas.errors(400), 200: {"content": {"image/svg+xml": {}}}}, response_class=Response)
def qr(
    services: ServicesDep,
    caller: BaseUrl,
    text: Annotated[str, Query(min_length=1, max_length=MAX_TEXT, description="An address of this server.")],
) -> Response:
    """An address of this server as a QR code (SVG), for a phone's camera."""
    if not services.system.is_own(text, caller):
        raise BadRequest("that is no address of this server", hint="GET /api/v1/system lists them.")
    picture = io.BytesIO()
    segno.make_qr(text).save(picture, kind="svg", scale=4, border=4, light="#fff", xmldecl=False)
    return Response(picture.getvalue(), media_type="image/svg+xml", headers={"cache-control": "no-store"})


@router.get("/diagnostics", response_class=PlainTextResponse)
def diagnostics(services: ServicesDep) -> PlainTextResponse:
    """Everything that somebody who helps asks for, as a text: no keys, no passwords."""
    return PlainTextResponse(
        services.diagnostics(), headers={"content-disposition": 'attachment; filename="msst-diagnostics.txt"', "cache-control": "no-store"}
    )


@router.post("/cache/clean")
def clean_cache(services: ServicesDep) -> dict[str, int]:
    """Forget the finished steps of presets, and what was said about files."""
    return {"freed": services.system.clean_cache()}


@router.post("/uploads/clean")
def clean_uploads(services: ServicesDep) -> dict[str, int]:
    """Delete uploads that nobody has used for an hour; jobs keep their songs."""
    return {"freed": services.clean_uploads()}
