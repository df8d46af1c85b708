"""The models there are, found among hundreds, and how the user wants each of them to be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from pydantic import StringConstraints

from inference.catalogue import Category
from inference.catalogue.find import Query as Wanted
from inference.catalogue.find import Sort, find
from inference.catalogue.stems import canonical
from inference.vr.layouts import names as layouts
from webui.api import model_schemas, schemas
from webui.api.deps import ServicesDep, SlowDep
from webui.services.models import model_json

router = APIRouter(prefix="/api/v1/models", tags=["models"])

Text = Annotated[str, StringConstraints(max_length=200)]


def wanted(
    text: Annotated[str, Query(max_length=200, description="Words in name, title, purpose or stems.")] = "",
    category: Category | None = None,
    stem: Annotated[str | None, Query(description="By any usual name.")] = None,
    family: str | None = None,
    max_bytes: Annotated[int | None, Query(ge=0, description="Of the download.")] = None,
    installed: bool | None = None,
    supported: Annotated[bool | None, Query(description="Can run here, once installed.")] = None,
    sort: Annotated[Sort, Query(description="By name, or the best, quickest, smallest, recommended first.")] = "name",
    also: Annotated[list[Text] | None, Query(max_length=20, description="Other texts, one of which will do as well.")] = None,
    name: Annotated[list[str] | None, Query(max_length=1000, description="These models alone; an empty name means none.")] = None,
) -> Wanted:
    """What a list is asked for."""
    names = None if name is None else tuple(name)
    return Wanted(text, category, stem, family, max_bytes, installed, supported, sort, tuple(also or ()), names)


@router.get("", response_model=model_schemas.Models)
def models(
    services: ServicesDep,
    query: Annotated[Wanted, Depends(wanted)],
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    """The models that fit, in order."""
    found = find(services.library.catalogue, query)
    page = found[offset : offset + limit]
    own = services.library.ledger.own_names() if page else frozenset()
    listed = [{**model_json(record), "own": record.name.casefold() in own} for record in page]
    return {"models": listed, "total": len(found), "limit": limit, "offset": offset}


@router.get("/recommended", response_model=model_schemas.Recommendations)
def recommended(services: ServicesDep) -> dict[str, Any]:
    """For each purpose the best model, a fast one, and more."""
    return {"recommended": services.library.catalogue.recommended}


@router.get("/categories", response_model=model_schemas.Filters)
def categories(services: ServicesDep) -> dict[str, Any]:
    """What the list can be filtered by."""
    records = list(services.library.catalogue)
    return {
        "categories": _counted(record.category for record in records),
        "families": _counted(record.family for record in records),
        "stems": _counted(stem for record in records for stem in {canonical(name, record.stems) for name in record.stems}),
        "layouts": layouts(),
    }


def _counted(values: Iterable[str]) -> list[dict[str, Any]]:
    return [{"name": name, "count": count} for name, count in sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))]


@router.get("/problems", response_model=model_schemas.Problems)
def problems(services: ServicesDep) -> dict[str, Any]:
    """What was left out of the files in the user's folder, and why."""
    return {"problems": services.library.catalogue.problems}


@router.get("/{name:path}/defaults", response_model=model_schemas.Options, responses=schemas.errors(404))
def defaults(services: ServicesDep, name: str) -> dict[str, Any]:
    """The user's own options of a model."""
    return {"options": services.library.defaults(name)}


@router.put("/{name:path}/defaults", response_model=model_schemas.Options, responses=schemas.errors(400, 404, 507))
def set_defaults(services: ServicesDep, name: str, options: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    """Separate with these options whenever a preset's step or a job does not say otherwise. They take the place of earlier ones."""
    return {"options": services.library.set_defaults(name, options)}


@router.delete("/{name:path}/defaults", response_model=schemas.Message, responses=schemas.errors(404, 507))
def clear_defaults(services: ServicesDep, name: str) -> dict[str, str]:
    """Back to the model's own options."""
    services.library.clear_defaults(name)
    return {"message": f"The model {name} has no options of yours any more."}


@router.get("/{name:path}", response_model=model_schemas.ModelDetail, responses=schemas.errors(404))
def model(services: ServicesDep, name: str) -> dict[str, Any]:
    """One model, by its name in any case, or by an alias."""
    library = services.library
    record = library.catalogue.get(name)
    install = next((each for each in library.installs.all() if each.name == record.name), None)
    own = library.ledger.is_own(record.name)
    return {**model_json(record), "aliases": record.aliases, "own": own, "defaults": library.defaults(record.name), "install": install}


@router.delete("/{name:path}", response_model=model_schemas.Freed, responses=schemas.errors(400, 404, 507))
async def uninstall(services: ServicesDep, slow: SlowDep, name: str) -> dict[str, Any]:
    """Delete the files of a model. One that is linked is only forgotten; one of the user's own leaves the list."""
    freed = await slow(lambda _: services.library.uninstall(name))
    return {"message": f"The model {name} is uninstalled.", "freed": freed}
