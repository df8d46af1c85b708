"""The settings of the server, while it runs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request

from webui.api import schemas
from webui.api.deps import CallerIsOwner, KeyDep, ServicesDep, require_owner
from webui.services import Services
from webui.services.errors import NoKey
from webui.services.shown import about
from webui.services.system import without_password
from webui.settings import Settings

router = APIRouter(prefix="/api/v1/settings", tags=["server"])


@router.get("")
def all_settings(services: ServicesDep, is_owner: CallerIsOwner) -> dict[str, Any]:
    """Every setting: its value, default, kind and limits, what rules it, and whether a change applies at once."""
    return _shown(services, is_owner)


@router.patch("", responses=schemas.errors(400, 403, 409, 507))
def change(
    services: ServicesDep,
    request: Request,
    key: KeyDep,
    is_owner: CallerIsOwner,
    values: Annotated[dict[str, Any], Body(examples=[{"queue_limit": 20, "output_format": "flac"}])],
) -> dict[str, Any]:
    """Change settings; null takes the default again. All of them, or none where one cannot be."""
    if any(name in Settings.model_fields and about(name).guarded for name in values):
        require_owner(request)
    if values.get("access") == "keys" and key is None:
        raise NoKey("you would lock yourself out: this browser has no key", hint="Make a key first, or sign in with one.")
    services.configuration.change(values)
    return _shown(services, is_owner)


def _shown(services: Services, is_owner: bool) -> dict[str, Any]:
    """The settings; passwords of proxies and mirrors are for the owner alone."""
    found = services.configuration.all()
    if not is_owner:
        hidden = ("value", "pending", "default")
        found = [each | {key: without_password(each[key]) for key in hidden} if about(each["name"]).guarded else each for each in found]
    return {"settings": found}
