"""Keeps pages of other sites from changing anything here: a browser lets any page send requests to a server on its user's machine.

A browser says with every request that may change something which site's page sent it (`Origin`); programs that are no browsers say
nothing and are let through. The page of this server comes from here, or from the address that a proxy or the settings name. That a
page of another site cannot read the answers is the browser's own rule.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from webui.api.errors import STATUS, body
from webui.services.errors import CrossOrigin

READS = ("GET", "HEAD")  # not OPTIONS: whoever may ask that way may also send headers that count as a proxy's
_PORTS = {"http": 80, "https": 443}


class SameOrigin:
    """ASGI middleware: requests of other sites' pages that are no reads are answered 403.

    Args:
        app: what comes behind it.
        public_url: the address under which callers reach this server, empty where the settings name none.
    """

    def __init__(self, app: ASGIApp, *, public_url: Callable[[], str] = lambda: "") -> None:
        self._app, self._public = app, public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] in READS or self._is_ours(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        origin = Headers(scope=scope)["origin"][:200]
        error = CrossOrigin(
            f"a page of {origin!r} may not change anything here",
            hint="If that is this server's own page behind a proxy, set MSST_PUBLIC_URL to its address.",
            origin=origin,
        )
        await JSONResponse(body(error), status_code=STATUS[error.code])(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        said = headers.get("origin")
        if said is None or headers.get("sec-fetch-site") in ("same-origin", "none"):  # no page can write the latter itself
            return True
        origin = _origin(said)
        if origin is None:  # "null": a page that hides where it is from
            return False
        hosts = (headers.get("host", ""), headers.get("x-forwarded-host", "").partition(",")[0])
        return origin == _origin(self._public()) or origin in [_origin(f"{origin[0]}://{host.strip()}") for host in hosts if host]


def _origin(address: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an address; None where it has none."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, host, port) if host and port and parts.scheme in _PORTS else None
