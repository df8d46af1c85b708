"""The mixer: all stems in one transport, sample by sample."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import soundfile

pytestmark = pytest.mark.browser

CHUNK_S = 5


def seconds(page: Any) -> float:
    minutes, rest = page.inner_text(".ms-now").split(":")
    return int(minutes) * 60 + float(rest)


def check_schedule(started: list[dict[str, Any]], stems: int) -> None:
    """All stems of a chunk start at one time; each chunk starts where the one before it ended, to a fraction of a sample."""
    groups = [started[i : i + stems] for i in range(0, len(started), stems)]
    for group in groups:
        assert sorted(source["stem"] for source in group) == list(range(stems))
        assert len({(source["when"], source["offset"], source["length"]) for source in group}) == 1
        assert group[0]["when"] > group[0]["now"]  # never late
    for (first, *_), (second, *_) in pairwise(groups):
        played = first["length"] / first["rate"] - first["offset"]
        end = first["when"] + played
        if second["now"] < end:
            assert abs(end - second["when"]) * first["rate"] < 1e-3
        else:  # the sound ran dry, because a busy machine brought the chunk late: all stems start again as soon as it is there
            assert second["when"] - second["now"] < 0.1
        assert second["offset"] == 0


def test_all_stems_start_together_and_can_be_kept(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page(f"?job={sample_job['id']}")
    page.wait_for_selector(".ms-desk")
    assert [strip.inner_text() for strip in page.query_selector_all(".ms-strip h3")] == ["Vocals", "Accompaniment"]

    page.click(".ms-play")
    page.wait_for_function("document.querySelector('.ms-desk').dataset.state === 'playing'")
    before = page.evaluate("window.contexts[0].currentTime")
    page.wait_for_function("document.querySelector('.ms-now').textContent > '0:01'")
    assert page.evaluate("window.contexts[0].currentTime") > before
    assert page.evaluate("window.contexts.length") == 1
    check_schedule(page.evaluate("window.started"), stems=2)

    with page.expect_download() as download:
        page.click(".ms-strip >> nth=0 >> .ms-download")
    result = sample_job["results"][0]
    stem, rate = soundfile.read(download.value.path())
    assert download.value.suggested_filename == result["file"]
    assert (len(stem), rate) == (result["frames"], result["sample_rate"])

    with page.expect_download() as download:
        page.click(".ms-zip")
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert sorted(Path(name).name for name in archive.namelist()) == sorted(result["file"] for result in sample_job["results"])


def test_a_link_opens_the_mixer_where_it_was_left(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page(f"?job={sample_job['id']}")
    page.wait_for_selector(".ms-desk")
    page.keyboard.press("1")
    page.keyboard.press("Shift+Digit2")
    volume = page.locator(".ms-strip >> nth=1 >> input[type=range]")
    volume.fill("-6")
    assert volume.get_attribute("aria-valuetext") == "−6.0 dB"
    page.keyboard.press("ArrowLeft")  # on the fader: one of its own steps
    assert volume.get_attribute("aria-valuetext") == "−6.5 dB"
    page.reload()
    page.wait_for_selector(".ms-desk")
    pressed = [[b.get_attribute("aria-pressed") for b in s.query_selector_all("button")] for s in page.query_selector_all(".ms-strip")]
    assert pressed == [["true", "false"], ["false", "true"]]
    assert page.input_value(".ms-strip >> nth=1 >> input[type=range]") == "-6.5"


def test_seeking_keeps_all_stems_together(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page(f"?job={sample_job['id']}")
    page.wait_for_selector(".ms-desk")
    page.keyboard.press("Space")
    page.wait_for_function("window.started.length >= 2")
    page.evaluate("window.started.length = 0")
    page.locator(".ms-wave").first.click(position={"x": 100, "y": 20})
    page.wait_for_function("window.started.length >= 2")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("window.started.length >= 4 && document.querySelector('.ms-desk').dataset.state === 'playing'")
    started = page.evaluate("window.started")
    for first, second in zip(started[::2], started[1::2], strict=True):
        assert (first["when"], first["offset"]) == (second["when"], second["offset"])
    assert seconds(page) > CHUNK_S
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    assert page.get_attribute(".ms-desk", "data-state") == "stopped"


def test_late_sound_stops_all_stems_at_the_same_border(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page()
    slow = sample_job["results"][1]["file"]
    held: list[Any] = []
    page.route(f"**/{slow}/pcm?start=220500&*", lambda route: held.append(route))  # the second chunk of one stem does not come
    page.evaluate("id => history.replaceState(null, '', '?job=' + id)", sample_job["id"])
    page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    page.wait_for_selector(".ms-desk")
    box = page.locator(".ms-wave").first.bounding_box()
    at = 4.2 * sample_job["results"][0]["sample_rate"] / sample_job["results"][0]["frames"]
    page.locator(".ms-wave").first.click(position={"x": box["width"] * at, "y": 20})
    page.click(".ms-play")
    page.wait_for_selector(".ms-desk[data-state=playing]")
    page.wait_for_selector(".ms-status:has-text('Loading')")
    assert len(page.evaluate("window.started")) == 2  # neither stem went on alone
    assert seconds(page) == CHUNK_S
    held[0].continue_()
    page.wait_for_function("window.started.length >= 4")
    first, _, third, fourth = page.evaluate("window.started")[:4]
    assert third["when"] == fourth["when"]
    assert third["when"] > first["when"] + CHUNK_S - first["offset"]
    assert third["offset"] == 0


def test_a_link_to_a_deleted_job_says_so(open_page: Callable[..., Any], watched: Any) -> None:
    watched.allowed.append("404")
    page = open_page("?job=00000000-0000-4000-8000-000000000000")
    page.wait_for_selector(".ms-message:has-text('no longer on the server')")
    page.click(".ms-result-head button")
    assert "job=" not in page.url
