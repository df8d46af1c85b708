"""The page in another language, on a phone, in the dark, and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import PHONE
from webui.i18n import own_texts

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("tag", "language"), [("zh", "zh-CN"), ("zh-HK", "zh-TW"), ("ja-JP", "ja"), ("ko-KR", "ko")])
def test_the_page_speaks_the_browser_s_language(open_page: Callable[..., Any], tag: str, language: str) -> None:
    texts = own_texts(language)
    page = open_page(locale=tag)
    page.wait_for_selector(f"#start:has-text('{texts['separate.start.none']}')")
    assert page.inner_text("#preset label >> nth=0").strip() == texts["preset.my_preset"]
    assert page.inner_text(".ms-queue h2") == texts["queue.title"]
    assert page.get_attribute("html", "lang") == language
    assert "__i18n__" not in page.inner_text("body")


def test_the_switch_is_remembered_and_reaches_the_server(open_page: Callable[..., Any], broken_song: Any) -> None:
    page = open_page()
    with page.expect_navigation():
        page.select_option(".ms-language", "zh-CN")
    page.wait_for_selector("#start:has-text('请先选择歌曲')")
    page.set_input_files("#songs input[type=file]", broken_song)
    page.wait_for_selector("#start:has-text('开始'):enabled")
    page.click("#start")
    page.wait_for_selector(".ms-problem:has-text('无法')")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN", "ja-JP", "ko-KR"])
def test_a_phone_shows_everything_without_sideways_scrolling(
    open_page: Callable[..., Any], sample_job: dict[str, Any], locale: str
) -> None:
    page = open_page(f"?job={sample_job['id']}", **{**PHONE, "locale": locale})
    page.wait_for_selector(".ms-desk")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate(
        """() => [...document.querySelectorAll('.ms button, .ms a, .ms select, .ms input, #sample, #start, #format label')]
            .filter((e) => e.offsetParent && !e.closest('[hidden]') && e.getBoundingClientRect().height < 43.5)
            .map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(open_page: Callable[..., Any], sample_job: dict[str, Any], scheme: str) -> None:
    page = open_page(f"?job={sample_job['id']}", color_scheme=scheme)
    page.wait_for_selector(".ms-desk")
    page.click(".ms-strip >> nth=0 >> .ms-mute")
    page.click("#more button")
    page.wait_for_selector("#quality")
    page.wait_for_timeout(300)  # colours fade in
    assert page.evaluate(LOW_CONTRAST) == []


def test_one_heading_and_names_for_all_controls(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page(f"?job={sample_job['id']}")
    page.wait_for_selector(".ms-desk")
    assert page.locator("h1").count() == 1
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('.ms button, .ms a, .ms select, .ms input')]
            .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim())).map((e) => e.outerHTML)"""
    )
    assert nameless == []


# Every visible text against the nearest opaque background: 4.5 to 1, or 3 to 1 where it is large.
LOW_CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const e of document.querySelectorAll('.gradio-container *')) {
    const text = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent.trim()).join('');
    const box = e.getBoundingClientRect();
    if (!text || !box.width || getComputedStyle(e).visibility === 'hidden') continue;
    if (e.closest('.ms-unseen, [aria-hidden=true], [hidden]')) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(parse(style.color)), light(behind(e))].sort((p, q) => q - p);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) found.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)} ${style.color}`);
  }
  return found;
}"""
