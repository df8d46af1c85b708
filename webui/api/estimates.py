"""What there is to want of a song, and how long it will take: /api/v1/purposes, /api/v1/estimates."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from webui.api import job_schemas, schemas
from webui.api.deps import ServicesDep, choice_of, json_object
from webui.services import Choice
from webui.services.presets import DEFAULT_PRESET

router = APIRouter(prefix="/api/v1", tags=["jobs"])

MAX_SONGS = 1000


@router.get("/purposes", response_model=job_schemas.Purposes)
def purposes(services: ServicesDep) -> dict[str, Any]:
    """What a song can be taken apart for, with the best and the fast model, and the best that is installed."""
    return {"purposes": services.purposes.all()}


@router.get("/estimates", response_model=job_schemas.EstimateInfo, responses=schemas.errors(400, 404))
def estimate(
    services: ServicesDep,
    duration: Annotated[list[float] | None, Query(description="Seconds of a song; once for each.", max_length=MAX_SONGS)] = None,
    purpose: str | None = None,
    quality: str | None = None,
    preset: str | None = None,
    model: str | None = None,
    overlap: str | None = None,
    tta: bool = False,
    options: Annotated[str, Query(description="All options, as for jobs.")] = "{}",
) -> dict[str, Any]:
    """How long songs will take, whether the models are installed or not, and what waits before them."""
    chosen = json_object(options, "options")
    if overlap:
        chosen["overlap"] = int(overlap) if overlap.isdecimal() and len(overlap) < 4 else overlap
    if tta:
        chosen["tta"] = True
    choice = choice_of(preset, model, None, purpose, quality) or Choice(preset=DEFAULT_PRESET)
    return services.forecaster.of(choice, duration or [], chosen)
