"""Requests that no route of ours takes, before the page's mount does, which takes every path: a wrong method, an unknown path of REST."""

from __future__ import annotations

from fastapi import FastAPI, HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send


def install(app: FastAPI) -> None:
    """Have them answered as all errors are. Call it after the routes and before the page is mounted."""
    app.router.routes.append(_Unmatched(list(app.router.routes)))


class _Unmatched(BaseRoute):
    def __init__(self, routes: list[BaseRoute]) -> None:
        self._routes = routes

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Full where the path is one of ours; what it updates the scope with is the route that has it, for another method."""
        if scope["type"] != "http":
            return Match.NONE, {}
        for route in self._routes:
            match, found = route.matches(scope)
            if match is Match.PARTIAL:
                return Match.FULL, {**found, "partial": route}
        ours = scope["path"].removeprefix(scope.get("root_path", "")).startswith("/api/")
        return (Match.FULL if ours else Match.NONE), {"partial": None}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises HTTPException: 405, with the methods that the path has, or 404."""
        if scope["partial"] is None:
            raise HTTPException(404)
        await scope["partial"].handle(scope, receive, send)
