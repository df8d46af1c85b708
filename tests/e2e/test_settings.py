"""Settings on the page: saved at once, refused with a reason, ruled by the environment, and keys that let people in."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.conftest import Server
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.looks import too_small, too_wide, unfold, untranslated, violations
from webui.i18n import own_texts

pytestmark = pytest.mark.browser

PARTS = ("general", "output", "processing", "downloads", "network", "storage", "about")
SIZES = {"desktop": DESKTOP, "phone": PHONE}


@pytest.fixture(autouse=True)
def as_before(server: Server) -> Iterator[None]:
    """Settings go back to their defaults, keys go away."""
    yield
    defaults = {each["name"]: None for each in rows(server).values() if not each["env"] and not each["fixed"]}
    assert httpx.patch(f"{server.url}/api/v1/settings", json=defaults).status_code == 200
    for key in httpx.get(f"{server.url}/api/v1/keys").json()["keys"]:
        httpx.delete(f"{server.url}/api/v1/keys/{key['id']}")


def rows(server: Server) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in httpx.get(f"{server.url}/api/v1/settings").json()["settings"]}


def visit(page: Any, part: str) -> None:
    page.evaluate(
        "(part) => history.pushState(null, '', `?tab=settings&group=${part}`) ?? dispatchEvent(new PopStateEvent('popstate'))", part
    )
    page.wait_for_selector(f"[data-part={part}]")


def saved(page: Any, name: str, language: str = "en") -> None:
    page.wait_for_selector(f"[data-setting={name}] .ms-saved:has-text('{own_texts(language)['settings.saved']}')")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("size", SIZES)
def test_a_change_holds_after_a_reload(open_page: Callable[..., Any], server: Server, size: str, language: str) -> None:
    page = open_page("?tab=settings&group=processing", **{**SIZES[size], "locale": language})
    page.fill("#setting-queue_limit", "7")
    page.press("#setting-queue_limit", "Enter")
    saved(page, "queue_limit", language)
    assert rows(server)["queue_limit"]["value"] == 7
    page.reload()
    page.wait_for_selector("#setting-queue_limit")
    page.wait_for_function("document.querySelector('#setting-queue_limit').value === '7'")
    page.click("[data-setting=queue_limit] .ms-setting-value button")  # back to the default
    page.wait_for_function("document.querySelector('#setting-queue_limit').value === '100'")


def test_the_format_of_new_jobs(open_page: Callable[..., Any], server: Server) -> None:
    page = open_page("?tab=settings&group=output")
    page.select_option("#setting-output_format", label="FLAC")
    saved(page, "output_format")
    page.select_option("#setting-output_subtype", label="24 bit (studio)")
    saved(page, "output_subtype")
    page.fill("#setting-output_name", "{stem} of {song}")
    assert page.inner_text(".ms-naming code") == "vocals of Blue Bossa.flac"
    page.press("#setting-output_name", "Enter")
    saved(page, "output_name")
    job = httpx.post(f"{server.url}/api/v1/jobs", data={"sample": "true", "title": "Named"}).json()
    assert job["format"] == {"container": "flac", "subtype": "PCM_24"}
    httpx.delete(f"{server.url}/api/v1/jobs/{job['id']}")


def test_what_is_refused_says_why_and_changes_nothing(open_page: Callable[..., Any], server: Server, watched: Any) -> None:
    watched.allowed = ["400 (Bad Request)"]
    page = open_page("?tab=settings&group=downloads")
    page.fill("#setting-proxy", "gopher://127.0.0.1")
    page.press("#setting-proxy", "Enter")
    page.wait_for_function("document.querySelector('#setting-proxy-problem').textContent")
    assert own_texts("en")["setting.proxy.rule"] in page.inner_text("#setting-proxy-problem")
    assert page.input_value("#setting-proxy") == ""
    assert rows(server)["proxy"]["value"] == ""
    page.fill("#setting-proxy", "http://127.0.0.1:7890")
    page.press("#setting-proxy", "Enter")
    saved(page, "proxy")
    assert page.inner_text("#setting-proxy-problem") == ""
    page.select_option("#setting-hub_endpoint", label="HF-Mirror")
    saved(page, "hub_endpoint")
    assert rows(server)["hub_endpoint"]["value"] == "hf-mirror"
    visit(page, "processing")
    for typed in ("99", "1e"):  # too many, and no number
        page.focus("#setting-parallel_jobs")
        page.keyboard.press("Control+a")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        page.wait_for_selector("#setting-parallel_jobs-problem:has-text('from 1 to 16')")
        assert page.inner_text("[data-setting=parallel_jobs] .ms-saved") == ""
    assert rows(server)["parallel_jobs"]["value"] == 1


def test_what_the_environment_rules_is_shown_and_not_editable(open_page: Callable[..., Any], server: Server) -> None:
    page = open_page("?tab=settings&group=storage")
    assert page.is_disabled("#setting-home")
    assert page.input_value("#setting-home") == str(server.home)
    assert "MSST_HOME" in page.inner_text("#setting-home-ruled")
    visit(page, "network")
    unfold(page)
    assert page.is_disabled("#setting-port")
    assert "--port" in page.inner_text("#setting-port-ruled")


def test_what_waits_for_a_restart_says_so(open_page: Callable[..., Any], server: Server) -> None:
    if rows(server)["host"]["env"]:
        pytest.skip("the environment of this run says the host")
    page = open_page("?tab=settings&group=network")
    page.select_option("#setting-host", label="The whole network")
    saved(page, "host")
    assert "restart" in page.inner_text("[data-setting=host] .ms-setting-note.ms-warn")
    assert rows(server)["host"]["pending"] == "0.0.0.0"
    page.reload()
    page.wait_for_selector("[data-setting=host] .ms-setting-note.ms-warn")
    assert page.eval_on_selector("#setting-host", "each => each.selectedOptions[0].textContent") == "The whole network"


@pytest.mark.parametrize("size", SIZES)
def test_a_key_is_made_used_and_revoked(open_page: Callable[..., Any], server: Server, watched: Any, size: str) -> None:
    watched.allowed = ["401 (Unauthorized)"]
    page = open_page("?tab=settings&group=network", **SIZES[size])
    page.click("label:has-text('Who has a key')")
    page.fill("dialog input", "Studio")
    page.click("dialog button:has-text('Make it')")
    key = page.inner_text("dialog .ms-key")
    assert re.fullmatch(r"msst_[\w-]{40,}", key)
    page.click("dialog button:has-text('I have it')")
    page.click("dialog button:has-text('Ask for a key')")
    page.wait_for_selector("[data-panel=access] .ms-saved:has-text('Saved.')")
    assert httpx.get(f"{server.url}/api/v1/jobs").status_code == 401
    assert httpx.get(f"{server.url}/api/v1/jobs", headers={"authorization": f"Bearer {key}"}).status_code == 200
    try:
        page.reload()  # this browser stays in
        page.wait_for_selector("[data-key] >> text=Studio")
        assert page.is_visible("[data-key] >> text=this browser")
        assert key not in page.content()

        page.click("button:has-text('Make a key')")
        page.fill("dialog input", "Phone")
        page.click("dialog button:has-text('Make it')")
        second = page.inner_text("dialog .ms-key")
        page.click("dialog button:has-text('I have it')")
        assert httpx.get(f"{server.url}/api/v1/jobs", headers={"x-api-key": second}).status_code == 200
        page.click("[data-key]:has-text('Phone') button:has-text('Revoke')")
        page.click("dialog button:has-text('Revoke')")
        page.wait_for_selector("[data-key]:has-text('Phone')", state="detached")
        assert httpx.get(f"{server.url}/api/v1/jobs", headers={"x-api-key": second}).status_code == 401
    finally:
        page.click("label:has-text('Whoever reaches the server')")
        page.click("dialog button:has-text('Let everybody in')")
        page.wait_for_selector("[data-panel=access] .ms-saved:has-text('Saved.')")
    assert httpx.get(f"{server.url}/api/v1/jobs").status_code == 200


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_language_and_theme_of_this_browser(open_page: Callable[..., Any], language: str) -> None:
    page = open_page("?tab=settings", locale=language)
    texts = own_texts(language)
    page.click(f"label:has-text('{texts['settings.theme.dark']}')")
    assert page.evaluate("document.body.classList.contains('dark')")
    page.reload()
    page.wait_for_selector("#own-language")
    assert page.evaluate("document.body.classList.contains('dark')")
    with page.expect_navigation():
        page.select_option("#own-language", "ja")
    page.wait_for_selector(f"h2:has-text('{own_texts('ja')['tab.settings']}')")
    with page.expect_navigation():
        page.select_option("#own-language", "")
    page.wait_for_selector(f"h2:has-text('{texts['tab.settings']}')")


def test_the_disk_and_the_diagnostics(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page("?tab=settings&group=storage")
    page.wait_for_function("/MB|GB/.test(document.querySelector('[data-kind=jobs] .ms-disk-size')?.textContent)")
    visit(page, "about")
    page.click("[data-panel=diagnostics] button:has-text('Show')")
    page.wait_for_selector("[data-panel=diagnostics] pre:not([hidden])")
    assert "MSST-WebUI" in page.inner_text("[data-panel=diagnostics] pre")
    with page.expect_download() as download:
        page.click("[data-panel=diagnostics] a")
    assert download.value.suggested_filename == "msst-diagnostics.txt"
    assert sample_job["state"] == "completed"


@pytest.mark.parametrize("language", ["zh-CN", "ja"])
def test_every_part_is_translated_and_fits_a_phone(open_page: Callable[..., Any], language: str) -> None:
    page = open_page("?tab=settings", **{**PHONE, "locale": language})
    found = {}
    for part in PARTS:
        visit(page, part)
        unfold(page)
        page.wait_for_timeout(150)
        found[part] = untranslated(page, language) + too_wide(page) + too_small(page)
    assert not {part: lines for part, lines in found.items() if lines}


@pytest.mark.skipif(not os.environ.get("MSST_AXE"), reason="no axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_part(open_page: Callable[..., Any], scheme: str) -> None:
    page = open_page("?tab=settings", color_scheme=scheme)
    found = {}
    for part in PARTS:
        visit(page, part)
        unfold(page)
        found[part] = violations(page)
    assert not {part: lines for part, lines in found.items() if lines}
