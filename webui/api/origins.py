"""Keeps pages of other sites from changing anything here: a browser lets any page send requests to a server on its user's machine.

A browser says with every request that may change something which site's page sent it (`Origin`); programs that are no browsers say
nothing and are let through. The page of this server comes from here, or from the address that a proxy or the settings name. That a
page of another site cannot read the answers is the browser's own rule; it holds by names, so a site whose name suddenly means this very
machine (DNS rebinding) is refused by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from webui.api.addressing import is_loopback, is_relayed
from webui.api.errors import STATUS, body
from webui.services.errors import CrossOrigin

_LOCAL_ENDS = (".localhost", ".local", ".lan", ".home", ".internal", ".home.arpa", ".test")  # which nobody can own on the internet
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


class OwnNames:
    """ASGI middleware: a browser on this machine that calls it by a name of the internet is answered 403.

    Whoever owns such a name can let it mean 127.0.0.1 after the page has been loaded, and the browser then takes that page for this
    server's own. Relays on this machine (proxies, tunnels) pass such names on; they say so in headers, or the settings name the address.

    Args:
        app: what comes behind it.
        public_url: the address under which callers reach this server, empty where the settings name none.
        open: whether callers may come by any name: through the public address, or because they have to show a key.
    """

    def __init__(self, app: ASGIApp, *, public_url: Callable[[], str], open: Callable[[], bool]) -> None:  # noqa: A002
        self._app, self._public, self._open = app, public_url, open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] not in ("http", "websocket") or not self._is_foreign(scope) or self._open():
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            host = Headers(scope=scope).get("host", "")[:200]
            error = CrossOrigin(
                f"this server does not call itself {host!r}", hint="If it should, set MSST_PUBLIC_URL to that address.", origin=host
            )
            await JSONResponse(body(error), status_code=STATUS[error.code])(scope, receive, send)

    def _is_foreign(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if not ("origin" in headers or "Mozilla/" in headers.get("user-agent", "")) or is_relayed(headers):
            return False
        ends = (scope.get("client") or ("", 0))[0], (scope.get("server") or ("", 0))[0]
        if not all(map(is_loopback, ends)):
            return False
        host = (urlsplit(f"//{headers.get('host', '')}").hostname or "").rstrip(".")
        ours = urlsplit(self._public()).hostname
        return not ("." not in host or is_loopback(host) or host.endswith(_LOCAL_ENDS) or host == ours)


def _origin(address: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an address; None where it has none."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, host, port) if host and port and parts.scheme in _PORTS else None
