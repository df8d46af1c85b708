"""A result and what can be done with it: other formats, the mix, its quality, comparing, separating again; links, keys, phones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from tests.conftest import Server
from tests.e2e.conftest import PHONE
from tests.e2e.desk import choose, groups

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def second_job(server: Server, sample_job: dict[str, Any]) -> dict[str, Any]:
    """The same song separated once more."""
    job = httpx.post(f"{server.url}/api/v1/jobs/{sample_job['id']}/rerun").json()
    while job["state"] in ("queued", "running"):
        job = httpx.get(f"{server.url}/api/v1/jobs/{job['id']}").json()
    assert job["state"] == "completed"
    return dict(job)


def test_another_format_is_made_and_saved(open_desk: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_desk()
    with page.expect_download() as download:
        choose(page, ".ms-strip >> nth=1 >> .ms-strip-menu button >> nth=0", "Download as FLAC")
        page.wait_for_selector(".ms-running [role=progressbar]")
    stem, rate = soundfile.read(download.value.path())
    assert download.value.suggested_filename.endswith(".flac")
    assert (len(stem), rate) == (sample_job["results"][1]["frames"], 44100)
    page.wait_for_selector(".ms-running", state="detached")
    with page.expect_download() as download:
        choose(page, ".ms-result-actions button:has-text('Download')", "All as MP3")
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert [Path(name).suffix for name in archive.namelist()] == [".mp3", ".mp3"]


def test_what_is_made_of_a_result_that_was_left_is_not_forgotten(
    open_desk: Callable[..., Any], watched: Any, sample_job: dict[str, Any]
) -> None:
    watched.allowed.append("404")
    page = open_desk()
    states: list[dict[str, Any]] = [{"state": "queued", "progress": 0}]
    page.route("**/tools/convert", lambda route: route.fulfill(status=202, json={"id": "made", **states[0]}))
    gone = {"status": 404, "json": {"code": "unknown_job"}}
    page.route("**/jobs/made", lambda route: route.fulfill(**({"json": states[0]} if states else gone)))
    menu = ".ms-strip >> nth=0 >> .ms-strip-menu button >> nth=0"
    choose(page, menu, "Download as FLAC")
    page.wait_for_selector(".ms-running")
    page.click(".ms-back")
    states[0] = {"state": "failed", "error": {"code": "disk_full"}}
    page.wait_for_selector("#ms-alerts :has-text('Vocals as FLAC'):has-text('is full')")
    page.click(f".ms-finished-row[href*='{sample_job['id']}']")
    page.click(".ms-running:has-text('is full') button")
    page.wait_for_selector(".ms-running", state="detached")
    states[0] = {"state": "queued", "progress": 0}
    choose(page, menu, "Download as FLAC")
    page.wait_for_selector(".ms-running")
    states.clear()  # somebody deletes it
    page.wait_for_selector(".ms-running.ms-bad:has-text('not in the list')")


def test_the_mix_is_saved_as_it_is_heard(open_desk: Callable[..., Any], server: Server, sample_job: dict[str, Any]) -> None:
    page = open_desk()
    page.keyboard.press("1")
    page.locator(".ms-strip >> nth=1 >> .ms-volume-range").fill("-6")
    page.locator(".ms-strip >> nth=1 >> .ms-pan-range").fill("1")
    page.click(".ms-export")
    assert page.input_value("dialog input[type=text]") == "Sample song - Karaoke"
    assert "Accompaniment (−6.0 dB, 100 % right)" in page.inner_text("dialog")
    page.select_option("dialog select", "wav")
    with page.expect_download() as download:
        page.click("dialog button:has-text('Make and download')")
    mix, _ = soundfile.read(download.value.path())
    stem_file = sample_job["results"][1]["url"]
    stem, _ = soundfile.read(io.BytesIO(httpx.get(f"{server.url}{stem_file}").content))
    assert np.abs(mix[:, 0]).max() == 0
    assert np.allclose(mix[:, 1], stem[:, 1] * 10 ** (-6 / 20), atol=1e-4)


def test_quality_in_words(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    page.click(".ms-quality > summary")
    page.wait_for_selector(".ms-quality-table")
    assert "to the last detail" in page.inner_text(".ms-quality")
    rows = page.locator(".ms-quality-table tbody th").all_inner_texts()
    assert rows == ["Vocals", "Accompaniment", "Original"]
    assert "LUFS" in page.inner_text(".ms-quality-table")


def test_spectrograms_in_place_of_waveforms(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    page.click(".ms-pictures label:has-text('Spectrograms')")
    page.wait_for_function("[...document.querySelectorAll('.ms-spectrum')].filter((image) => image.naturalHeight === 256).length === 2")
    assert page.locator(".ms-strips .ms-wave:visible").count() == 0


def test_two_results_compared_blind(open_desk: Callable[..., Any], watched: Any, second_job: dict[str, Any]) -> None:
    watched.allowed.append("ERR_FAILED")
    page = open_desk()
    page.evaluate("() => { crypto.getRandomValues = (bytes) => bytes.fill(0); }")  # X is always A
    page.route("**/jobs?state=completed*", lambda route: route.abort())
    page.click(".ms-abx")
    page.click("#ms-alerts :has-text('does not answer') ~ button")
    page.unroute("**/jobs?state=completed*")
    page.dblclick(".ms-abx")
    page.wait_for_selector("dialog select >> nth=2")
    page.wait_for_timeout(200)
    assert page.locator("dialog").count() == 1
    assert page.locator("dialog select >> nth=1 >> option").count() >= 1
    page.click("dialog button:has-text('Start listening')")
    page.click(".ms-abx-window .ms-play")
    page.wait_for_function("window.started.length >= 2")
    groups(page.evaluate("window.started"))
    for side in ("a", "b", "x"):
        page.click(f"[data-side={side}]")
        assert page.get_attribute(f"[data-side={side}]", "aria-pressed") == "true"
    for answer in "aaaaaaaab":
        page.click(f"[data-answer={answer}]")
    assert "9" in page.inner_text(".ms-abx-window")
    page.click("button:has-text('Show the result')")
    text = page.inner_text(".ms-abx-window")
    assert "8 of 9 right" in text
    assert "2.0 %" in text  # (9 + 1) / 512
    assert "You hear the difference" in text


def test_a_part_is_separated_again(open_desk: Callable[..., Any], server: Server) -> None:
    page = open_desk()
    page.click(".ms-replace")
    page.wait_for_selector("dialog:has-text('First mark the part')")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.click(".ms-replace")
    page.click("dialog button:has-text('A model')")
    page.click(".ms-picker-row:has-text('Spleeter') .ms-primary")
    page.wait_for_selector("dialog:has-text('Chosen:')")
    page.click("dialog button:has-text('Separate again')")
    page.click(".ms-toast button:has-text('Open')")
    page.wait_for_selector(".ms-desk")
    new = httpx.get(f"{server.url}/api/v1/jobs/{page.url.split('job=')[1]}").json()
    assert {"vocals", "accompaniment"} <= {result["stem"] for result in new["results"]}


@pytest.mark.parametrize(("locale", "word"), [("en-US", "Original"), ("zh-CN", "原曲")])
def test_a_phone_has_the_transport_at_hand(open_desk: Callable[..., Any], locale: str, word: str) -> None:
    page = open_desk(**{**PHONE, "locale": locale})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    bar = page.locator(".ms-transport").bounding_box()
    navigation = page.locator(".ms-nav").bounding_box()
    assert bar["y"] + bar["height"] <= navigation["y"] + 1
    assert page.locator(".ms-original").inner_text().strip() == word
    page.tap(".ms-play")
    page.wait_for_selector(".ms-desk[data-state=playing]")
    page.tap(".ms-practice")
    page.wait_for_selector(".ms-master:visible")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.tap(".ms-strip-menu button >> nth=0")
    page.locator(".ms-menu:not([hidden]) [role=menuitem]").first.tap()
    page.wait_for_selector(".ms-strip.ms-pan-open .ms-pan-range:visible")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.tap(".ms-practice")
    last = page.locator(".ms-quality > summary").bounding_box()
    assert last["y"] + last["height"] <= page.locator(".ms-transport").bounding_box()["y"] + 1


def test_shortcuts_and_their_list(open_desk: Callable[..., Any]) -> None:
    page = open_desk()
    page.keyboard.press("?")
    page.wait_for_selector("dialog:has-text('Keyboard shortcuts')")
    page.keyboard.press("1")  # not while a window is open
    page.keyboard.press("Escape")
    page.locator(".ms-overview").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("[")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("]")
    assert page.get_attribute(".ms-strip >> nth=0 >> .ms-mute", "aria-pressed") == "false"
    assert page.inner_text(".ms-loop-text") == "0:05.0 – 0:10.0"
    assert page.get_attribute(".ms-loop", "aria-pressed") == "true"


def test_a_link_opens_the_mixer_where_it_was_left(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page(f"?job={sample_job['id']}")
    page.wait_for_selector(".ms-desk")
    page.keyboard.press("1")
    page.keyboard.press("Shift+Digit2")
    volume = page.locator(".ms-strip >> nth=1 >> .ms-volume-range")
    volume.fill("-6")
    assert volume.get_attribute("aria-valuetext") == "−6.0 dB"
    page.keyboard.press("ArrowLeft")  # on the fader: one of its own steps
    assert volume.get_attribute("aria-valuetext") == "−6.5 dB"
    page.reload()
    page.wait_for_selector(".ms-desk")
    pressed = [
        [b.get_attribute("aria-pressed") for b in s.query_selector_all("[aria-pressed]")] for s in page.query_selector_all(".ms-strip")
    ]
    assert pressed == [["true", "false"], ["false", "true"]]
    assert page.input_value(".ms-strip >> nth=1 >> .ms-volume-range") == "-6.5"


def test_a_link_to_a_deleted_job_says_so(open_page: Callable[..., Any], watched: Any) -> None:
    watched.allowed.append("404")
    page = open_page("?job=00000000-0000-4000-8000-000000000000")
    page.wait_for_selector(".ms-message:has-text('no longer on the server')")
    page.click(".ms-back")
    assert "job=" not in page.url


def test_a_song_that_is_not_done_says_so_and_opens_when_it_is(open_page: Callable[..., Any], server: Server) -> None:
    job = httpx.post(f"{server.url}/api/v1/jobs", data={"sample": "true"}).json()
    page = open_page(f"?tab=result&job={job['id']}")
    page.wait_for_selector(".ms-message:has-text('when the song is done'), .ms-desk")
    page.wait_for_selector(".ms-desk")
    assert page.is_hidden(".ms-message")


def test_a_stem_is_separated_further(open_desk: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_desk()
    page.evaluate("window.loaded = true")
    choose(page, ".ms-strip >> nth=0 >> .ms-strip-menu button >> nth=0", "Separate this stem further")
    page.wait_for_selector(f".ms-song[data-state=ready]:has-text('{sample_job['results'][0]['file']}')")
    page.wait_for_selector("#start:enabled")
    assert "from=" not in page.url
    assert page.evaluate("window.loaded")  # the page is still the same
