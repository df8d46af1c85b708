"""Every route answers, as itself: none is hidden by one declared before it, and none by the page, which takes every path that is left."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from webui.api import ROUTERS
from webui.app import create_app
from webui.settings import Settings

ROUTES = [
    (route, method) for router in ROUTERS for route in router.routes if isinstance(route, APIRoute) for method in sorted(route.methods)
]


class Seen:
    """The app, and which handler took the last request."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self.endpoint: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.endpoint = None
        await self._app(scope, receive, send)
        self.endpoint = scope.get("endpoint")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    before = tempfile.tempdir
    nowhere = "http://127.0.0.1:9"
    app = create_app(Settings(home=tmp_path_factory.mktemp("routes") / "home", hub_endpoint=nowhere, hub_mirrors=(), page=True))
    app.state.services.share.opener = None  # nobody is asked for a public address
    app.state.services.start()
    yield Seen(app)
    app.state.services.stop()
    tempfile.tempdir = before


@pytest.mark.parametrize(("route", "method"), ROUTES, ids=[f"{method} {route.path}" for route, method in ROUTES])
def test_it_answers(seen: Seen, route: APIRoute, method: str) -> None:
    path = re.sub(r"\{[^}]*\}", "nothing", route.path)
    client = TestClient(seen, base_url="http://127.0.0.1:7860", client=("127.0.0.1", 50000), raise_server_exceptions=False)
    answer = client.request(method, path, follow_redirects=False)
    assert seen.endpoint is route.endpoint
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and answer.headers["content-type"] == "application/json" and path.startswith("/api/"):
        assert set(answer.json()) >= {"detail", "code", "hint", "params"}


def test_no_two_are_the_same() -> None:
    said = [(re.sub(r"\{[^}]*\}", "{}", route.path), method) for route, method in ROUTES]
    assert len(said) == len(set(said)) > 80
