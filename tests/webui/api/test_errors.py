"""Every error of the house has a status, and every route is in the document of routes."""

from __future__ import annotations

import errno
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

from inference.errors import MsstError
from tests.webui.api.conftest import House, refused
from webui.api import ROUTERS, errors
from webui.app import create_app
from webui.settings import Settings

ROOT = Path(errors.__file__).parents[2]


def kinds(parent: type[MsstError] = MsstError) -> Iterator[type[MsstError]]:
    yield parent
    for child in parent.__subclasses__():
        yield from kinds(child)


def test_every_error_has_a_status() -> None:
    loaded = {kind.code for kind in kinds() if kind.__module__.split(".")[0] in ("inference", "tools", "webui")}
    assert len(loaded) > 25
    files = [file for package in ("inference", "tools", "webui") for file in (ROOT / package).rglob("*.py")]
    written = {code for file in files for code in re.findall(r'^    code = "(\w+)"', file.read_text(encoding="utf-8"), re.MULTILINE)}
    assert loaded <= written  # whether it is loaded or not
    assert written == set(errors.STATUS)


def test_statuses_are_of_errors() -> None:
    assert {400, 403, 404, 409, 413, 415, 429, 500, 507} <= set(errors.STATUS.values())
    assert all(400 <= status < 600 for status in errors.STATUS.values())


@pytest.mark.parametrize("code", errors.STATUS)
def test_an_error_looks_like_all_of_them(code: str) -> None:
    app = FastAPI()
    errors.install(app)

    @app.get("/")
    def fail() -> None:
        error = MsstError("what was wrong", hint="what to do", number=3)
        error.code = code
        raise error

    answer = TestClient(app).get("/")
    assert answer.status_code == errors.STATUS[code]
    assert answer.json() == {"detail": "what was wrong", "code": code, "hint": "what to do", "params": {"number": "3"}}


@pytest.mark.parametrize(("number", "status", "code"), [(errno.ENOSPC, 507, "disk_full"), (errno.EIO, 400, "bad_request")])
def test_a_full_disk_is_no_fault_of_the_caller(number: int, status: int, code: str) -> None:
    app = FastAPI()
    errors.install(app)

    @app.get("/")
    def fail() -> None:
        raise HTTPException(400, "There was an error parsing the body") from OSError(number, "no")

    refused(TestClient(app).get("/"), status, code)


@pytest.mark.parametrize("page", [False, True])
def test_what_is_not_there_says_so_like_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: bool) -> None:
    monkeypatch.setattr(tempfile, "tempdir", tempfile.tempdir)
    client = TestClient(create_app(Settings(home=tmp_path, page=page)))
    for unknown in ("/api/v1/nothing", "/api/nothing", *(["/nothing"] if not page else [])):
        refused(client.get(unknown), 404, "bad_request")
    for method, path, known in (("PUT", "/api/v1/models/recommended", "GET"), ("GET", "/upload", "POST"), ("DELETE", "/results/1", "GET")):
        answer = client.request(method, path)
        refused(answer, 405, "bad_request")
        assert known in answer.headers["allow"]


def test_the_document_has_every_route(house: House) -> None:
    paths = house.client().get("/openapi.json").json()["paths"]
    documented = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert documented == {(method, path) for router in ROUTERS for method, path in routes(router)}
    assert {path.removeprefix("/api/v1/models") for _, path in documented if path.startswith("/api/v1/models")} == {
        "",
        "/recommended",
        "/categories",
        "/installs",
        "/disk",
        "/problems",
        "/link",
        "/{name}",
        "/{name}/defaults",
        "/{name}/install",
        "/{name}/cancel",
        "/{name}/retry",
        "/{name}/verify",
        "/{name}/repair",
    }
    for name in ("validate", "import", "{name}", "{name}/export", "{name}/duplicate", "{name}/rename", "{name}/history", "{name}/restore"):
        assert f"/api/v1/presets/{name}" in paths
    for path, methods in paths.items():
        for method, route in methods.items():
            assert route.get("summary"), (method, path)
    fields = house.client().get("/openapi.json").json()["components"]["schemas"]
    assert {"preset_json", "extra_output"} <= set(fields["Body_create_api_v1_jobs_post"]["properties"])


def routes(router: object) -> Iterator[tuple[str, str]]:
    for route in router.routes:  # type: ignore[attr-defined]
        for method in route.methods if route.include_in_schema else ():
            yield method, route.path_format


def test_the_page_on_the_routes_names_every_code_under_its_status() -> None:
    lines = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").splitlines()
    rows = {int(found[1]): found[2] for line in lines if (found := re.match(r"\| (\d{3}) \| (.*)", line))}
    for code, status in errors.STATUS.items():
        assert status == 500 or f"`{code}`" in rows[status], (code, status)
