"""Ensembles without a preset of one's own: one sound of several files, or of what several models find in one song."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from pydantic import TypeAdapter, ValidationError

from inference.ensemble import ALGORITHMS, EnsembleSettings, parse_settings
from inference.errors import BadOption
from inference.presets import ModelMember, ensemble_of_files, ensemble_of_models
from webui.api import schemas
from webui.api.deps import BaseUrl, ServicesDep, all_on_disk, json_object
from webui.services import Choice

router = APIRouter(prefix="/api/v1/ensembles", tags=["ensembles"])

_MEMBERS: TypeAdapter[list[ModelMember]] = TypeAdapter(list[ModelMember])


@router.get("/algorithms", response_model=schemas.Algorithms)
def algorithms() -> dict[str, Any]:
    """The ways to make one sound of several."""
    flags = [{"name": name, "purpose": each.purpose, "weighted": each.weighted, "bands": each.linear} for name, each in ALGORITHMS.items()]
    return {"algorithms": flags, "defaults": asdict(EnsembleSettings())}


@router.post("", status_code=202, responses=schemas.errors(400, 404, 409, 413, 429, 507))
def create(
    services: ServicesDep,
    caller: BaseUrl,
    file: Annotated[list[UploadFile], "The members; or the one song that the models work on."],
    members: Annotated[str, Form(description='Models: [{"model": "a", "stem": "vocals", "weight": 2}, ...].')] = "",
    settings: Annotated[str, Form(description='{"algorithm": "avg_wave", "weights": [], "bands": [], "crossovers": [250, 4000]}')] = "{}",
    residual: Annotated[bool, Form(description="Of models: also what the ensemble leaves of the song.")] = False,
    output: Annotated[str, Form(alias="format")] = "",
    subtype: Annotated[str, Form()] = "",
    options: Annotated[str, Form(description="How the models separate, as for jobs.")] = "{}",
) -> dict[str, Any]:
    """Submit an ensemble: of the files, or of models over one file."""
    how = parse_settings(json_object(settings, "settings"))
    preset = _of_models(members, how, len(file), residual=residual) if members else ensemble_of_files(len(file), how)
    choice, chosen, form = (
        Choice(inline=json.dumps(preset)),
        json_object(options, "options"),
        services.configuration.output(output, subtype),
    )
    services.jobs.check(choice=choice, options=chosen, files=len(file))
    with all_on_disk(file, services.storage.tmp) as (song, *more):
        job = services.jobs.submit(
            song[0], file_name=song[1], more=more, choice=choice, output=form, door="rest", base_url=caller, options=chosen
        )
    return job.to_json()


def _of_models(members: str, settings: EnsembleSettings, files: int, *, residual: bool) -> dict[str, Any]:
    if files != 1:
        raise BadOption(f"{files} files for an ensemble of models", hint="Models work on one song; send one file.")
    try:
        return ensemble_of_models(_MEMBERS.validate_json(members), settings, residual=residual)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(str(part) for part in first["loc"])
        raise BadOption(f"members: {place}: {first['msg']}", hint='[{"model": "a", "stem": "vocals"}, ...]', option="members") from error
