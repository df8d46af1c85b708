"""Keeps request bodies within bounds while they stream in, before anything parses or stores them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webui.api.errors import STATUS, body
from webui.services.errors import TooLarge

OVERHEAD = 64 * 1024
"""Bytes of a multipart body beside the file."""

PLAIN = 16 * 1024 * 1024
"""Bytes of a body that is no upload: JSON and the like are read into memory whole."""

DRAIN_SECONDS = 20.0
DRAIN = 4
"""A body of up to this many times the limit is still read (and thrown away), so that a client that sends before it listens hears
the answer instead of a broken connection; for no longer than DRAIN_SECONDS."""


class BodyLimit:
    """ASGI middleware: bodies of more than `limit` bytes are answered 413, and so are those of more than PLAIN that are no uploads.

    Uploads to Gradio's own routes have Gradio's own limit.

    Args:
        app: what comes behind it.
        limit: bytes of a file, as the settings say now.
        special: other limits, by path.
    """

    def __init__(self, app: ASGIApp, *, limit: Callable[[], int], special: Mapping[str, Callable[[], int]] | None = None) -> None:
        self._app, self._limit, self._special = app, limit, special or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting."""
        uploads = scope["type"] == "http" and Headers(scope=scope).get("content-type", "").lower().startswith("multipart/form-data")
        if scope["type"] != "http" or (uploads and scope["path"].startswith("/gradio_api/")):
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        limit = (self._special.get(path, self._limit)() if uploads else min(self._limit(), PLAIN)) + OVERHEAD
        hint = "MSST_MAX_MODEL_MB says how large it may be." if path in self._special else "Send a smaller file, for example as FLAC."
        if not uploads:
            hint = "Files are sent as multipart/form-data."
        counter = _Counter(receive, limit)
        if _announced(scope) > limit:
            await self._refuse(scope, counter, send, limit, hint)
            return

        async def unless_too_large(message: Message) -> None:
            if not counter.exceeded:
                await send(message)

        await self._app(scope, counter.receive, unless_too_large)
        if counter.exceeded:
            await self._refuse(scope, counter, send, limit, hint)

    async def _refuse(self, scope: Scope, counter: _Counter, send: Send, limit: int, hint: str) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(counter.drain(DRAIN * limit), DRAIN_SECONDS)
        megabytes = (limit - OVERHEAD) / 2**20
        error = TooLarge(f"the upload is larger than {megabytes:g} MB", hint=hint, limit=f"{megabytes:g}")
        await JSONResponse(body(error), status_code=STATUS[error.code])(scope, counter.receive_nothing, send)


class _Counter:
    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._limit = receive, limit
        self._seen, self._more = 0, True

    async def receive(self) -> Message:
        message = await self._next()
        if self.exceeded:
            raise HTTPException(413)  # whatever the app makes of it is not sent
        return message

    @property
    def exceeded(self) -> bool:
        return self._seen > self._limit

    async def _next(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        self._more = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def drain(self, most: int) -> None:
        while self._more and self._seen < most:
            await self._next()

    async def receive_nothing(self) -> Message:
        return {"type": "http.disconnect"}


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
