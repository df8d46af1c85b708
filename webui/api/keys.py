"""The keys of the server: for its owner."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from webui.api import schemas
from webui.api.deps import BaseUrl, KeyDep, OwnerOnly, ServicesDep
from webui.api.signing import give_cookie
from webui.services.access import Key

router = APIRouter(prefix="/api/v1/keys", tags=["server"], dependencies=[OwnerOnly])


class NewKey(BaseModel):
    """What a key is called."""

    name: str


@router.get("", responses=schemas.errors(403))
def all_keys(services: ServicesDep, mine: KeyDep) -> dict[str, Any]:
    """The keys there are, without the keys themselves."""
    return {"keys": [_shown(key, mine) for key in services.keys.all()]}


@router.post("", status_code=201, responses=schemas.errors(400, 403, 507))
def make(services: ServicesDep, caller: BaseUrl, mine: KeyDep, new: NewKey, response: Response) -> dict[str, Any]:
    """Make a key; the answer is the only place that ever shows it. The browser that makes the first one is signed in with it."""
    key, secret = services.keys.make(new.name)
    if mine is None:
        give_cookie(response, services, services.keys.session_of(key.id), caller)
    response.headers["cache-control"] = "no-store"
    return {**_shown(key, mine or key), "key": secret}


@router.delete("/{key_id}", response_model=schemas.Message, responses=schemas.errors(403, 404, 409, 507))
def remove(services: ServicesDep, key_id: str) -> dict[str, str]:
    """Take a key away: programs and browsers that came with it have to show another one."""
    services.keys.remove(key_id, keep_one=services.settings.access == "keys")
    return {"message": f"Key {key_id} removed."}


def _shown(key: Key, mine: Key | None) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "created_at": key.created_at,
        "used_at": key.used_at,
        "current": mine is not None and mine.id == key.id,
    }
