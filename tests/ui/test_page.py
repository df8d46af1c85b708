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

from inference.errors import UnsupportedFormat
from inference.types import OutputFormat
from webui.i18n import languages, own_texts
from webui.services import Choice
from webui.ui import mount_ui


class FakeJobs:
    """Takes every song but text files."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Choice, OutputFormat]] = []

    def submit(self, source: Path, *, file_name: str, choice: Choice, output: OutputFormat, door: str) -> SimpleNamespace:
        if file_name.endswith(".txt"):
            raise UnsupportedFormat("nothing reads this", hint="Use wav.")
        self.taken.append((file_name, choice, output))
        return SimpleNamespace(id=f"job-{len(self.taken)}")

    def submit_sample(self, *, choice: Choice, output: OutputFormat, door: str) -> SimpleNamespace:
        return self.submit(Path("sample"), file_name="sample", choice=choice, output=output, door=door)


def card(name: str, title: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, title=title, installed=True)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return SimpleNamespace(
        settings=SimpleNamespace(home=tmp_path_factory.mktemp("home"), language="auto", max_upload_bytes=2**20),
        jobs=FakeJobs(),
        presets=SimpleNamespace(all=lambda: [card("my_preset", "Server's title"), card("mine", "My own")]),
        models=SimpleNamespace(all=lambda: [card("some_model", "Some model")]),
    )


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


def test_labels_are_translated_in_the_browser(client: TestClient) -> None:
    config = client.get("/config").json()
    assert config["title"] == "MSST-WebUI"
    translations = config["i18n_translations"]
    for language in languages():
        assert translations[language]["separate.songs"] == own_texts(language)["separate.songs"]


def test_one_refused_song_does_not_keep_the_others_back(services: SimpleNamespace) -> None:
    from starlette.datastructures import Headers
    from webui.ui.components.song_files import Upload
    from webui.ui.context import Ui
    from webui.ui.tabs.separate import submit

    songs = [Upload(Path("1"), "one.wav"), Upload(Path("2"), "二.txt"), Upload(Path("3"), "three.wav")]
    request = SimpleNamespace(headers=Headers({"accept-language": "zh"}))
    ui = Ui(services, SimpleNamespace())
    news = submit(ui, request, songs, Choice(preset="my_preset"), ("flac", "PCM_24"))
    texts = own_texts("zh-CN")
    expected = f"{texts['error.unsupported_format']} {texts['error.unsupported_format.hint']}"
    assert len(news["jobs"]) == 2
    assert news["problems"] == [{"file": "二.txt", "text": expected}]
    assert services.jobs.taken[-1] == ("three.wav", Choice(preset="my_preset"), OutputFormat("flac", "PCM_24"))


@pytest.mark.parametrize(("prefix", "path"), [("/studio", "/studio"), ("/a/b/", "/a/b"), ("//evil.example", ""), ('/"><script>', "")])
def test_a_proxy_may_put_the_page_below_a_path(client: TestClient, prefix: str, path: str) -> None:
    html = client.get("/", headers={"X-Forwarded-Prefix": prefix}).text
    found = re.search(r"window\.gradio_config = (\{.*?\});</script>", html)
    assert found
    assert json.loads(found[1])["root"] == f"http://testserver{path}"
