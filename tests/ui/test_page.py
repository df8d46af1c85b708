"""The page as the server sends it: in every language, below any path, and without a foreign address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from webui.i18n import languages, own_texts
from webui.ui import mount_ui
from webui.ui.tabs import FIRST, TABS


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    home = tmp_path_factory.mktemp("home")
    return SimpleNamespace(settings=SimpleNamespace(language="auto"), storage=SimpleNamespace(tmp=home))


@pytest.fixture(scope="module")
def client(services: SimpleNamespace) -> Iterator[TestClient]:
    app = FastAPI()
    mount_ui(app, services)
    with TestClient(app) as client:
        yield client


def told(html: str) -> dict[str, object]:
    found = re.search(r"window\.MSST = (\{.*?\});\n", html)
    assert found
    return dict(json.loads(found[1]))


@pytest.mark.parametrize("language", languages())
def test_the_page_comes_in_every_language(client: TestClient, language: str) -> None:
    answer = client.get("/", headers={"Accept-Language": language})
    assert f'<html lang="{language}"' in answer.text
    assert told(answer.text)["texts"] == own_texts(language)
    assert "Accept-Language" in answer.headers["vary"]
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_the_saved_language_wins(client: TestClient) -> None:
    answer = client.get("/", headers={"Accept-Language": "en", "Cookie": "a=b; msst_language=zh-CN"})
    assert told(answer.text)["language"] == "zh-CN"


def test_a_text_cannot_end_its_script(monkeypatch: pytest.MonkeyPatch) -> None:
    from webui.ui import assets

    monkeypatch.setattr(assets, "texts", lambda _: {"x": "</script><script>alert(1)"})
    assert "</script><script>" not in assets.Assets().head("en")


def test_scripts_and_styles_are_served_for_ever(client: TestClient) -> None:
    html = client.get("/").text
    addresses = re.findall(r'<link rel="(?:stylesheet|modulepreload)" href="\./([^"]+)">', html)
    assert len(addresses) > 10
    for address in addresses:
        answer = client.get(f"/{address}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        expected = "text/javascript" if address.endswith(".js") else "text/css"
        assert answer.headers["content-type"].startswith(expected)


def test_own_scripts_name_no_address_from_the_root_and_no_html() -> None:
    folder = Path(__file__).parents[2] / "webui" / "ui" / "static"
    for file in folder.rglob("*.js"):
        source = file.read_text(encoding="utf-8")
        assert not re.search(r"""["'`]/(api|download|ui)/""", source), file
        assert not re.search(r"innerHTML|insertAdjacentHTML|outerHTML|document\.write|\beval\(", source), file
        assert len(source.splitlines()) <= 300, file
    for file in folder.rglob("*.css"):
        assert not re.search(r"https?:|@import", file.read_text(encoding="utf-8")), file


def test_telemetry_and_extras_are_off(client: TestClient) -> None:
    config = client.get("/config").json()
    assert config["analytics_enabled"] is False
    assert config["footer_links"] == []


def test_every_tab_has_a_place_a_name_and_a_script_that_comes_early_when_it_is_open(client: TestClient) -> None:
    config = client.get("/config").json()
    assert config["title"] == "MSST-WebUI"
    places = [each["props"]["elem_id"] for each in config["components"] if each["props"].get("elem_id", "").startswith("tab-")]
    assert places == [f"tab-{tab}" for tab in TABS]
    scripts = Path(__file__).parents[2] / "webui" / "ui" / "static" / "tabs"
    for tab in TABS:
        html = client.get("/", params={"tab": tab}).text
        early = set(re.findall(r'modulepreload" href="\./ui/static/\w+/tabs/(\w+)\.js"', html))
        assert early == ({tab} if (scripts / f"{tab}.js").is_file() else set())
        assert f"tab.{tab}" in own_texts("en")


@pytest.mark.parametrize("asked", ["", "nonsense", "<script>", "../models"])
def test_an_address_of_no_tab_opens_the_first(client: TestClient, asked: str) -> None:
    html = client.get("/", params={"tab": asked}).text
    assert f"tabs/{FIRST}.js" in html
    assert "<script>alert" not in html


@pytest.mark.parametrize(("prefix", "path"), [("/studio", "/studio"), ("/a/b/", "/a/b"), ("//evil.example", ""), ('/"><script>', "")])
def test_a_proxy_may_put_the_page_below_a_path(client: TestClient, prefix: str, path: str) -> None:
    html = client.get("/", headers={"X-Forwarded-Prefix": prefix}).text
    found = re.search(r"window\.gradio_config = (\{.*?\});</script>", html)
    assert found
    assert json.loads(found[1])["root"] == f"http://testserver{path}"


def test_no_two_styles_define_the_same_class() -> None:
    folder = Path(__file__).parents[2] / "webui" / "ui" / "static"
    places: dict[str, set[str]] = {}
    for file in folder.glob("*.css"):
        source = re.sub(r"/\*.*?\*/|\([^()]*\)", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        for selectors in re.findall(r"([^{};]+)\{", source):
            for selector in selectors.split(","):
                if re.fullmatch(r"\.ms-[\w-]+", selector.strip()):
                    places.setdefault(selector.strip(), set()).add(file.name)
    assert not {name: sorted(files) for name, files in places.items() if len(files) > 1}
