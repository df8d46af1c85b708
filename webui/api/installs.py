"""Models on their way here and away again: install, follow, cancel, verify, repair, uninstall."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from webui.api import model_schemas
from webui.api.deps import ServicesDep, SlowDep
from webui.api.schemas import errors
from webui.services import Services
from webui.services.downloads import DownloadChoice
from webui.services.installs import Install

router = APIRouter(prefix="/api/v1/models", tags=["models"])

MAX_WAIT = 30.0
LOOK_EVERY = 0.2  # seconds between two looks of a caller who waits


@router.get("/installs", response_model=model_schemas.Installs)
async def installs(
    request: Request,
    services: ServicesDep,
    since: Annotated[int, Query(ge=0, description="The revision that the caller knows.")] = 0,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT, description="Seconds to wait for a change.")] = 0.0,
) -> dict[str, Any]:
    """The installations that changed after a revision, the oldest first. With `wait` the answer comes when something changes."""
    deadline = time.monotonic() + wait
    while True:
        revision, changed = await run_in_threadpool(services.library.installs.changes, since)
        if revision < since:  # of an earlier server: this one began to count anew
            since = 0
        elif changed or time.monotonic() >= deadline or await request.is_disconnected():
            return {"revision": revision, "installs": changed}
        else:
            await asyncio.sleep(LOOK_EVERY)


@router.get("/disk", response_model=model_schemas.Disk)
def disk(services: ServicesDep) -> dict[str, Any]:
    """What the installed models take, the largest first."""
    uses = services.library.disk_use()
    taken = sum(use.converted + (0 if use.linked else use.bytes) for use in uses)
    return {"models": uses, "bytes": taken, "free": services.library.free_bytes()}


@router.post("/{name:path}/install", status_code=202, response_model=model_schemas.Install, responses=errors(400, 404))
def install(services: ServicesDep, name: str, how: model_schemas.InstallRequest | None = None) -> Install:
    """Install a model in the background."""
    how = how or model_schemas.InstallRequest()
    return services.library.install(name, _choice(how), trust_anew=how.trust_anew)


@router.post("/{name:path}/cancel", response_model=model_schemas.Install, responses=errors(404))
def cancel(services: ServicesDep, name: str) -> Install:
    """Stop an installation; what has arrived is kept for the next time."""
    return services.library.installs.cancel(_spelled(services, name))


@router.post("/{name:path}/retry", status_code=202, response_model=model_schemas.Install, responses=errors(404))
def retry(services: ServicesDep, name: str) -> Install:
    """Install once more, from the same sources."""
    return services.library.installs.retry(_spelled(services, name))


@router.post("/{name:path}/verify", response_model=model_schemas.Verified, responses=errors(404))
async def verify(services: ServicesDep, slow: SlowDep, name: str) -> Any:
    """Read an installed model's files and compare them with what they must be. Takes seconds for a large one."""
    return await slow(lambda stop: services.library.verify(name, stop))


@router.post("/{name:path}/repair", response_model=model_schemas.Repair, responses=errors(400, 404))
async def repair(services: ServicesDep, slow: SlowDep, name: str, where: model_schemas.Source | None = None) -> dict[str, Any]:
    """Verify, and download again where something is wrong."""
    choice = _choice(where or model_schemas.Source())
    return {"install": await slow(lambda stop: services.library.repair(name, choice, stop))}


def _choice(source: model_schemas.Source) -> DownloadChoice:
    return DownloadChoice(tuple(source.endpoints), source.url.strip())


def _spelled(services: Services, name: str) -> str:
    """The model's name as the catalogue spells it; as it was sent where the model is gone meanwhile."""
    catalogue = services.library.catalogue
    return catalogue.get(name).name if name in catalogue else name
