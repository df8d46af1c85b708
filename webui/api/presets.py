"""The presets there are: the shipped ones, and the user's own, which can be changed."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from inference.errors import MsstError
from inference.presets.graph import VERSION
from inference.presets.steps import STEPS
from inference.presets.validate import Missing
from inference.types import WRITABLE
from webui.api import schemas
from webui.api.deps import ServicesDep
from webui.api.preset_files import JSON_BODY, body
from webui.services.preset_files import revision_of
from webui.services.presets import PresetCard, decode

router = APIRouter(prefix="/api/v1/presets", tags=["presets"])


kinds_router = APIRouter(prefix="/api/v1/steps", tags=["presets"])


@kinds_router.get("", response_model=schemas.StepKinds)
def kinds() -> dict[str, Any]:
    """The kinds of steps, each with the JSON schema of what it says, for editors of presets."""
    return {
        "version": VERSION,
        "kinds": [{"kind": kind, "schema": step.model.model_json_schema(by_alias=True)} for kind, step in STEPS.items()],
        "formats": {name: list(subtypes) for name, subtypes in WRITABLE.items()},
    }


@router.get("", response_model=schemas.Presets)
def presets(
    services: ServicesDep,
    runnable: Annotated[bool, Query(description="False for those too that lack models or are broken; they say why.")] = True,
) -> dict[str, Any]:
    """Presets by name: those that can run now, or all."""
    return {"presets": services.presets.all(runnable=runnable)}


@router.post("/{name:path}/duplicate", status_code=201, response_model=schemas.Preset, responses=schemas.errors(400, 404, 507))
def duplicate(services: ServicesDep, name: str, new: schemas.NewName | None = None) -> PresetCard:
    """A copy as the user's own, also of a shipped one; under a free name where none is given."""
    return services.presets.duplicate(name, new.name if new else "")


@router.post("/{name:path}/rename", response_model=schemas.Preset, responses=schemas.errors(400, 404, 507))
def rename(services: ServicesDep, name: str, new: schemas.NewName) -> PresetCard:
    """Give one of the user's presets another name; its history goes with it."""
    return services.presets.rename(name, new.name)


@router.get("/{name:path}", response_model=schemas.PresetDetail, responses=schemas.errors(400, 404))
def preset(services: ServicesDep, name: str) -> dict[str, Any]:
    """One preset: what a list shows, its JSON as it is stored, and the models that it lacks."""
    card, missing = services.presets.card(name), Missing()
    with suppress(MsstError):  # a broken one: the card says why
        missing = services.presets.missing(name)
    stored = services.presets.stored(name)
    return {"card": card, "preset": stored, "revision": revision_of(stored), "missing": missing}


@router.put("/{name:path}", response_model=schemas.Preset, responses=schemas.errors(400, 404, 409, 507), openapi_extra=JSON_BODY)
def save(
    services: ServicesDep,
    name: str,
    content: Annotated[bytes, Depends(body)],
    revision: Annotated[str | None, Query(max_length=64, description="Refuse (409) if what is stored has another one.")] = None,
) -> PresetCard:
    """Store a preset of the user's under a name; what was there joins its history. The answer has the name as it is stored."""
    return services.presets.save(name, decode(content), revision=revision)


@router.delete("/{name:path}", response_model=schemas.Message, responses=schemas.errors(400, 404, 507))
def delete(services: ServicesDep, name: str) -> dict[str, str]:
    """Delete one of the user's presets. Its last version stays in the history; a shipped one that it hid is there again."""
    services.presets.delete(name)
    return {"message": f"The preset {name} is deleted."}
