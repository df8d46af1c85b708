"""Jobs on the page: all that ran, from page, REST and command line; found, opened, run again, deleted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from inference.catalogue import sample_song
from tests.conftest import ROOT, Server
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.looks import too_small, too_wide, unfold, untranslated, violations
from webui.i18n import own_texts

pytestmark = pytest.mark.browser

SIZES = {"desktop": DESKTOP, "phone": PHONE}


def ended(server: Server, job: dict[str, Any]) -> dict[str, Any]:
    while job["state"] in ("queued", "running"):
        time.sleep(0.1)
        job = httpx.get(f"{server.url}/api/v1/jobs/{job['id']}").json()
    return job


def submit(server: Server, title: str, door: str = "rest") -> dict[str, Any]:
    return dict(httpx.post(f"{server.url}/api/v1/jobs", data={"sample": "true", "title": title, "door": door}).json())


@pytest.fixture(scope="module")
def ran(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A job of each door, and one that failed: ids by title."""
    settings, folder = f"{server.url}/api/v1/settings", tmp_path_factory.mktemp("terminal")
    httpx.post(f"{server.url}/api/v1/jobs/delete", json={"states": ["completed", "failed", "cancelled"]})
    jobs = [ended(server, submit(server, "From page", "ui")), ended(server, submit(server, "From a program"))]
    song = folder / "From terminal.mp3"
    song.write_bytes(sample_song().read_bytes())
    command = [sys.executable, "webui.py", "separate", str(song), "-o", str(folder / "out")]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "MSST_HOME": str(server.home)}, check=True, capture_output=True, timeout=120)
    httpx.patch(settings, json={"job_time_limit": 0.01})
    jobs.append(ended(server, submit(server, "Took too long")))
    httpx.patch(settings, json={"job_time_limit": None})
    terminal = httpx.get(f"{server.url}/api/v1/jobs", params={"source": "cli", "text": "terminal"}).json()["jobs"]
    yield {job["title"]: job["id"] for job in [*jobs, *terminal]}
    httpx.post(f"{server.url}/api/v1/jobs/delete", json={"ids": [job["id"] for job in [*jobs, *terminal]]})


def shown(page: Any) -> list[str]:
    return list(page.locator(".ms-run-title:not(.ms-run-columns *)").all_inner_texts())


def expect(page: Any, titles: list[str]) -> None:
    page.wait_for_function(
        """(titles) => {
          const shown = [...document.querySelectorAll(".ms-run h3")].map((each) => each.textContent);
          return JSON.stringify(shown.sort()) === JSON.stringify(titles);
        }""",
        arg=sorted(titles),
    )


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("size", SIZES)
def test_all_doors_are_listed_and_filtered(open_page: Callable[..., Any], ran: dict[str, str], size: str, language: str) -> None:
    page = open_page("?tab=jobs&sheet=99", **{**SIZES[size], "locale": language})
    texts = own_texts(language)
    page.wait_for_selector(".ms-run")
    assert "sheet=" not in page.url  # there is no such page any more
    assert set(ran) <= set(shown(page))
    page.select_option(f"select[aria-label='{texts['jobs.filter.source']}']", "cli")
    expect(page, ["From terminal"])
    assert "source=cli" in page.url
    assert texts["jobs.source.cli"] in page.inner_text(".ms-run")
    page.reload()
    expect(page, ["From terminal"])
    page.select_option(f"select[aria-label='{texts['jobs.filter.source']}']", "")
    page.select_option(f"select[aria-label='{texts['jobs.filter.state']}']", "failed")
    expect(page, ["Took too long"])
    assert texts["error.time_limit"] in page.inner_text(".ms-run")
    page.select_option(f"select[aria-label='{texts['jobs.filter.state']}']", "")
    page.fill("[role=search] input[type=search]", "PROGRAM from")
    expect(page, ["From a program"])
    page.select_option(f"select[aria-label='{texts['jobs.filter.age']}']", "older")
    page.wait_for_selector(f".ms-jobs-note >> text={texts['jobs.none.match']}")
    page.click(f"button:has-text('{texts['jobs.none.clear']}')")
    page.wait_for_function("document.querySelectorAll('.ms-run').length >= 4")


