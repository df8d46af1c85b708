"""A musician's way through the page: a song in, progress, stems to hear and to keep."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from tests.conftest import Server, chord

pytestmark = pytest.mark.browser

CHUNK_S = 5


def jobs(server: Server) -> list[dict[str, Any]]:
    return list(httpx.get(f"{server.url}/api/v1/jobs").json()["jobs"])


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


def test_from_the_sample_song_to_listening_and_keeping(open_page: Callable[..., Any], server: Server) -> None:
    page = open_page()
    page.click("#sample")
    page.wait_for_selector(".ms-desk")  # it opens by itself
    job = next(job for job in jobs(server) if f"job={job['id']}" in page.url)
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
    result = job["results"][0]
    stem, rate = soundfile.read(download.value.path())
    assert download.value.suggested_filename == result["file"]
    assert (len(stem), rate) == (result["frames"], result["sample_rate"])

    with page.expect_download() as download:
        page.click(".ms-zip")
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert sorted(Path(name).name for name in archive.namelist()) == sorted(result["file"] for result in job["results"])


def test_several_songs_and_one_that_cannot_be_read(
    open_page: Callable[..., Any], server: Server, song: Path, broken_song: Path, tmp_path: Path
) -> None:
    strange = tmp_path / "<img src=x onerror=alert(1)> 夜曲.flac"
    soundfile.write(strange, chord(2.0, 48000, 1), 48000)
    page = open_page()
    page.set_input_files("#songs input[type=file]", [song, broken_song, strange])
    page.wait_for_selector("#start:has-text('3 songs'):enabled")
    page.click("#format label:has-text('FLAC')")
    page.click("#start")
    problem = page.wait_for_selector(".ms-problem")
    assert broken_song.name in problem.inner_text()
    assert "cannot be read" in problem.inner_text()
    for title in (song.stem, strange.stem):
        page.locator(".ms-job[data-state=completed]", has=page.get_by_role("heading", name=title, exact=True)).first.wait_for()
    assert not page.query_selector(".ms img")
    assert page.is_disabled("#start")  # the songs are handed over
    done = next(job for job in jobs(server) if job["file"] == strange.name)
    assert done["format"] == {"container": "flac", "subtype": "PCM_24"}
    assert all(result["file"].endswith(".flac") for result in done["results"])


def test_a_reload_and_another_device_find_the_running_job_and_cancel_it(
    open_page: Callable[..., Any], server: Server, tmp_path: Path
) -> None:
    song = tmp_path / "endless.wav"
    soundfile.write(song, np.tile(chord(30.0), (8, 1)), 44100, subtype="PCM_16")
    page = open_page()
    page.set_input_files("#songs input[type=file]", song)
    page.wait_for_selector("#start:enabled")
    page.click("#start")
    page.wait_for_selector(".ms-job[data-state=running]:has-text('endless')")
    page.reload()
    page.wait_for_selector(".ms-job[data-state=running]:has-text('endless')")
    page.wait_for_selector(".ms-stage:has-text('Separating'):has-text('left')")
    page.wait_for_function("Number(document.querySelector('[role=progressbar]').getAttribute('aria-valuenow')) > 2")
    phone = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    row = phone.locator(".ms-job[data-state=running]", has_text="endless")
    row.locator("[data-action=cancel]").tap()
    for device in (page, phone):
        device.wait_for_selector(".ms-job[data-state=cancelled]:has-text('endless')")
    row = phone.locator(".ms-job", has_text="endless")
    row.locator("[data-action=delete]").tap()
    row.locator("[data-action=yes]").tap()
    row.wait_for(state="detached")
    assert not [job for job in jobs(server) if job["title"] == "endless"]


def test_without_the_server_the_page_stays_calm_and_comes_back(open_page: Callable[..., Any], watched: Any) -> None:
    watched.allowed.append("ERR_FAILED")
    page = open_page()
    page.route("**/api/v1/jobs?*", lambda route: route.abort())
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_selector(".ms-banner:has-text('server is away')")
    page.unroute("**/api/v1/jobs?*")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_function("document.querySelector('.ms-banner').textContent === ''")
