"""The page in another language, on a phone, in the dark, and by keyboard: what a reader of Separate meets first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import PHONE
from tests.e2e.looks import too_small, too_wide, unfold, untranslated, violations
from webui.i18n import own_texts

pytestmark = pytest.mark.browser

FILES = "#songs input[type=file]:not([webkitdirectory])"


@pytest.mark.parametrize(("tag", "language"), [("zh", "zh-CN"), ("zh-HK", "zh-TW"), ("ja-JP", "ja"), ("ko-KR", "ko")])
def test_the_page_speaks_the_browser_s_language(open_page: Callable[..., Any], tag: str, language: str) -> None:
    texts = own_texts(language)
    page = open_page(locale=tag)
    page.wait_for_selector(f"#start:has-text('{texts['separate.start.none']}')")
    page.wait_for_selector(f"#purpose label:has(input:checked):has-text('{texts['purpose.vocals_and_instrumental']}')")
    assert page.inner_text(".ms-queue h2") == texts["queue.title"]
    assert page.get_attribute("html", "lang") == language
    assert "__i18n__" not in page.inner_text("body")


def test_the_switch_is_remembered_and_reasons_are_in_that_language(open_page: Callable[..., Any], watched: Any, broken_song: Path) -> None:
    watched.allowed.append("415")
    page = open_page()
    with page.expect_navigation():
        page.select_option(".ms-language", "zh-CN")
    page.wait_for_selector("#start:has-text('请先选择歌曲')")
    page.set_input_files(FILES, broken_song)
    page.wait_for_selector(".ms-song .ms-bad-text:has-text('无法')")


@pytest.mark.parametrize("tab", ["settings", "models"])
def test_a_file_dropped_where_nothing_takes_it_does_not_replace_the_page(open_page: Callable[..., Any], tab: str) -> None:
    page = open_page(f"?tab={tab}")
    left = page.evaluate(
        """() => ["dragover", "drop"].filter((kind) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(["x"], "song.wav"));
          return document.querySelector("h2").dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
        })"""
    )
    assert left == []


def everything(page: Any, *songs: Path) -> None:
    """Songs in the list, one of them refused; all purposes and all options; the form for a link."""
    page.set_input_files(FILES, songs)
    page.wait_for_selector(f".ms-song:is([data-state=ready], [data-state=failed]) >> nth={len(songs) - 1}")
    page.click(".ms-zone-more button >> nth=-2")
    page.click(".ms-purpose-more")
    page.click("#purpose label >> nth=3")
    page.wait_for_selector("#need [data-install]")
    unfold(page)


@pytest.mark.parametrize("language", ["en", "zh-CN", "zh-TW", "ja", "ko"])
def test_a_phone_shows_everything_translated_and_without_sideways_scrolling(
    open_page: Callable[..., Any], watched: Any, song: Path, tmp_path: Path, sample_job: dict[str, Any], language: str
) -> None:
    watched.allowed.append("415")
    broken = tmp_path / "9.wav"
    broken.write_bytes(b"RIFF")
    page = open_page(**{**PHONE, "locale": language})
    everything(page, song, broken)
    assert too_wide(page) + too_small(page) == []
    if language != "en":
        kinds = own_texts(language)["error.unsupported_format.hint"]  # names of formats in a row
        names = page.locator(".ms-need-row > span").all_inner_texts()
        assert untranslated(page, language, (sample_job["title"], song.name, broken.name, kinds, *names)) == []
        page.click("#by label >> nth=1")
        page.wait_for_selector("#preset label >> nth=5")
        assert untranslated(page, language, (sample_job["title"], song.name, broken.name, kinds, *names)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    open_page: Callable[..., Any], watched: Any, song: Path, broken_song: Path, sample_job: dict[str, Any], scheme: str
) -> None:
    watched.allowed.append("415")
    page = open_page(color_scheme=scheme)
    everything(page, song, broken_song)
    page.wait_for_timeout(300)  # colours fade in
    assert violations(page) == []
    for place in (1, 2):
        page.click(f"#by label >> nth={place}")
        page.wait_for_timeout(400)
        assert violations(page) == []


def test_by_keyboard_alone_from_a_song_to_the_queue(open_page: Callable[..., Any], song: Path) -> None:
    page = open_page()
    page.set_input_files(FILES, song)  # the window in which a system chooses files is not the page's
    page.wait_for_selector(".ms-song[data-state=ready]")
    page.focus(".ms-choose")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#purpose input')"):
            page.keyboard.press("ArrowRight")
            page.wait_for_selector("#purpose label:has-text('Karaoke'):has(input:checked)")
            page.keyboard.press("ArrowLeft")
        if page.evaluate("document.activeElement.id") == "start":
            break
    page.wait_for_selector("#start:enabled:not(:has-text('MB'))")
    page.keyboard.press("Enter")
    page.wait_for_selector(f".ms-job h3:has-text('{song.stem}')")