def test_the_link_of_a_job_unfolds_it(open_page: Callable[..., Any], ran: dict[str, str], watched: Any) -> None:
    page = open_page(f"?tab=jobs&source=cli&job={ran['From a program']}")  # the filter alone would not show it
    page.wait_for_selector(f"[data-job='{ran['From a program']}'] .ms-run-details:not([hidden]) .ms-run-file >> nth=1")
    page.wait_for_selector(".ms-run-details pre >> text=accepted")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("button:has-text('Copy log')")
    page.wait_for_selector(".ms-toast")
    assert "accepted" in page.evaluate("navigator.clipboard.readText()")
    with page.expect_download() as download:
        page.click(".ms-run-file a >> nth=0")
    assert download.value.suggested_filename.endswith(".wav")
    page.click("[data-job] button:has-text('Details')")
    page.wait_for_function("!location.search.includes('job=')")
    watched.allowed = ["404 (Not Found)"]
    page.goto(page.url.split("?")[0] + "?tab=jobs&job=00000000-0000-4000-8000-000000000000")
    page.wait_for_selector(".ms-jobs-gone")


def test_run_again_listen_and_delete(open_page: Callable[..., Any], server: Server, ran: dict[str, str]) -> None:
    page = open_page("?tab=jobs&source=ui")
    expect(page, ["From page"])
    page.click(f"[data-job='{ran['From page']}'] button[aria-haspopup=menu]")
    page.click("[role=menuitem]:has-text('Run again') >> nth=0")
    page.wait_for_function("document.querySelectorAll('.ms-run').length === 2")
    new = page.get_attribute(".ms-run >> nth=0", "data-job")
    page.wait_for_selector(f"[data-job='{new}'][data-state=completed]")
    page.click(f"[data-job='{new}'] button[aria-haspopup=menu]")
    page.click("[role=menuitem]:has-text('Delete')")
    assert "From page" in page.inner_text("dialog")
    assert "MB" in page.inner_text("dialog")
    page.click("dialog button:has-text('Cancel')")
    page.click(f"[data-job='{new}'] button[aria-haspopup=menu]")
    page.click("[role=menuitem]:has-text('Delete')")
    page.click("dialog button:has-text('Delete')")
    page.wait_for_selector(f"[data-job='{new}']", state="detached")
    assert httpx.get(f"{server.url}/api/v1/jobs/{new}").status_code == 404
    page.click(f"[data-job='{ran['From page']}'] [data-action=open]")
    page.wait_for_selector(".ms-desk")
    assert f"job={ran['From page']}" in page.url
    assert "tab=result" in page.url


def test_run_again_with_changes_goes_to_separate(open_page: Callable[..., Any], ran: dict[str, str]) -> None:
    page = open_page("?tab=jobs&text=program")
    expect(page, ["From a program"])
    page.click(".ms-run button[aria-haspopup=menu]")
    page.click("[role=menuitem]:has-text('with changes')")
    page.wait_for_function(
        "(id) => location.search.includes('tab=separate') && location.search.includes(`again=${id}`)", arg=ran["From a program"]
    )


def test_waiting_jobs_are_moved_and_cancelled(open_page: Callable[..., Any], server: Server, watched: Any) -> None:
    watched.allowed = ["409 (Conflict)"]  # its turn may have come meanwhile
    first = submit(server, "Holds the line")
    others = [submit(server, f"Waits {number}") for number in (1, 2)]
    page = open_page("?tab=jobs")
    row = f"[data-job='{others[1]['id']}']"
    try:
        page.wait_for_selector(row)
        if page.get_attribute(row, "data-state") == "queued":  # a fast machine is through already
            page.click(f"{row} button[aria-haspopup=menu]")
            if page.is_visible("[role=menuitem]:has-text('Move to the front')"):
                page.click("[role=menuitem]:has-text('Move to the front')")
            page.click(f"{row} [data-action=cancel]", timeout=5000)
            page.wait_for_selector(f"{row}:is([data-state=cancelled], [data-state=completed])")
    finally:
        httpx.post(f"{server.url}/api/v1/jobs/delete", json={"ids": [each["id"] for each in (first, *others)]})


