"""The tab Tools: files made of files, and what is found out about them; on desktop and phone, in English and Chinese."""

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
from tests.tools.analysis.synth import progression, save

CHINESE_PHONE = {**PHONE, "locale": "zh-CN", "color_scheme": "dark"}
SIZES = pytest.mark.parametrize("options", [DESKTOP, CHINESE_PHONE], ids=["desktop-en", "phone-zh"])
NAMES = ("First take.wav", "First_take_cut.wav", "First_take.flac")  # in what is read out
FIELD = "[data-open] input[type=file]:not([webkitdirectory])"
OPEN = "(tool) => { history.pushState(null, '', `?tab=tools&tool=${tool}`); dispatchEvent(new PopStateEvent('popstate')); }"
DONE = "[data-open] .ms-done[data-state=completed]"


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A minor at 120 beats per minute, twice, the second softer."""
    folder = tmp_path_factory.mktemp("tools")
    music = np.repeat(progression(9, minor=True, bpm=120, rounds=1), 2, axis=0)
    return save(folder / "First take.wav", music), save(folder / "第二遍.wav", 0.5 * music)


def opened(open_page: Callable[..., Any], tool: str, options: dict[str, Any]) -> Any:
    page = open_page(f"?tab=tools&tool={tool}", **options)
    page.wait_for_selector(f"[data-open={tool}]")
    return page


def give(page: Any, *files: Path, place: int = 0) -> None:
    before = page.locator("[data-open] .ms-song[data-state=ready]").count()
    page.locator(FIELD).nth(place).set_input_files([str(file) for file in files])
    page.wait_for_selector(f"[data-open] .ms-song[data-state=ready] >> nth={before + len(files) - 1}")


def made(server: Server, page: Any) -> list[np.ndarray]:
    """The results of the job that is shown, as samples [C, n]."""
    page.wait_for_selector(DONE)
    job = httpx.get(f"{server.url}/api/v1/jobs/{page.locator(DONE).first.get_attribute('data-job')}").json()
    found = [httpx.get(f"{server.url}{result['url']}").content for result in job["results"]]
    return [soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)[0].T for data in found]


def fine(page: Any, options: dict[str, Any]) -> None:
    """What holds for every state of a tool."""
    unfold(page)
    page.wait_for_timeout(200)
    assert not too_wide(page)
    if options is CHINESE_PHONE:
        assert not too_small(page)
        assert not untranslated(page, "zh-CN", NAMES)


@SIZES
def test_two_files_are_converted_at_once(
    open_page: Callable[..., Any], server: Server, sounds: tuple[Path, Path], options: dict[str, Any]
) -> None:
    page = open_page("?tab=tools", **options)
    page.click("[data-tool=convert]")
    start = page.locator("#start-convert")
    assert start.is_disabled()
    assert page.inner_text("#why-convert")
    give(page, *sounds)
    page.locator("[data-open] select").nth(0).select_option("flac")
    page.locator("[data-open] select").nth(1).select_option("PCM_16")
    page.locator("[data-open] .ms-choice").nth(1).click()  # mono
    assert "2" in start.inner_text()
    start.click()
    first, second = made(server, page)
    assert [len(first), len(second)] == [1, 1]
    length = min(first.shape[1], second.shape[1])
    levels = sorted(float(np.abs(each[:, :length]).max()) for each in (first, second))
    assert levels[1] == pytest.approx(2 * levels[0], rel=0.01)
    page.locator(".ms-player-play").first.click()
    page.wait_for_function("document.querySelector('.ms-player input').valueAsNumber > 0.3")  # it plays
    fine(page, options)
    page.reload()
    page.wait_for_selector(DONE)  # what was made is still there
    assert page.locator("[data-open] select").nth(0).input_value() == "flac"


@SIZES
def test_a_part_is_cut_out_by_its_handles(
    open_page: Callable[..., Any], server: Server, sounds: tuple[Path, Path], options: dict[str, Any]
) -> None:
    page = opened(open_page, "cut", options)
    give(page, sounds[0])
    start, end = page.locator(".ms-cutter [role=slider]").all()
    page.wait_for_function("!document.querySelector('#start-cut').disabled")
    for _ in range(10):
        start.press("ArrowRight")
    assert start.get_attribute("aria-valuenow") == "1.00"
    box = page.locator(".ms-cutter").bounding_box()
    handle = end.bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, handle["y"] + 60, steps=4)
    page.mouse.up()
    assert float(end.get_attribute("aria-valuenow") or 0) == pytest.approx(4, abs=0.1)  # of 8 seconds
    typed = page.locator("[data-open] .ms-number").nth(1)
    typed.fill("0:03.5")
    typed.press("Enter")
    page.click(".ms-cut-listen")
    page.wait_for_function("parseFloat(document.querySelector('.ms-cutter-head').style.left) > 13")
    page.click("#start-cut")
    (part,) = made(server, page)
    whole = soundfile.read(sounds[0], dtype="float32", always_2d=True)[0].T
    assert np.array_equal(part, whole[:, 44100 : round(3.5 * 44100)])
    fine(page, options)


def test_the_one_sound_of_a_tool_stays_until_another_one_comes(
    open_page: Callable[..., Any], watched: Any, sounds: tuple[Path, Path]
) -> None:
    watched.allowed.append("502")
    page = opened(open_page, "cut", DESKTOP)
    give(page, sounds[0])
    page.wait_for_function("!document.querySelector('#start-cut').disabled")
    page.route("**/uploads/link", lambda route: route.fulfill(status=502, json={"code": "link_failed", "detail": "no such host"}))
    page.get_by_role("button", name="Link", exact=True).click()
    page.fill("[data-open] input[type=url]", "https://exmaple.org/song.wav")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-open] .ms-bad-text:has-text('No song could be fetched')")  # and not that the server is away
    assert page.locator("[data-open] .ms-song[data-state=ready]").count() == 1
    colour = "document.querySelector('.ms-cutter-wave').getContext('2d').fillStyle"
    light = page.evaluate(colour)
    page.click(".ms-theme")
    page.wait_for_function(f"{colour} !== '{light}'")
    give_in_place = page.locator(FIELD).first
    give_in_place.set_input_files(str(sounds[1]))
    page.wait_for_selector(f"[data-open] .ms-song[data-state=ready]:has-text('{sounds[1].name}')")
    assert page.locator("[data-open] .ms-song").count() == 1


def test_a_browser_that_keeps_nothing_still_works(open_page: Callable[..., Any], sounds: tuple[Path, Path]) -> None:
    page = open_page()
    page.context.add_init_script(
        """for (const area of ["localStorage", "sessionStorage"]) {
          Object.defineProperty(window, area, { get() { throw new DOMException("refused", "SecurityError"); } });
        }"""
    )
    page.goto(f"{page.url.split('?')[0]}?tab=tools&tool=convert")
    give(page, sounds[0])
    page.locator("[data-open] select").nth(0).select_option("flac")
    page.click("#start-convert")
    page.wait_for_selector(DONE)


def test_sounds_are_joined_in_the_order_that_is_shown(open_page: Callable[..., Any], server: Server, sounds: tuple[Path, Path]) -> None:
    page = opened(open_page, "join", DESKTOP)
    give(page, sounds[0])
    assert page.locator("#start-join").is_disabled()
    give(page, sounds[1])
    names = page.locator(".ms-part-name")
    assert names.all_inner_texts() == ["First take.wav", "第二遍.wav"]
    page.locator("[data-down]").first.click()
    assert names.all_inner_texts() == ["第二遍.wav", "First take.wav"]
    page.click("#start-join")
    (whole,) = made(server, page)
    first, second = (soundfile.read(file, dtype="float32", always_2d=True)[0].T for file in sounds)
    assert np.array_equal(whole, np.concatenate([second, first], axis=1))


@SIZES
def test_a_file_against_itself_scores_perfectly(open_page: Callable[..., Any], sounds: tuple[Path, Path], options: dict[str, Any]) -> None:
    page = opened(open_page, "score", options)
    give(page, sounds[0], place=0)
    give(page, sounds[0], place=1)
    page.wait_for_selector(".ms-big")
    same = {"zh-CN": "完全相同"}.get(options["locale"], "The same")
    assert page.locator(".ms-big strong").all_inner_texts() == [same, same]
    fine(page, options)


@SIZES
def test_key_and_tempo_appear_by_themselves(open_page: Callable[..., Any], sounds: tuple[Path, Path], options: dict[str, Any]) -> None:
    page = opened(open_page, "key-tempo", options)
    asked: list[Any] = []
    page.route("**/tools/key-tempo", lambda route: asked.append(route) or (len(asked) > 1 and route.continue_()))
    give(page, *sounds)
    page.wait_for_timeout(300)
    assert len(asked) == 1  # the server does one at a time: others would wait there, and hold connections
    asked[0].continue_()
    page.wait_for_selector(".ms-big >> nth=3")
    key = {"zh-CN": "A 小调"}.get(options["locale"], "A minor")
    found = page.locator(".ms-big strong").all_inner_texts()
    assert [found[0], found[2]] == [key, key]
    assert [float(text.removesuffix(" BPM")) for text in found[1::2]] == [pytest.approx(120, abs=0.5)] * 2
    assert "8A" in page.inner_text(".ms-figures >> nth=0")
    fine(page, options)


def test_many_files_are_several_jobs_unless_they_belong_together(
    open_page: Callable[..., Any], sample_job: dict[str, Any], watched: Any
) -> None:
    watched.allowed.append("429")
    page = opened(open_page, "convert", DESKTOP)
    songs = [{"reference": {"sample": "song"}, "name": f"{number}.wav", "duration": 1} for number in range(33)]
    keep = "([tool, songs]) => sessionStorage.setItem(`msst-songs-tools-${tool}`, JSON.stringify(songs))"
    page.evaluate(keep, ["convert", songs])
    page.evaluate(keep, ["join", songs])
    page.reload()
    counts: list[int] = []

    def answer(route: Any) -> None:
        counts.append(len(route.request.post_data_json["inputs"]))
        if len(counts) == 2:
            route.fulfill(status=429, json={"code": "queue_full", "detail": "full"})
        else:
            route.fulfill(status=202, json=sample_job)

    page.route("**/api/v1/tools/convert", answer)
    page.click("#start-convert")
    page.wait_for_selector("#ms-alerts p")
    assert page.locator("[data-open] .ms-song").all_inner_texts()[0].startswith("32.wav")  # the others are on their way
    page.click("#start-convert")
    page.wait_for_function("document.querySelector('#start-convert').getAttribute('aria-busy') === null")
    assert counts == [32, 1, 1]
    page.evaluate(OPEN, "join")
    page.wait_for_selector("#why-join:has-text('32')")
    assert page.is_disabled("#start-join")


def test_a_result_of_a_job_is_taken_and_drawn(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = opened(open_page, "spectrogram", DESKTOP)
    page.click(".ms-sounds > div:last-child > button")
    page.locator(".ms-takes-row", has_text=sample_job["results"][0]["file"]).first.click()
    page.wait_for_selector(".ms-sonogram-image")
    page.wait_for_function("document.querySelector('.ms-sonogram-image').naturalWidth === 1600")
    plot = page.locator(".ms-sonogram-plot")
    box = plot.bounding_box()
    plot.hover(position={"x": box["width"] / 2, "y": box["height"] / 2})
    hertz = float(page.inner_text(".ms-sonogram-read").split(" · ")[1].removesuffix(" Hz"))
    assert hertz == pytest.approx((40 * 20000) ** 0.5, rel=0.03)  # half way up in octaves
    plot.press("ArrowUp")
    higher = float(page.inner_text(".ms-sonogram-read").split(" · ")[1].removesuffix(" Hz"))
    assert higher / hertz == pytest.approx((20000 / 40) ** 0.01, rel=0.01)
    with page.expect_download() as saved:
        page.click("[data-open] .ms-answer .ms-button")
    assert saved.value.suggested_filename.endswith("_spectrogram.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_tool(open_page: Callable[..., Any], sounds: tuple[Path, Path], scheme: str) -> None:
    page = open_page("?tab=tools", color_scheme=scheme)
    page.wait_for_selector(".ms-tool-card")
    tools = [card.get_attribute("data-tool") for card in page.locator("[data-tool]").all()]
    found = {}
    for tool in tools:
        page.evaluate(OPEN, tool)
        page.wait_for_selector(f"[data-open={tool}]")
        give(page, sounds[0])
        page.wait_for_timeout(500)
        unfold(page)
        found[tool] = violations(page, within="#tab-tools")
    assert not {tool: lines for tool, lines in found.items() if lines}


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "ja", "ko"])
def test_every_tool_is_in_the_readers_language(open_page: Callable[..., Any], language: str) -> None:
    page = open_page("?tab=tools", locale=language)
    page.wait_for_selector(".ms-tool-card")
    formats = ("WAV", "FLAC", "OGG")
    found = {"": untranslated(page, language)}
    for tool in [card.get_attribute("data-tool") for card in page.locator("[data-tool]").all()]:
        page.evaluate(OPEN, tool)
        page.wait_for_selector(f"[data-open={tool}]")
        unfold(page)
        found[tool] = untranslated(page, language, formats)
    assert not {tool: lines for tool, lines in found.items() if lines}
