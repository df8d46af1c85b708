"""The tab Ensemble: of models and of files, on desktop and phone, in English and Chinese."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from tests.conftest import Server
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.looks import too_small, too_wide, unfold, untranslated, violations
from tests.tools.analysis.synth import noise, save

CHINESE_PHONE = {**PHONE, "locale": "zh-CN", "color_scheme": "dark"}
SIZES = pytest.mark.parametrize("options", [DESKTOP, CHINESE_PHONE], ids=["desktop-en", "phone-zh"])
DONE = ".ms-ensemble .ms-done[data-state=completed]"
BUILT_IN = "spleeter_2stems"


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("ensemble")
    return save(folder / "one.wav", noise(2, seed=1)), save(folder / "two.wav", noise(2, seed=2))


def opened(open_page: Callable[..., Any], query: str, options: dict[str, Any]) -> Any:
    page = open_page(f"?tab=ensemble{query}", **options)
    page.wait_for_selector("#ensemble-start")
    return page


def give(page: Any, section: str, *files: Path) -> None:
    place = f"[aria-labelledby={section}]"
    page.set_input_files(f"{place} input[type=file]:not([webkitdirectory])", [str(file) for file in files])
    page.wait_for_selector(f"{place} .ms-song[data-state=ready] >> nth={len(files) - 1}")


def add_built_in(page: Any) -> None:
    page.click(".ms-ensemble-models > .ms-stack > div:last-child > button")
    page.locator(".ms-picker-head .ms-choice").nth(1).click()  # installed
    page.locator(".ms-picker-row", has_text="Spleeter 2 stems").locator(".ms-primary").click()
    page.wait_for_selector("dialog", state="detached")


def shown_job(server: Server, page: Any) -> dict[str, Any]:
    page.wait_for_selector(DONE)
    return dict(httpx.get(f"{server.url}/api/v1/jobs/{page.locator(DONE).first.get_attribute('data-job')}").json())


def fine(page: Any, options: dict[str, Any]) -> None:
    unfold(page)
    page.wait_for_timeout(200)
    assert not too_wide(page)
    if options is CHINESE_PHONE:
        assert not too_small(page)
        assert not untranslated(page, "zh-CN", ("Spleeter 2 stems (built in)",))


@SIZES
def test_two_files_become_one_by_their_weights(
    open_page: Callable[..., Any], server: Server, sounds: tuple[Path, Path], options: dict[str, Any]
) -> None:
    page = opened(open_page, "&from=files", options)
    give(page, "ensemble-files", sounds[0])
    assert page.locator("#ensemble-start").is_disabled()
    assert page.inner_text("#ensemble-why")
    give(page, "ensemble-files", *sounds)
    page.locator("[aria-labelledby=ensemble-files] .ms-song button[aria-label]").first.click()  # the one that is there twice
    page.wait_for_function("document.querySelectorAll('[aria-labelledby=ensemble-files] .ms-part').length === 2")
    weight = page.locator(".ms-part", has_text="one.wav").locator(".ms-weights > .ms-field input[type=number]")
    weight.fill("3")
    weight.press("Tab")
    page.click("#ensemble-start")
    page.wait_for_selector(".ms-doubt-picture")
    (result,) = shown_job(server, page)["results"]
    found = soundfile.read(io.BytesIO(httpx.get(f"{server.url}{result['url']}").content), dtype="float32", always_2d=True)[0].T
    assert np.allclose(found, 0.75 * noise(2, seed=1) + 0.25 * noise(2, seed=2), atol=1e-6)
    label = page.get_attribute(".ms-doubt-picture", "aria-label")
    assert f"{result['disagreement']:.0f}".replace("-", "−") in label
    fine(page, options)


@SIZES
def test_two_models_with_weights_and_then_the_mixer(
    open_page: Callable[..., Any], server: Server, song: Path, options: dict[str, Any]
) -> None:
    page = opened(open_page, "", options)
    assert page.locator("#ensemble-start").is_disabled()
    add_built_in(page)
    assert page.inner_text("#ensemble-why")  # one is none
    add_built_in(page)
    give(page, "ensemble-songs", song)
    page.wait_for_function("!document.querySelector('#ensemble-start').disabled")
    weight = page.locator(".ms-member .ms-weights > .ms-field input[type=number]").nth(1)
    weight.fill("2.5")
    weight.press("Tab")
    page.locator(".ms-ensemble-how > .ms-details > summary").click()
    page.locator(".ms-ensemble-how .ms-toggle label").first.click()  # also the rest
    page.click("#ensemble-start")
    job = shown_job(server, page)
    assert [result["stem"] for result in job["results"]] == ["vocals", "residual"]
    (step,) = (each for each in httpx.get(f"{server.url}/api/v1/jobs/{job['id']}/preset").json()["steps"] if each["kind"] == "ensemble")
    assert [member.get("weight", 1) for member in step["members"]] == [1, 2.5]
    page.reload()
    page.wait_for_selector(DONE)  # what was chosen and made is still there
    assert page.locator(".ms-member .ms-weights > .ms-field input[type=number]").nth(1).input_value() == "2.5"
    fine(page, options)
    page.locator(f"{DONE} a.ms-primary").click()
    page.wait_for_selector("#tab-result .ms-desk")
    assert page.evaluate("new URLSearchParams(location.search).get('job')") == job["id"]


def test_half_a_minute_is_tried_and_the_ensemble_kept(
    open_page: Callable[..., Any], server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    long = save(tmp_path_factory.mktemp("long") / "long.wav", noise(45))
    page = opened(open_page, "", DESKTOP)
    add_built_in(page)
    add_built_in(page)
    assert page.locator("#ensemble-try").is_hidden()
    give(page, "ensemble-songs", long)
    page.locator(".ms-ensemble-how .ms-choice").nth(1).click()  # clearer
    page.click("#ensemble-try")
    (result,) = shown_job(server, page)["results"]
    assert result["frames"] == 30 * 44100
    page.click("#ensemble-save")
    page.fill("dialog input", "Kept one")
    page.click("dialog .ms-primary")
    page.wait_for_selector(".ms-toast")
    (card,) = (each for each in httpx.get(f"{server.url}/api/v1/presets").json()["presets"] if each["title"] == "Kept one")
    stored = httpx.get(f"{server.url}/api/v1/presets/{card['name']}").json()["preset"]
    assert stored["steps"][0]["algorithm"] == "min_fft"
    assert [member["model"] for member in stored["steps"][0]["members"]] == [BUILT_IN] * 2
    page.click("#ensemble-save")
    page.fill("dialog input", "Kept one")
    page.click("dialog .ms-primary")
    page.wait_for_selector("dialog .ms-danger")  # it asks before it takes the place of another
    page.keyboard.press("Escape")
    page.click("#ensemble-save")
    page.fill("dialog input", "kept ONE")
    page.click("dialog .ms-primary")
    page.wait_for_selector(".ms-toast:has-text('kept_ONE_2')")  # no other: its file would be that of the first
    assert httpx.get(f"{server.url}/api/v1/presets/{card['name']}").json()["preset"] == stored
    for name in (card["name"], "kept_ONE_2"):
        httpx.delete(f"{server.url}/api/v1/presets/{name}").raise_for_status()


def test_songs_that_were_submitted_are_not_submitted_again(
    open_page: Callable[..., Any], server: Server, sounds: tuple[Path, Path], watched: Any
) -> None:
    watched.allowed.append("429")
    page = opened(open_page, "", DESKTOP)
    add_built_in(page)
    add_built_in(page)
    give(page, "ensemble-songs", *sounds)
    refusal = {"code": "queue_full", "detail": "full", "params": {"limit": 1}}
    calls = iter([lambda route: route.continue_(), lambda route: route.fulfill(status=429, json=refusal)])
    page.route("**/api/v1/jobs", lambda route: next(calls)(route), times=2)
    page.click("#ensemble-start")
    song = page.locator("[aria-labelledby=ensemble-songs] .ms-song")
    song.filter(has_text="one.wav").wait_for(state="detached")
    assert song.locator(".ms-bad-text").inner_text()
    page.click("#ensemble-start")
    page.wait_for_selector(f"{DONE} >> nth=1")
    assert sorted(page.locator(".ms-done h3").all_inner_texts()) == ["one", "two"]
    assert song.locator(".ms-bad-text").inner_text() == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: Callable[..., Any], sounds: tuple[Path, Path], scheme: str) -> None:
    page = opened(open_page, "", {"color_scheme": scheme})
    add_built_in(page)
    unfold(page)
    found = violations(page, within="#tab-ensemble")
    page.locator(".ms-ensemble > .ms-choices .ms-choice").nth(1).click()
    give(page, "ensemble-files", *sounds)
    page.click("#ensemble-start")
    page.wait_for_selector(".ms-doubt-picture")
    unfold(page)
    assert not found + violations(page, within="#tab-ensemble")
