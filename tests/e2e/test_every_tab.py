"""What holds on every tab: it opens by its address, reads in every language, is reachable for everybody and fits a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import PHONE
from tests.e2e.looks import too_small, too_wide, unfold, untranslated, violations
from webui.i18n import SOURCE, languages, own_texts
from webui.ui.tabs import TABS

OTHERS = [language for language in languages() if language != SOURCE]


def visit(page: Any, tab: str) -> None:
    page.evaluate("(tab) => history.pushState(null, '', `?tab=${tab}`) ?? dispatchEvent(new PopStateEvent('popstate'))", tab)
    page.wait_for_selector(f"#tab-{tab} :is(h2, .ms-message)")
    page.wait_for_timeout(700)


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_opens_by_its_address(open_page: Callable[..., Any], tab: str) -> None:
    page = open_page(f"?tab={tab}")
    page.wait_for_selector(f"#tab-{tab} h2")
    assert page.title() == f"{own_texts('en')[f'tab.{tab}']} · MSST-WebUI"
    assert page.locator("h1").count() == 1
    assert page.locator("a[aria-current=page]:visible").get_attribute("data-to") == tab
    assert [each for each in TABS if page.locator(f"#tab-{each}").is_visible()] == [tab]


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_on_any_tab_is_untranslated(open_page: Callable[..., Any], sample_job: dict[str, Any], language: str) -> None:
    page = open_page(f"?tab=result&job={sample_job['id']}", locale=language)
    page.wait_for_selector(".ms-desk")
    found = {"result with a job": untranslated(page, language, (sample_job["title"],))}
    for tab in TABS:
        visit(page, tab)
        unfold(page)
        page.wait_for_timeout(300)
        found[tab] = untranslated(page, language, (sample_job["title"],))
    assert not {tab: texts for tab, texts in found.items() if texts}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_tab(open_page: Callable[..., Any], sample_job: dict[str, Any], scheme: str) -> None:
    page = open_page(f"?tab=result&job={sample_job['id']}", color_scheme=scheme)
    page.wait_for_selector(".ms-desk")
    found = {"result with a job": violations(page)}
    for tab in TABS:
        visit(page, tab)
        unfold(page)
        found[tab] = violations(page)
    assert not {tab: lines for tab, lines in found.items() if lines}


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_every_tab_fits_a_phone(open_page: Callable[..., Any], sample_job: dict[str, Any], language: str) -> None:
    page = open_page(f"?tab=result&job={sample_job['id']}", **{**PHONE, "locale": language})
    page.wait_for_selector(".ms-desk")
    found = {"result with a job": too_wide(page) + too_small(page)}
    for tab in TABS:
        visit(page, tab)
        unfold(page)
        found[tab] = too_wide(page) + too_small(page)
    assert not {tab: lines for tab, lines in found.items() if lines}


def test_the_keyboard_alone_reaches_every_tab(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.locator("body").press("Tab")
    reached = []
    for _ in range(30):
        where = page.evaluate("document.activeElement?.dataset?.to ?? null")
        if where and where not in reached:
            reached.append(where)
            page.keyboard.press("Enter")
            page.wait_for_selector(f"#tab-{where} :is(h2, .ms-message)")
            assert page.evaluate("document.documentElement.dataset.tab") == where
        page.keyboard.press("Tab")
        if len(reached) == len(TABS):
            break
    assert reached == list(TABS)


def test_back_and_forward_go_through_the_tabs(open_page: Callable[..., Any]) -> None:
    page = open_page()
    for tab in ("models", "jobs"):
        page.click(f"a[data-to={tab}]")
        page.wait_for_selector(f"#tab-{tab} h2")
    page.go_back()
    assert page.evaluate("document.documentElement.dataset.tab") == "models"
    page.go_forward()
    assert page.evaluate("document.documentElement.dataset.tab") == "jobs"
    page.reload()
    page.wait_for_selector("#tab-jobs h2")
