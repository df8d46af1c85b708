"""A page of another site changes nothing here; this server's own page and programs do."""

from __future__ import annotations

import httpx
import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.conftest import Server
from tests.webui.api.conftest import House, refused
from webui.api.origins import SameOrigin

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def client(base: str = "http://studio.lan:7860", public_url: str | None = None) -> TestClient:
    app = Starlette(routes=[Route("/{rest:path}", lambda _: PlainTextResponse("done"), methods=METHODS)])
    return TestClient(SameOrigin(app, public_url=lambda: public_url or ""), base_url=base)


@pytest.mark.parametrize("method", METHODS)
def test_programs_say_no_origin_and_pass(method: str) -> None:
    assert client().request(method, "/upload").status_code == 200


@pytest.mark.parametrize(
    ("base", "origin"),
    [
        ("http://studio.lan:7860", "http://studio.lan:7860"),
        ("http://studio.lan:7860", "http://STUDIO.lan:7860"),
        ("http://127.0.0.1:7860", "http://127.0.0.1:7860"),
        ("http://[::1]:7860", "http://[::1]:7860"),
        ("http://studio.lan", "http://studio.lan:80"),
        ("https://studio.lan", "https://studio.lan"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_our_own_page_passes(base: str, origin: str, method: str) -> None:
    assert client(base).request(method, "/upload", headers={"Origin": origin}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://studio.lan",
        "http://studio.lan:7861",
        "http://studio.lan:7860.evil.example",
        "http://evil.example/http://studio.lan:7860",
        "null",
        "",
        "file://",
        "http://[",
        "http://studio.lan:99999",
        "studio.lan:7860",
        "chrome-extension://studio.lan:7860",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_pages_are_refused(origin: str, method: str) -> None:
    refused(client().request(method, "/upload", headers={"Origin": origin}), 403, "cross_origin")


def test_reading_is_the_browsers_affair() -> None:
    assert client().get("/health", headers={"Origin": "http://evil.example"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Forwarded-Host": "music.example.org"}, 200),
        ({"X-Forwarded-Host": "music.example.org, inner"}, 200),
        ({"X-Forwarded-Host": "other.example.org"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({}, 403),
    ],
)
def test_a_page_behind_a_proxy(headers: dict[str, str], status: int) -> None:
    answer = client("http://127.0.0.1:7860").post("/upload", headers={"Origin": "https://music.example.org", **headers})
    assert answer.status_code == status


def test_the_public_address_of_the_settings_is_ours() -> None:
    inside = client("http://127.0.0.1:7860", public_url="https://music.example.org/studio/")
    assert inside.post("/upload", headers={"Origin": "https://music.example.org"}).status_code == 200
    for origin in ("http://music.example.org", "https://example.org", "https://music.example.org:8443"):
        assert inside.post("/upload", headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/upload"),
        ("DELETE", "/task/00000000-0000-4000-8000-000000000000"),
        ("POST", "/api/v1/jobs"),
        ("POST", "/api/v1/models/link"),
        ("DELETE", "/api/v1/models/spleeter_2stems"),
        ("PUT", "/api/v1/presets/x"),
        ("POST", "/gradio_api/queue/join"),
        ("POST", "/gradio_api/upload"),
    ],
)
def test_every_door_of_the_whole_server(server: Server, method: str, path: str) -> None:
    with httpx.Client(base_url=server.url) as browser:
        foreign = {"Origin": "http://evil.example"}
        refused(browser.request(method, path, headers=foreign), 403, "cross_origin")
        assert browser.request(method, path, headers={"Origin": server.url}).status_code != 403
        asks = {
            **foreign,
            "Host": "studio.lan",
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "x-forwarded-host",
        }
        refused(browser.request("OPTIONS", path, headers=asks), 403, "cross_origin")


def test_gradios_own_routes_work_for_the_page(server: Server) -> None:
    headers = {"Origin": server.url}
    assert httpx.get(f"{server.url}/config", headers=headers).status_code == 200


def test_nothing_is_uploaded_through_gradio(server: Server) -> None:
    """Its uploads would wait for nobody, and be looked at by nobody."""
    answer = httpx.post(f"{server.url}/gradio_api/upload", files={"files": ("a.wav", b"RIFF")}, headers={"Origin": server.url})
    assert answer.status_code == 413


BROWSER = {"User-Agent": "Mozilla/5.0"}


@pytest.mark.parametrize("path", ["/health", "/api/v1/jobs"])
def test_a_name_of_the_internet_that_means_this_machine_is_refused(house: House, path: str) -> None:
    """DNS rebinding: the browser takes the page of evil.example for this server's own."""
    site = {"Host": "evil.example:7860"}
    refused(house.client().get(path, headers=site | BROWSER), 403, "cross_origin")
    refused(house.client().post("/api/v1/cache/clean", headers=site | {"Origin": "http://evil.example:7860"}), 403, "cross_origin")


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost", "[::1]:7860", "studio:7860", "studio.local", "a.localhost:7860"])
def test_names_that_nobody_owns_may_mean_this_machine(house: House, host: str) -> None:
    assert house.client().get("/api/v1/presets", headers={"Host": host} | BROWSER).status_code == 200


def test_a_name_of_the_internet_may_come_through_a_relay(house: House, stranger: TestClient) -> None:
    named = {"Host": "stems.example.org"}
    assert house.client().get("/api/v1/presets", headers=named | BROWSER | {"X-Forwarded-For": "192.0.2.1"}).status_code == 200
    assert house.client().get("/api/v1/presets", headers=named | {"User-Agent": "Java/17"}).status_code == 200  # no browser
    assert stranger.get("/api/v1/presets", headers=named | BROWSER).status_code == 200  # whose way does not end on this machine
    house.services.settings.__dict__["public_url"] = "https://stems.example.org"
    assert house.client().get("/api/v1/presets", headers=named | BROWSER).status_code == 200
