"""Bring your own model: upload a checkpoint with its YAML or band layout; or, on the server's own machine, name a file or a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, UploadFile

from webui.api import model_schemas, schemas
from webui.api.deps import LocalOnly, ServicesDep, SlowDep, on_disk, require_local
from webui.api.slow import Stop
from webui.services.errors import BadRequest
from webui.services.linked import LinkReport
from webui.services.models import model_json
from webui.services.own_models import Added, NewModel
from webui.services.storage import Storage, base_name

router = APIRouter(prefix="/api/v1/models", tags=["models"])


def said(
    name: Annotated[str, Form(max_length=200, description="The file's where it is empty.")] = "",
    title: Annotated[str, Form(max_length=200)] = "",
    purpose: Annotated[str, Form(max_length=500, description="One sentence on what it is for.")] = "",
    family: Annotated[str, Form(description="The kind of network; empty to find it out.")] = "",
    layout: Annotated[str, Form(description="Band layout of a VR model: its name, or its JSON.")] = "",
    stems: Annotated[str, Form(description="Of a VR model: what its network finds, and the rest, separated by a comma.")] = "",
    replace: Annotated[bool, Form(description="Replace a model of one's own that has the name.")] = False,
) -> dict[str, Any]:
    """What a form says about a model, as arguments of NewModel."""
    parts = [part.strip() for part in stems.split(",") if part.strip()]
    about = {"name": name, "title": title, "purpose": purpose, "family": family.strip() or None, "stems": parts, "replace": replace}
    return {**about, "layout": _layout(layout)}


def _layout(text: str) -> str | dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return text.strip() or None
    try:
        return dict(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"layout: not JSON: {error}", hint="Send the name of a band layout, or its JSON.", reason="bad_layout") from error


@router.post("", status_code=201, response_model=model_schemas.Added, responses=schemas.errors(400, 403, 404, 413, 507))
async def add(
    request: Request,
    services: ServicesDep,
    slow: SlowDep,
    about: Annotated[dict[str, Any], Depends(said)],
    checkpoint: UploadFile | None = None,
    config: Annotated[UploadFile | None, "The YAML that was published with it."] = None,
    path: Annotated[str, Form(description="Instead of an upload: a file on the server, for callers on that machine.")] = "",
    copied: Annotated[
        bool, Form(alias="copy", description="With `path`: copy the file into the home folder, or else use it where it is.")
    ] = True,
) -> dict[str, Any]:
    """Add a model of one's own. It is built and filled strictly before it counts; what does not fit is said."""
    if (checkpoint is None) == (not path):
        raise BadRequest("send either a checkpoint or a path", hint="The file as the field `checkpoint`.", reason="no_file")
    if path:
        require_local(request)

    def work(stop: Stop) -> Added:
        with _files(services.storage, checkpoint or path, config) as (weights, yaml):
            name = about["name"].strip() or (base_name(checkpoint.filename or "") if checkpoint else "")
            new = NewModel(weights, yaml, copy=copied or checkpoint is not None, **{**about, "name": name})
            return services.library.add(new, stop)

    added = await slow(work)
    return {"model": model_json(added.record), "known": added.known, "parameters": added.parameters, "assumed": added.assumed}


@contextmanager
def _files(storage: Storage, checkpoint: UploadFile | str, config: UploadFile | None) -> Iterator[tuple[Path, Path | None]]:
    """The files of weights and YAML while the block runs."""
    with ExitStack() as stack:
        weights = Path(checkpoint) if isinstance(checkpoint, str) else stack.enter_context(on_disk(checkpoint, storage.tmp))
        yield weights, stack.enter_context(on_disk(config, storage.tmp)) if config and config.filename else None


@router.post("/link", response_model=model_schemas.LinkReport, responses=schemas.errors(400, 403), dependencies=[LocalOnly])
async def link(services: ServicesDep, slow: SlowDep, where: model_schemas.Folder) -> LinkReport:
    """Use the models in a folder of another program where they are. For callers on the server's machine."""
    return await slow(lambda stop: services.library.link(Path(where.folder), stop))
