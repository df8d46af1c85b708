"""What there is to choose from: models and presets."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from webui.api import schemas
from webui.api.deps import ServicesDep

router = APIRouter(prefix="/api/v1", tags=["library"])


@router.get("/models", response_model=schemas.Models)
def models(services: ServicesDep) -> dict[str, Any]:
    """All models."""
    return {"models": [asdict(card) for card in services.models.all()]}


@router.get("/presets", response_model=schemas.Presets)
def presets(services: ServicesDep) -> dict[str, Any]:
    """All presets."""
    return {"presets": [asdict(card) for card in services.presets.all()]}
