"""Is the server there, and how busy is it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from webui import __version__
from webui.api import schemas
from webui.api.deps import ServicesDep
from webui.services.presets import DEFAULT_PRESET

router = APIRouter(tags=["server"])


@router.get("/health", response_model=schemas.Health)
def health(services: ServicesDep) -> dict[str, Any]:
    """The server's state."""
    waiting, running = services.jobs.counts()
    return {
        "status": "healthy",
        "service": "MSST-WebUI",
        "version": __version__,
        "device": services.device,
        "model": ", ".join(services.presets.load(DEFAULT_PRESET).models),
        "queue_length": waiting,
        "running": running,
    }
