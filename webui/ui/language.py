"""Which language a reader sees: the saved choice (a cookie set by the page's switch), else the browser's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser

from webui.i18n import best_language
from webui.ui.tabs import FIRST, TABS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from webui.ui.assets import Assets

COOKIE = "msst_language"
_PREFIX = re.compile(r"(?:/[\w.~-]+)+")


def language_of(headers: Headers, default: str | None = None) -> str:
    """The language for the sender of a request.

    Args:
        headers: the request's headers.
        default: the server's own choice, which wins over the browser's language but not over the reader's saved choice.
    """
    return best_language(headers.get("accept-language", ""), saved=_saved(headers) or default)


def _saved(headers: Headers) -> str | None:
    return cookie_parser(headers.get("cookie", "")).get(COOKIE)


class PageLanguage:
    """ASGI middleware that writes the chosen language and the page's own head into "/".

    Gradio's own `head` comes too late: its scripts have read the browser's language by then.
    """

    def __init__(self, app: ASGIApp, *, assets: Assets, default: Callable[[], str | None] = lambda: None) -> None:
        self.app = app
        self.assets = assets
        self.default = default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; edit the answer if it is the page."""
        if not _is_page(scope):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        language = language_of(headers, self.default())
        # The body is going to be edited: ask for it as it is, not compressed.
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        # Gradio builds its addresses from the root path; a proxy that takes a prefix off says here which one.
        prefix = headers.get("x-forwarded-prefix", "").rstrip("/")
        root = prefix if _PREFIX.fullmatch(prefix) else scope.get("root_path", "")
        editor = _HeadEditor(send, f'<html lang="{language}"', self.assets.head(language, _tab_of(scope)))
        await self.app({**scope, "headers": plain, "root_path": root}, receive, editor)


class _HeadEditor:
    """A `send` that holds an HTML answer back until it is complete, then edits it; all other answers pass."""

    def __init__(self, send: Send, html_tag: str, head: str) -> None:
        self._send = send
        self._html_tag = html_tag
        self._head = head
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        page = bytes(self._body).decode("utf-8")
        page = page.replace('<html\n\tlang="en"', self._html_tag, 1).replace("<head>", f"<head>\n{self._head}", 1)
        body = page.encode("utf-8") if self._body else b""  # a HEAD request has no body
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-length"] = str(len(page.encode("utf-8")))
        headers["cache-control"] = "no-cache"
        headers.add_vary_header("Accept-Language, Cookie")
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _is_page(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return False
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path in ("", "/")


def _tab_of(scope: Scope) -> str:
    """The tab that the page's address asks for."""
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("tab", [FIRST])[-1]
    return asked if asked in TABS else FIRST


def _is_html(message: Message) -> bool:
    return Headers(raw=message["headers"]).get("content-type", "").startswith("text/html")
