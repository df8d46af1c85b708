"""The tab of models: what to take for a purpose, the catalogue, and a model's way here and away again, from a hub on loopback."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
import yaml

from inference.networks import build
from tests.conftest import Server
from tests.e2e.conftest import DESKTOP, LIMIT_MS, PHONE, Watched
from tests.e2e.looks import too_small, too_wide, unfold, untranslated, violations
from tests.families import CONFIGS
from tests.tools.hub.server import Fault, Hub, content
from tests.webui.shelf import record, write_catalogue
from webui.i18n import own_texts

BIG = content(3_000_000, 5)
ROW = ".ms-model[data-model='{}']"


@pytest.fixture(scope="module")
def network() -> bytes:
    """Weights of a small network that finds the pieces of a drum kit."""
    file = io.BytesIO()
    torch.manual_seed(1)
    torch.save({"state_dict": build("mdx23c", CONFIGS["mdx23c"]).state_dict()}, file)
    return file.getvalue()


@pytest.fixture(scope="module")
def hub(network: bytes) -> Iterator[Hub]:
    with Hub({"models/kit.ckpt": network, "models/huge.ckpt": BIG}) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, weights: Path, hub: Hub, network: bytes) -> Iterator[Server]:
    """A server whose mirror is the hub, and whose catalogue has two models of it."""
    environment = {"MSST_HUB_ENDPOINT": hub.url, "MSST_HUB_MIRRORS": "", "MSST_PROXY": "none"}
    running = Server(tmp_path_factory.mktemp("models") / "home", environment=environment)
    running.adopt(weights)
    kit = {"family": "mdx23c", "config": CONFIGS["mdx23c"], "stems": ["kick", "snare", "toms"], "target": None, "rest": None}
    kit |= {"title": "Testkit", "category": "drums", "purpose": "Zerlegt das Schlagzeug."}
    write_catalogue(running.home / "models", {**record("kit", network), **kit}, record("huge", BIG, title="Huge"), {"name": "broken"})
    running.start()
    yield running
    running.stop()


@pytest.fixture
def visit(browser: Any, server: Server, watched: Watched) -> Iterator[Callable[..., Any]]:
    """visit(query="", **options of the browser context) -> a page with the list of models."""
    contexts = []
    watched.allowed += ["404 (Not Found)", "400 (Bad Request)"]  # asked for on purpose

    def opener(query: str = "", **options: Any) -> Any:
        contexts.append(browser.new_context(**{**DESKTOP, **options}))
        contexts[-1].set_default_timeout(LIMIT_MS)
        page = contexts[-1].new_page()
        watched.follow(page)
        page.goto(f"{server.url}/?tab=models{query}")
        page.wait_for_selector(".ms-models-tab ul[aria-label] .ms-model")
        return page

    yield opener
    for context in contexts:
        context.close()
    watched.check()


def names(page: Any, within: str = "ul[aria-label]") -> list[str]:
    return list(page.eval_on_selector_all(f"{within} > .ms-model", "rows => rows.map((row) => row.dataset.model)"))


def search(page: Any, text: str) -> None:
    page.locator(".ms-search input[type=search]").fill(text)


def in_list(page: Any, name: str) -> Any:
    return page.locator(f"ul[aria-label] {ROW.format(name)}")


def listed(server: Server, name: str) -> dict[str, Any]:
    return dict(httpx.get(f"{server.url}/api/v1/models/{name}").json())


@pytest.mark.parametrize("kind", [{}, {**PHONE, "locale": "zh-CN"}], ids=["desktop in English", "phone in Chinese"])
def test_a_model_is_installed_checked_and_removed(visit: Callable[..., Any], server: Server, kind: dict[str, Any]) -> None:
    words = {"zh-CN": ("检查文件", "一切正常", "删除", "使用")}.get(
        kind.get("locale", ""), ("Check the files", "All is well", "Remove", "Use")
    )
    page = visit(**kind)
    search(page, "testkit")
    row = in_list(page, "kit")
    row.locator("[data-install=kit]").click()
    row.get_by_role("link", name=words[3]).wait_for()
    assert listed(server, "kit")["installed"]
    row.locator(".ms-unfold").click()
    assert "model=kit" in page.url
    row.get_by_role("button", name=words[0]).click()
    row.locator(".ms-note.ms-good", has_text=words[1]).wait_for()
    page.locator("summary", has_text="每" if kind else "each").or_(page.locator("summary", has_text="各模型")).first.click()
    page.locator(".ms-disk-list", has_text="Testkit").wait_for()
    row.get_by_role("link", name=words[3]).click()
    page.wait_for_url("**/?tab=separate&model=kit")
    page.go_back()
    row.locator(".ms-model-details").get_by_role("button", name=words[2]).click()
    dialog = page.get_by_role("dialog")
    assert "Testkit" in dialog.inner_text()
    dialog.get_by_role("button", name=words[2]).click()
    row.locator("[data-install=kit]").wait_for()
    assert not listed(server, "kit")["installed"]


def test_a_damaged_file_is_found_and_mended(visit: Callable[..., Any], server: Server) -> None:
    page = visit("&model=kit")
    row = page.locator(ROW.format("kit")).first
    row.locator("[data-install=kit]").click()
    row.get_by_role("link", name="Use").wait_for()
    (file,) = (server.home / "models" / "files").glob("kit*.ckpt")
    file.write_bytes(file.read_bytes()[:-9])
    row.get_by_role("button", name="Check the files").click()
    row.locator(".ms-note.ms-bad", has_text="cut short").wait_for()
    row.get_by_role("button", name="Download again").click()
    page.wait_for_function("fetch('api/v1/models/kit').then((answer) => answer.json()).then((model) => model.installed)")
    httpx.delete(f"{server.url}/api/v1/models/kit").raise_for_status()


def test_an_installation_is_cancelled_and_goes_on_where_it_was(visit: Callable[..., Any], server: Server, hub: Hub) -> None:
    hub.faults.append(Fault("slow", 300))
    page = visit()
    search(page, "huge")
    row = in_list(page, "huge")
    row.locator("[data-install=huge]").click()
    page.locator(".ms-under-way", has_text="Huge").wait_for()
    row.get_by_text(re.compile(r"[1-9]\d* %")).wait_for()
    row.get_by_role("button", name="Cancel").click()
    row.get_by_text("have arrived and are kept").wait_for()
    page.reload()
    search(page, "huge")
    row.get_by_role("button", name="Try again").click()
    row.locator(".ms-bad-text", has_text="damaged").wait_for()  # it is no network at all, only bytes
    assert hub.asked[-1].start > 0


def test_the_list_is_found_in_and_kept(visit: Callable[..., Any]) -> None:
    page = visit()
    assert len(names(page)) == 50
    first = names(page)
    page.get_by_role("button", name="Next").click()
    page.get_by_text("51–100").wait_for()
    assert not set(names(page)) & set(first)
    page.locator("[data-filter=category]").select_option("karaoke")
    with page.expect_response(lambda answer: "sort=size" in answer.url):
        page.locator("[data-filter=sort]").select_option("size")
    page.wait_for_function("document.querySelectorAll('ul[aria-label] > .ms-model').length < 30")
    page.wait_for_timeout(200)  # drawn
    karaoke = names(page)
    page.reload()
    page.wait_for_selector("ul[aria-label] .ms-model")
    page.wait_for_function("document.querySelector('[data-filter=category]').value === 'karaoke'")
    assert names(page) == karaoke
    in_list(page, karaoke[0]).locator(".ms-star").click()
    page.get_by_role("button", name="Clear filters").click()
    page.wait_for_function("document.querySelectorAll('ul[aria-label] > .ms-model').length === 50")
    page.get_by_role("radio", name="Favourites").check()
    page.wait_for_function("document.querySelectorAll('ul[aria-label] > .ms-model').length === 1")
    assert names(page) == karaoke[:1]
    search(page, "no such model")
    page.get_by_text("No model matches").wait_for()


def test_words_of_the_readers_language_find_models(visit: Callable[..., Any], server: Server) -> None:
    page = visit(locale="zh-CN")
    search(page, "吉他")
    page.wait_for_function("document.querySelectorAll('ul[aria-label] > .ms-model').length < 50")
    found = names(page)
    assert found
    assert all(
        "guitar" in {stem.lower().split("-")[-1] for stem in listed(server, name)["stems"]}
        or "guitar" in listed(server, name)["purpose"].lower()
        for name in found[:5]
    )


def test_a_purpose_names_its_best_model_and_a_fast_one(visit: Callable[..., Any], server: Server) -> None:
    page = visit()
    page.get_by_role("radio", name="Karaoke").check()
    advice = httpx.get(f"{server.url}/api/v1/models/recommended").json()["recommended"]["karaoke"]
    page.wait_for_selector(f".ms-models:not([aria-label]) {ROW.format(advice['best'])}")
    assert {advice["best"], advice["fast"]} <= set(names(page, ".ms-models:not([aria-label])"))
    search(page, advice["best"])
    in_list(page, advice["best"]).wait_for()
    for row in page.locator(ROW.format(advice["best"])).all():  # it is here twice: the one that is clicked unfolds
        row.locator(".ms-unfold").click()
        assert row.locator(".ms-model-details").is_visible()
        row.locator(".ms-unfold").click()
    search(page, "")
    page.reload()
    page.wait_for_selector(f".ms-models:not([aria-label]) {ROW.format(advice['best'])}")


def test_a_link_opens_a_model_and_its_options_are_kept(visit: Callable[..., Any], server: Server) -> None:
    page = visit("&model=10_SP-UVR-2B-32000-1")
    row = page.locator(ROW.format("10_SP-UVR-2B-32000-1")).first
    row.get_by_text("Measured quality").first.wait_for()
    row.locator("summary", has_text="Your own defaults").click()
    row.get_by_label("Window size").select_option("320")
    row.get_by_label("Listen three times (TTA)").check()
    row.get_by_label("Shifted passes").fill("99")
    row.get_by_role("button", name="Save").click()
    row.get_by_text("One of the choices").wait_for()
    row.get_by_label("Shifted passes").fill("2")
    row.get_by_role("button", name="Save").click()
    page.get_by_text("The next songs are separated like this").wait_for()
    assert listed(server, "10_SP-UVR-2B-32000-1")["defaults"] == {"tta": True, "shifts": 2, "vr": {"window_size": 320}}
    row.get_by_role("button", name="Back to the model's own").click()
    page.get_by_text("The model's own settings hold again").wait_for()
    assert listed(server, "10_SP-UVR-2B-32000-1")["defaults"] == {}
    page.goto(f"{server.url}/?tab=models&model=nobody")
    page.get_by_text("This model is not here").wait_for()


@pytest.mark.parametrize("kind", [{}, {**PHONE, "locale": "zh-CN"}], ids=["desktop in English", "phone in Chinese"])
def test_a_model_of_ones_own(visit: Callable[..., Any], server: Server, network: bytes, tmp_path: Path, kind: dict[str, Any]) -> None:
    chinese = bool(kind)
    other = build("mdx23c", CONFIGS["mdx23c"]).state_dict()
    torch.save({"state_dict": other}, tmp_path / "mine.ckpt")
    good = yaml.safe_dump(CONFIGS["mdx23c"])
    (tmp_path / "bad.yaml").write_text(good.replace("num_channels: 8", "num_channels: 16"), encoding="utf-8")
    (tmp_path / "good.yaml").write_text(good, encoding="utf-8")
    page = visit(**kind)
    page.get_by_role("button", name="添加自己的模型" if chinese else "Add your own model").click()
    dialog = page.get_by_role("dialog")
    add = dialog.get_by_role("button", name="添加" if chinese else "Add", exact=True)
    add.click()
    dialog.get_by_text("请选择模型文件" if chinese else "Choose the file of the model").wait_for()
    dialog.locator("input[accept*=ckpt]").set_input_files(tmp_path / "mine.ckpt")
    dialog.locator("input[accept*=yaml]").set_input_files(tmp_path / "bad.yaml")
    dialog.get_by_label("名称" if chinese else "Name", exact=True).fill("Meine Trommeln")
    add.click()
    dialog.locator(".ms-problem-lines li").nth(3).wait_for()
    lines = dialog.locator(".ms-problem-lines li").all_inner_texts()
    assert all(
        ("应为" if chinese else "should have") in line
        or ("缺少" if chinese else "lacks") in line
        or ("没有" if chinese else "not know") in line
        for line in lines[:3]
    )
    assert httpx.get(f"{server.url}/api/v1/models/Meine%20Trommeln").status_code == 404
    dialog.locator("input[accept*=yaml]").set_input_files(tmp_path / "good.yaml")
    add.click()
    dialog.wait_for(state="detached")
    assert listed(server, "Meine%20Trommeln")["own"]
    search(page, "trommeln")
    in_list(page, "Meine Trommeln").locator(".ms-tag", has_text="自己的" if chinese else "Your own").wait_for()
    httpx.delete(f"{server.url}/api/v1/models/Meine%20Trommeln").raise_for_status()


def test_a_folder_of_another_program(visit: Callable[..., Any], server: Server, network: bytes, tmp_path: Path) -> None:
    (tmp_path / "renamed.ckpt").write_bytes(network)
    (tmp_path / "strange.ckpt").write_bytes(b"what is this")
    page = visit()
    page.get_by_role("button", name="Use models of another program").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill(str(tmp_path / "none"))
    dialog.get_by_role("button", name="Look for models").click()
    dialog.get_by_text("There is no such folder").wait_for()
    dialog.get_by_role("textbox").fill(str(tmp_path))
    dialog.get_by_role("button", name="Look for models").click()
    dialog.get_by_text("Ready to use now: 1").wait_for()
    assert "strange.ckpt" in dialog.inner_text()
    assert listed(server, "kit")["installed"]
    httpx.delete(f"{server.url}/api/v1/models/kit").raise_for_status()
    assert (tmp_path / "renamed.ckpt").is_file()


def test_without_internet_the_page_says_what_still_works(visit: Callable[..., Any], watched: Watched) -> None:
    watched.allowed.append("ERR_INTERNET_DISCONNECTED")
    page = visit()
    offline = page.get_by_text("No internet. Installed models still work.")
    assert not offline.is_visible()
    page.context.set_offline(True)
    offline.wait_for()
    page.context.set_offline(False)
    offline.wait_for(state="hidden")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_state(visit: Callable[..., Any], scheme: str) -> None:
    page = visit("&model=10_SP-UVR-2B-32000-1", color_scheme=scheme)
    page.locator(".ms-facts-list").first.wait_for()
    unfold(page)
    found = {"list and details": violations(page)}
    for name in ("Add your own model", "Use models of another program", "Install from another place"):
        page.get_by_role("button", name=name).first.click()
        unfold(page)
        found[name] = violations(page)
        page.keyboard.press("Escape")
    assert not {state: lines for state, lines in found.items() if lines}


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "ja", "ko"])
def test_it_reads_well_in_every_state(visit: Callable[..., Any], language: str) -> None:
    texts = own_texts(language)
    page = visit("&model=kit", **{**PHONE, "locale": language})
    unfold(page)
    page.locator(".ms-facts-list").first.wait_for()
    found = untranslated(page, language) + too_wide(page) + too_small(page)
    for key in ("models.own.open", "models.link.open", "models.elsewhere"):
        page.get_by_role("button", name=texts[key]).first.click()
        unfold(page)
        found += untranslated(page, language) + too_wide(page) + too_small(page)
        page.keyboard.press("Escape")
    assert not found


def test_the_keyboard_alone_installs_a_model(visit: Callable[..., Any], server: Server) -> None:
    page = visit()
    page.locator(".ms-search input[type=search]").focus()
    page.keyboard.type("testkit")
    page.wait_for_function("document.querySelectorAll('ul[aria-label] > .ms-model').length === 1")
    for _ in range(15):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.install === 'kit'"):
            break
    page.keyboard.press("Enter")
    in_list(page, "kit").get_by_role("link", name="Use").wait_for()
    httpx.delete(f"{server.url}/api/v1/models/kit").raise_for_status()
