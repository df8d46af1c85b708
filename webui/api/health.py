"""Is the server there, and how busy is it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from inference.errors import MsstError
from webui import __version__
from webui.api import schemas
from webui.api.deps import ServicesDep
from webui.services import Services
from webui.services.presets import DEFAULT_PRESET

router = APIRouter(tags=["server"])


@router.head("/health", include_in_schema=False)
@router.get("/health", response_model=schemas.Health)
def health(services: ServicesDep) -> dict[str, Any]:
    """The server's state."""
    waiting, running = services.jobs.counts()
    return {
        "status": "healthy",
        "service": "MSST-WebUI",
        "version": __version__,
        "device": services.device,
        "model": _usual_model(services),
        "queue_length": waiting,
        "running": running,
    }


def _usual_model(services: Services) -> str:
    """What a song is separated with where nobody says; nothing where the user's own preset is broken: the server is well all the same."""
    try:
        return ", ".join(services.presets.load(DEFAULT_PRESET).models)
    except MsstError:
        return ""
