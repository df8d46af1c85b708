"""What handlers ask for: the services, and how the caller reached this server."""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePath
from typing import Annotated, Any

from fastapi import Depends, Request, UploadFile

from inference.errors import BadOption, DiskFull
from inference.presets.names import one_component
from webui.api.slow import Slow
from webui.services import Choice, Services
from webui.services.access import Key
from webui.services.errors import BadRequest, NotLocal, NotOwner
from webui.services.storage import base_name, safe_name

_HOST = re.compile(r"[A-Za-z0-9._\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~\-]+)+/?")
_OF_PROXIES = ("forwarded", "via", "x-real-ip")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")


def services(request: Request) -> Services:
    """The services that the app was made with."""
    found: Services = request.app.state.services
    return found


def base_url(request: Request) -> str:
    """Where the caller found this server: scheme, host and prefix, as a proxy says or as the request itself does."""
    headers = request.headers
    scheme = _first(headers.get("x-forwarded-proto")) or request.url.scheme
    host = _first(headers.get("x-forwarded-host")) or headers.get("host", "")
    if not _HOST.fullmatch(host):
        host = request.url.netloc
    prefix = _first(headers.get("x-forwarded-prefix")) or str(request.scope.get("root_path", ""))
    if not _PREFIX.fullmatch(prefix):
        prefix = ""
    return f"{scheme if scheme in ('http', 'https') else 'http'}://{host}{prefix.rstrip('/')}"


def _first(header: str | None) -> str:
    return (header or "").partition(",")[0].strip()


def caller_is_local(request: Request) -> bool:
    """Whether the caller is a program on this machine: it connects from a loopback address, to one, and no relay is in between."""
    found = services(request)
    shared = found.settings.share or found.share.active
    forwarded = any(name in _OF_PROXIES or name.startswith("x-forwarded-") for name in request.headers)
    client = request.client.host if request.client else ""
    return not shared and not forwarded and _is_loopback(client) and _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None  # IPv4 as a socket for both calls it
    return (mapped or address).is_loopback


def require_local(request: Request) -> None:
    """Refuse whoever is not on this machine. Raises NotLocal."""
    if not caller_is_local(request):
        raise NotLocal("paths on the server's disk are for programs on that machine", hint="Call http://127.0.0.1, or upload the file.")


def key_of(request: Request) -> Key | None:
    """The key that the caller showed, or signed in with."""
    found: Key | None = getattr(request.state, "key", None)
    return found


def caller_is_owner(request: Request) -> bool:
    """Whether the caller may open the server or its network: whoever has a key, or sits at this machine."""
    return key_of(request) is not None or caller_is_local(request)


def require_owner(request: Request) -> None:
    """Refuse whoever is not. Raises NotOwner."""
    if not caller_is_owner(request):
        raise NotOwner(
            "this is for the owner of the server alone",
            hint="Open the page on the server's own machine, or sign in with a key: `python webui.py keys add NAME` makes one.",
        )


def slow(request: Request) -> Slow:
    """Where what takes long is done."""
    return Slow(request.app.state.slow, request)


def listening(request: Request) -> Slow:
    """Where analyses are waited for."""
    return Slow(request.app.state.listening, request)


@contextmanager
def on_disk(upload: UploadFile, folder: Path) -> Iterator[Path]:
    """The upload as a file in `folder` while the block runs, in a place of its own under the name it came with, made safe."""
    place = folder / uuid.uuid4().hex
    path = place / _file_name(upload.filename or "")
    try:
        place.mkdir()
        with path.open("wb") as target:
            shutil.copyfileobj(upload.file, target, 1 << 20)
        yield path
    except OSError as error:
        raise DiskFull(f"the upload cannot be stored: {error.strerror}", hint="Is the disk full?") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def all_on_disk(uploads: Sequence[UploadFile], folder: Path) -> Iterator[list[tuple[Path, str]]]:
    """Several uploads as files while the block runs, each with the name it came with."""
    with ExitStack() as stack:
        yield [(stack.enter_context(on_disk(upload, folder)), upload.filename or "song") for upload in uploads]


def json_object(text: str, field: str) -> dict[str, Any]:
    """The JSON object in a form field. Raises BadOption."""
    try:
        decoded = json.loads(text)
    except (ValueError, RecursionError):
        decoded = None
    if not isinstance(decoded, dict):
        raise BadOption(f"{field}: not a JSON object", hint='For example {"overlap": "fast"}.', option=field)
    return decoded


def choice_of(
    preset: str | None,
    model: str | None,
    inline: str | None = None,
    purpose: str | None = None,
    quality: str | None = None,
    stems: Sequence[str] = (),
) -> Choice | None:
    """What to separate with, of which one only may be said; None where nothing was. Raises BadRequest."""
    if len([each for each in (preset, model, inline, purpose) if each]) > 1:
        raise BadRequest("choose a preset, a model, a purpose or a preset_json", hint="Send one of them.")
    if quality and not purpose:
        raise BadRequest("a quality belongs to a purpose", hint="Send a purpose too.")
    if stems and not model:
        raise BadRequest("stems to keep are said with a model", hint="Send a model too; a purpose or a preset says itself what it keeps.")
    if not (preset or model or inline or purpose):
        return None
    return Choice(
        preset=preset or None,
        model=model or None,
        stems=tuple(stems),
        inline=inline or None,
        purpose=purpose or None,
        quality=quality or None,
    )


def _file_name(sent: str) -> str:
    """The name of a file from outside as one that is safe here; what it ends in says what it is, and stays."""
    name = PurePath(base_name(sent))
    end = name.suffix if _SUFFIX.fullmatch(name.suffix) else ""
    return one_component(safe_name(name.stem)) + end


ServicesDep = Annotated[Services, Depends(services)]
BaseUrl = Annotated[str, Depends(base_url)]
CallerIsLocal = Annotated[bool, Depends(caller_is_local)]
LocalOnly = Depends(require_local)
KeyDep = Annotated[Key | None, Depends(key_of)]
CallerIsOwner = Annotated[bool, Depends(caller_is_owner)]
OwnerOnly = Depends(require_owner)
SlowDep = Annotated[Slow, Depends(slow)]
ListeningDep = Annotated[Slow, Depends(listening)]
