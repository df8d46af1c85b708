"""Who is let in: everybody, or whoever shows a key (`access` in the settings).

A key comes as `Authorization: Bearer KEY` or `X-API-Key: KEY`, or from a browser that signed in as its cookie. It is asked of everybody:
behind a proxy or the public address all callers seem to be on this machine. Without one there are the sign-in page, what it is drawn
with, and /health.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from webui.api.errors import STATUS, body
from webui.services.access import Key, Keys, Tries
from webui.services.errors import KeyNeeded, TooManyTries

SIGN_IN = "/signin"
OPEN = ("/health", SIGN_IN)
OPEN_BELOW = "/ui/static/"


class KeyGuard:
    """ASGI middleware: finds out who asks (`request.state.key`), and refuses who may not.

    Args:
        app: what comes behind it.
        keys: the keys.
        tries: counts wrong ones.
        needed: whether a key is asked for now.
    """

    def __init__(self, app: ASGIApp, *, keys: Keys, tries: Tries, needed: Callable[[], bool]) -> None:
        self._app, self._keys, self._tries, self._needed = app, keys, tries, needed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            key = await self._key(scope)
        except TooManyTries as error:
            refusal: Exception | None = error
            key = None
        else:
            refusal = None
        scope.setdefault("state", {})["key"] = key
        if key is not None or not self._needed() or _is_open(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refused(scope, refusal)(scope, receive, send)

    async def _key(self, scope: Scope) -> Key | None:
        headers = Headers(scope=scope)
        secret, session = shown_key(headers), _cookie(headers, self._keys.cookie)
        if not secret and not session:
            return None
        key = self._find(sender_of(scope), secret, session)
        if key is not None and self._keys.is_due(key):
            await run_sync(self._keys.used, key)
        return key

    def _find(self, sender: str, secret: str, session: str) -> Key | None:
        for said, find in ((secret, self._keys.find), (session, self._keys.find_session)):
            if not said:
                continue
            key = find(said)
            if key is not None:
                return key
            self._tries.wrong(sender, said)
        return None


def shown_key(headers: Headers) -> str:
    """The key that a program shows, or nothing."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return (token if scheme.lower() == "bearer" else headers.get("x-api-key", "")).strip()


def sender_of(scope: Scope) -> str:
    """Whose tries are counted together."""
    client = scope.get("client")
    return client[0] if client else "?"


def _cookie(headers: Headers, name: str) -> str:
    """Read as browsers write: what other servers of this host put beside it may be anything, and hides nothing."""
    return cookie_parser(headers.get("cookie", "")).get(name, "")


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _is_open(scope: Scope) -> bool:
    path = _path(scope)
    return path in OPEN or (path.startswith(OPEN_BELOW) and ".." not in path.split("/"))


def _refused(scope: Scope, error: Exception | None) -> Response:
    """A browser that opens a page is sent to the sign-in page, everybody else is told."""
    headers, path = Headers(scope=scope), _path(scope)
    if error is None and scope["method"] in ("GET", "HEAD") and "text/html" in headers.get("accept", "") and not path.startswith("/api/"):
        query = scope.get("query_string", b"").decode("latin-1")
        wanted = quote(f"{path}?{query}" if query else path, safe="")
        up = "../" * (path.count("/") - 1)  # relative: a proxy may have taken a prefix off
        return RedirectResponse(f"{up or './'}{SIGN_IN[1:]}?next={wanted}", 303, {"cache-control": "no-store"})
    if isinstance(error, TooManyTries):
        return JSONResponse(body(error), STATUS[error.code], {"Retry-After": str(error.retry_after)})
    needed = KeyNeeded("this server asks for a key", hint="Send it as `Authorization: Bearer KEY`, or sign in on the page.")
    return JSONResponse(body(needed), STATUS[needed.code], {"WWW-Authenticate": 'Bearer realm="MSST-WebUI"'})