@pytest.mark.parametrize("size", SIZES)
def test_several_are_downloaded_and_deleted_and_the_rest_is_cleaned_up(
    open_page: Callable[..., Any], server: Server, ran: dict[str, str], size: str
) -> None:
    made = [ended(server, submit(server, f"Several {number}")) for number in (1, 2)]
    httpx.patch(f"{server.url}/api/v1/settings", json={"job_time_limit": 0.01})
    failed = ended(server, submit(server, "Several failed"))
    httpx.patch(f"{server.url}/api/v1/settings", json={"job_time_limit": None})
    assert failed["state"] == "failed"
    page = open_page("?tab=jobs&text=several", **SIZES[size])
    page.wait_for_function("document.querySelectorAll('.ms-run').length === 3")
    for job in made:
        page.check(f"[data-job='{job['id']}'] .ms-check")
    downloads: list[Any] = []
    page.on("download", lambda each: downloads.append(each))
    page.click("button:has-text('Download as zip')")
    deadline = time.monotonic() + 20
    while len(downloads) < 2 and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert all(zipfile.is_zipfile(Path(each.path())) for each in downloads)
    assert len(downloads) == 2
    page.click(".ms-jobs-chosen button:has-text('Delete')")
    assert "2 songs" in page.inner_text("dialog")
    page.click("dialog button:has-text('Delete')")
    expect(page, ["Several failed"])

    page.click("button:has-text('Clean up')")
    page.wait_for_selector("dialog .ms-jobs-told:has-text('Jobs to delete')")
    page.click("dialog button:has-text('Delete')")
    page.wait_for_selector(".ms-jobs-note >> text=No job matches.")
    left = {job["title"] for job in httpx.get(f"{server.url}/api/v1/jobs").json()["jobs"]}
    assert {"From page", "From a program", "From terminal"} <= left
    assert not left & {"Several failed", "Took too long"}
    ran.pop("Took too long", None)  # it went with the others


def test_the_machine_is_asked_only_while_it_is_shown(open_page: Callable[..., Any], ran: dict[str, str]) -> None:
    page = open_page("?tab=jobs")
    page.wait_for_function("/ %$/.test(document.querySelector('[data-measure=cpu] .ms-tile-value')?.textContent)")
    assert "GB" in page.inner_text("[data-measure=memory]")
    assert "free" in page.inner_text("[data-measure=disk]")
    assert "MB" in page.inner_text("[data-measure=disk] .ms-hint")
    assert ran
    asked: list[str] = []
    page.on("request", lambda request: "/api/v1/system" in request.url and asked.append(request.url))
    page.wait_for_timeout(3000)
    assert asked
    page.click("a[data-to=separate]")
    page.wait_for_timeout(500)
    asked.clear()
    page.wait_for_timeout(3000)
    assert not asked


@pytest.mark.parametrize("language", ["zh-TW", "ko"])
def test_everything_open_is_translated_and_fits_a_phone(open_page: Callable[..., Any], ran: dict[str, str], language: str) -> None:
    page = open_page(f"?tab=jobs&job={ran['From page']}", **{**PHONE, "locale": language})
    texts = own_texts(language)
    page.wait_for_selector(".ms-run-details:not([hidden]) pre:not([hidden])")
    unfold(page)
    found = {"open": untranslated(page, language) + too_wide(page) + too_small(page)}
    page.click(f"[data-job='{ran['From page']}'] button[aria-haspopup=menu]")
    found["menu"] = untranslated(page, language) + too_wide(page) + too_small(page)
    page.keyboard.press("Escape")
    page.click(f"button:has-text('{texts['jobs.clean']}')")
    page.wait_for_selector("dialog")
    found["clean"] = untranslated(page, language) + too_wide(page) + too_small(page)
    assert not {name: lines for name, lines in found.items() if lines}


@pytest.mark.skipif(not os.environ.get("MSST_AXE"), reason="no axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: Callable[..., Any], ran: dict[str, str], scheme: str) -> None:
    page = open_page(f"?tab=jobs&job={ran['From page']}", color_scheme=scheme)
    page.wait_for_selector(".ms-run-details:not([hidden]) pre:not([hidden])")
    found = {"open": violations(page)}
    page.click("button:has-text('Clean up')")
    page.wait_for_selector("dialog .ms-jobs-told")
    found["clean"] = violations(page)
    assert not {name: lines for name, lines in found.items() if lines}
