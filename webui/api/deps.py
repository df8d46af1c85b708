"""What handlers ask for: the services, and how the caller reached this server."""

from __future__ import annotations

import ipaddress
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request, UploadFile

from inference.errors import DiskFull
from webui.services import Services

_HOST = re.compile(r"[A-Za-z0-9._\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~\-]+)+/?")


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
    state = request.app.state.services.settings
    forwarded = any(name == "forwarded" or name.startswith("x-forwarded-") for name in request.headers)
    client = request.client.host if request.client else ""
    return not state.share and not forwarded and _is_loopback(client) and _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def on_disk(upload: UploadFile, folder: Path) -> Iterator[Path]:
    """The upload as a file in `folder` while the block runs."""
    path = folder / uuid.uuid4().hex
    try:
        with path.open("wb") as target:
            shutil.copyfileobj(upload.file, target, 1 << 20)
        yield path
    except OSError as error:
        raise DiskFull(f"the upload cannot be stored: {error.strerror}", hint="Is the disk full?") from error
    finally:
        path.unlink(missing_ok=True)


ServicesDep = Annotated[Services, Depends(services)]
BaseUrl = Annotated[str, Depends(base_url)]
CallerIsLocal = Annotated[bool, Depends(caller_is_local)]
