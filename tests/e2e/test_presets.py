"""Presets: read, copied, made anew step by step, tried, saved, imported and brought back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Server
from tests.e2e.conftest import PHONE
from tests.e2e.looks import too_small, too_wide, unfold, untranslated, violations
from webui.i18n import own_texts

pytestmark = pytest.mark.browser

BUILT_IN = "spleeter_2stems"
TWO_STEPS = {
    "version": "2.0.0",
    "name": "Two steps",
    "description": "For tests.",
    "steps": [
        {"kind": "separate", "name": "split", "model": BUILT_IN},
        {"kind": "loudness", "name": "level", "input": "split.vocals", "lufs": -16},
    ],
    "outputs": [{"from": "level"}, {"from": "split.accompaniment", "name": "{song}_band"}],
}
EVERY_KIND = {
    "version": "2.0.0",
    "name": "All kinds",
    "steps": [
        {"kind": "separate", "name": "split", "model": BUILT_IN, "options": {"overlap": 4, "tta": True}},
        {"kind": "effects", "name": "polish", "input": "split.vocals", "chain": [{"effect": "highpass", "hz": 80}, {"effect": "reverb"}]},
        {"kind": "ensemble", "name": "both", "members": [{"model": BUILT_IN, "stem": "vocals"}, {"from": "polish", "bands": [0, 1, 1]}]},
        {"kind": "mix", "name": "band", "sources": [{"from": "mixture"}, {"from": "split.vocals", "weight": -1, "pan": 0.5}]},
        {"kind": "trim_silence", "name": "trim", "input": "band"},
        {"kind": "loudness", "name": "level", "input": "trim", "peak_db": -1},
        {"kind": "convert", "name": "phone", "input": "level", "channels": 1},
        {"kind": "cut", "name": "part", "input": "both", "end": 5},
        {"kind": "join", "name": "medley", "sources": ["part", "band"], "gap": 1},
        {"kind": "splice", "name": "mended", "input": "band", "patch": "part", "start": 1, "end": 2},
        {"kind": "speed_key", "name": "slow", "input": "mended", "speed": 0.8},
    ],
    "outputs": [{"from": "phone"}, {"from": "medley", "format": "flac"}, {"from": "slow"}],
}


@pytest.fixture
def own(server: Server) -> Any:
    """own(preset) -> the name under which it is stored; all of the user's presets are gone after the test."""
    presets = f"{server.url}/api/v1/presets"

    def make(preset: dict[str, Any]) -> str:
        return str(httpx.post(f"{presets}/import", json=preset).raise_for_status().json()["name"])

    yield make
    for card in httpx.get(presets, params={"runnable": False}).json()["presets"]:
        if card["own"]:
            httpx.delete(f"{presets}/{card['name']}").raise_for_status()


def stored(server: Server, name: str) -> dict[str, Any]:
    return dict(httpx.get(f"{server.url}/api/v1/presets/{name}").raise_for_status().json())


def choose_model(page: Any, card: Any) -> None:
    card.locator(".ms-preset-model-line button").click()
    page.fill(".ms-picker-head input[type=search]", "spleeter")
    page.locator(".ms-picker-row", has=page.locator("button.ms-primary")).first.locator("button.ms-primary").click()
    page.wait_for_selector(".ms-dialog", state="detached")


def good(page: Any, language: str = "en") -> None:
    page.wait_for_selector(f".ms-preset-status:text-is('{own_texts(language)['presets.check.good']}')")


def card_names(page: Any) -> list[str]:
    return list(page.locator(".ms-preset-card h3").all_inner_texts())


def test_a_new_preset_from_nothing_to_its_result(open_page: Callable[..., Any], server: Server, own: Any) -> None:
    page = open_page("?tab=presets")
    page.click("#tab-presets .ms-preset-side button:has-text('New preset')")
    page.fill("label:text-is('Name of the preset') + input", "My chain")
    first = page.locator(".ms-preset-card").nth(0)
    choose_model(page, first)
    good(page)
    assert first.locator(".ms-preset-stem-name").all_inner_texts() == ["Vocals", "Accompaniment"]
    # The vocals go on into another step instead of being kept.
    first.locator("[aria-label='Keep as a result: Vocals']").uncheck()
    first.locator("button[aria-label='Go on with it: Vocals']").click()
    page.click("[role=menuitem]:has-text('Effects')")
    second = page.locator(".ms-preset-card").nth(1)
    assert second.locator("label:text-is('Takes') + select option:checked").inner_text() == "1. Separate: Vocals"
    second.locator("button:has-text('Add an effect')").click()
    page.click("[role=menuitem]:has-text('High-pass (cut the low)')")
    # A value that cannot be is told at its field, and the picture shows the step.
    frequency = second.get_by_label("Frequency (Hz)")
    frequency.focus()
    page.keyboard.type("1e")
    frequency.blur()
    page.wait_for_selector("[id$=-problem]:text-is('This value is not possible here.')")
    frequency.fill("5")
    frequency.blur()
    problem = page.locator("[id$=-problem]:text-is('10 or more, please.')")
    problem.wait_for()
    assert frequency.get_attribute("aria-invalid") is not None
    assert page.locator(".ms-flow-box.ms-wrong").get_attribute("data-index") == "1"
    frequency.fill("120")
    frequency.blur()
    good(page)
    assert not problem.is_visible()
    assert page.locator(".ms-flow-wire .ms-flow-stem").all_text_contents().count("Vocals") == 2
    # It runs on the sample before it is saved.
    page.click("button:has-text('Try on the sample song')")
    listen = page.locator(".ms-preset-trial a:has-text('Listen')")
    listen.wait_for(timeout=90_000)
    job = httpx.get(f"{server.url}/api/v1/jobs/{re.search('job=([^&]+)', listen.get_attribute('href'))[1]}").json()  # type: ignore[index]
    assert sorted(result["stem"] for result in job["results"]) == ["accompaniment", "vocals"]
    page.click(".ms-preset-bar button:has-text('Save')")
    page.wait_for_url("**preset=My_chain**")
    saved = stored(server, "My_chain")["preset"]
    assert [step["kind"] for step in saved["steps"]] == ["separate", "effects"]
    assert saved["steps"][1] | {"name": ""} == {
        "kind": "effects",
        "name": "",
        "input": "Separate.vocals",
        "chain": [{"effect": "highpass", "hz": 120}],
    }
    assert saved["outputs"] == [{"from": "Separate.accompaniment"}, {"from": "Effects"}]
    page.reload()
    page.wait_for_selector(".ms-preset-card >> nth=1")
    assert card_names(page) == ["Separate", "Effects"]
    assert not page.locator(".ms-preset-bar .ms-tag").is_visible()


def test_undo_redo_and_changes_that_survive_a_reload(open_page: Callable[..., Any], server: Server, own: Any) -> None:
    name = own(TWO_STEPS)
    page = open_page(f"?tab=presets&preset={name}&edit=1")
    page.wait_for_selector(".ms-preset-card >> nth=1")
    page.locator(".ms-preset-card").nth(1).locator("button[aria-label='More actions']").click()
    page.click("[role=menuitem]:has-text('Remove the step')")
    assert card_names(page) == ["split"]
    page.keyboard.press("Control+z")
    assert card_names(page) == ["split", "level"]
    page.keyboard.press("Control+y")
    assert card_names(page) == ["split"]
    # Not while a window is open, another tab is shown, or somebody types elsewhere.
    page.click(".ms-preset-side button:has-text('Import')")
    page.keyboard.press("Control+z")
    page.keyboard.press("Escape")
    page.click("a[data-to=jobs]")
    page.keyboard.press("Control+z")
    page.go_back()
    page.press(".ms-preset-side input[type=search]", "Control+z")
    assert card_names(page) == ["split"]
    good(page)
    page.reload()
    page.wait_for_selector(".ms-preset-banner:has-text('unsaved changes')")
    assert card_names(page) == ["split"]
    assert page.locator(f".ms-preset-entry[data-preset={name}] .ms-tag").inner_text() == "Unsaved"
    assert stored(server, name)["preset"] == TWO_STEPS
    page.keyboard.press("Control+s")
    page.wait_for_selector(".ms-toast:has-text('Saved.')")
    assert page.locator(f".ms-preset-entry[data-preset={name}] .ms-tag").count() == 0
    # Who read the step that is gone reads what it read: the vocals are still a result.
    assert stored(server, name)["preset"]["outputs"] == [{"from": "split.vocals"}, TWO_STEPS["outputs"][1]]  # type: ignore[index]
    page.click(".ms-preset-editor > .ms-head button[aria-label='More actions']")
    page.click("[role=menuitem]:has-text('Earlier versions')")
    page.click(".ms-preset-history button")
    page.wait_for_selector(".ms-toast:has-text('The earlier version is back.')")
    page.wait_for_selector(".ms-preset-card >> nth=1")
    assert card_names(page) == ["split", "level"]
    assert stored(server, name)["preset"] == TWO_STEPS
    assert len(httpx.get(f"{server.url}/api/v1/presets/{name}/history").json()["versions"]) == 2


def test_what_somebody_else_saved_is_not_lost(open_page: Callable[..., Any], server: Server, own: Any, watched: Any) -> None:
    watched.allowed.append("409")
    name = own(TWO_STEPS)
    page = open_page(f"?tab=presets&preset={name}&edit=1")
    page.wait_for_selector(".ms-preset-card >> nth=1")
    theirs = {**TWO_STEPS, "description": "Theirs."}
    httpx.put(f"{server.url}/api/v1/presets/{name}", json=theirs).raise_for_status()
    page.fill(".ms-preset-about", "Mine.")
    page.click(".ms-preset-bar button:has-text('Save')")
    page.click(".ms-dialog button:has-text('Save as a copy')")
    page.fill(".ms-dialog input", "Mine")
    page.keyboard.press("Enter")
    page.wait_for_url("**preset=Mine**")
    assert stored(server, name)["preset"] == theirs
    assert stored(server, "Mine")["preset"]["description"] == "Mine."


def test_what_is_changed_while_it_is_saved_is_not_lost(open_page: Callable[..., Any], server: Server, own: Any) -> None:
    name = own(TWO_STEPS)
    page = open_page(f"?tab=presets&preset={name}&edit=1")
    good(page)
    save, about, held = ".ms-preset-bar button:has-text('Save')", ".ms-preset-about", []
    page.route(f"**/presets/{name}?revision=*", lambda route: held.append(route))
    page.route("**/presets/validate", lambda route: held.append(route), times=1)  # the check of the first press is overtaken by the next
    page.fill(about, "First.")
    with page.expect_request("**/presets/validate"):
        page.click(save)
    with page.expect_request(f"**/presets/{name}?revision=*"):
        page.fill(about, "Second.")
        page.locator(about).blur()
    page.fill(about, "Third.")
    page.locator(about).blur()
    page.locator(about).press("End")
    page.keyboard.type(" And fourth")
    held[-1].continue_()
    page.wait_for_selector(".ms-toast:has-text('Saved.')")
    assert not page.locator("#ms-alerts *").count()
    assert page.input_value(about) == "Third. And fourth"
    assert page.locator(".ms-preset-bar .ms-tag").is_visible()
    assert stored(server, name)["preset"]["description"] == "Second."
    page.unroute_all()
    page.locator(about).blur()
    page.reload()
    page.wait_for_selector(".ms-preset-banner:has-text('unsaved changes'):not(:has-text('somebody'))")
    assert page.input_value(about) == "Third. And fourth"


def test_a_ready_made_one_is_read_and_copied(open_page: Callable[..., Any], server: Server, own: Any) -> None:
    page = open_page("?tab=presets")
    page.click(".ms-preset-entry[data-preset=lead_vocal_dry]")
    page.wait_for_selector(".ms-preset-missing li >> nth=3")
    assert page.locator(".ms-preset-missing button:has-text('Install all')").is_visible()
    assert page.locator(".ms-flow-step").count() == 4
    page.click(".ms-preset-entry[data-preset=my_preset]")
    page.click("button:has-text('Try on the sample song')")
    page.click("a[data-to=jobs]")
    with page.expect_response("**/presets/my_preset"):
        page.go_back()
    page.wait_for_selector(".ms-preset-trial a:has-text('Listen')")  # what runs is not drawn anew with the list
    page.click("button:has-text('Copy and change')")
    page.wait_for_selector(".ms-preset-card")
    assert page.input_value("label:text-is('Name of the preset') + input") == "Vocals and accompaniment (copy)"
    assert page.locator(".ms-preset-stem-line [type=checkbox]:checked").count() == 2  # of version 1.0.0, and opens as the present one
    name = re.search("preset=([^&]+)", page.url)[1]  # type: ignore[index]
    assert stored(server, name)["preset"]["version"] == "2.0.0"
    page.click(".ms-preset-editor > .ms-head button:has-text('Close')")
    page.click("button:has-text('Use it')")
    page.wait_for_url("**tab=separate&preset=**")


def test_export_and_import_go_round_and_a_broken_one_is_told_in_chinese(
    open_page: Callable[..., Any], server: Server, own: Any, tmp_path: Path, watched: Any
) -> None:
    watched.allowed.append("400")
    name = own(TWO_STEPS)
    page = open_page(f"?tab=presets&preset={name}", locale="zh-CN")
    page.click(".ms-preset-right .ms-head [aria-haspopup=menu]")
    with page.expect_download() as download:
        page.click("[role=menuitem]:has-text('导出为文件')")
    file = tmp_path / "exported.json"
    download.value.save_as(file)
    assert json.loads(file.read_text(encoding="utf-8")) == TWO_STEPS
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({**TWO_STEPS, "steps": [TWO_STEPS["steps"][0], {**TWO_STEPS["steps"][1], "input": "split.drums"}]}))  # type: ignore[index,dict-item]
    page.click(".ms-preset-side button:has-text('导入')")
    page.set_input_files(".ms-dialog input[type=file]", broken)
    page.wait_for_selector(".ms-dialog .ms-bad-text:has-text('步骤 2')")
    assert "不产生 “drums”" in page.inner_text(".ms-dialog .ms-bad-text:has-text('步骤 2')")
    page.fill(".ms-dialog textarea", "{")
    page.click(".ms-dialog button.ms-primary")
    page.wait_for_selector(".ms-dialog .ms-bad-text:has-text('不是完整的 JSON')")
    page.set_input_files(".ms-dialog input[type=file]", file)
    page.wait_for_selector(".ms-dialog", state="detached")
    page.wait_for_url("**preset=Two_steps_2**")
    assert stored(server, "Two_steps_2")["preset"] == TWO_STEPS


def test_on_a_phone_steps_are_moved_by_buttons(open_page: Callable[..., Any], server: Server, own: Any) -> None:
    name = own(TWO_STEPS)
    page = open_page(f"?tab=presets&preset={name}", **{**PHONE, "locale": "zh-CN"})
    page.click("button:has-text('编辑')")
    page.wait_for_selector(".ms-preset-card >> nth=1")
    good(page, "zh-CN")
    page.locator(".ms-preset-card").nth(1).locator("button[aria-label=上移]").click()
    assert card_names(page) == ["level", "split"]
    good(page, "zh-CN")  # steps are named, so nothing breaks by their order
    page.locator(".ms-preset-status").scroll_into_view_if_needed()
    unfold(page)
    assert too_wide(page) + too_small(page) == []
    assert untranslated(page, "zh-CN", ("split", "level", "Two steps")) == []
    page.click(".ms-preset-bar button:has-text('保存')")
    page.wait_for_selector(".ms-toast")
    assert [step["name"] for step in stored(server, name)["preset"]["steps"]] == ["level", "split"]


def test_a_card_is_dragged_by_its_handle(open_page: Callable[..., Any], own: Any) -> None:
    page = open_page(f"?tab=presets&preset={own(TWO_STEPS)}&edit=1", viewport={"width": 1280, "height": 1700})
    page.wait_for_selector(".ms-preset-card >> nth=1")
    handle = page.locator(".ms-preset-handle").nth(0)
    box = handle.bounding_box()
    other = page.locator(".ms-preset-card").nth(1).bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 10, box["y"] + 60, steps=4)
    page.mouse.move(box["x"] + 10, other["y"] + other["height"] * 0.7, steps=4)
    page.mouse.up()
    assert card_names(page) == ["level", "split"]


def test_the_keyboard_alone_makes_and_moves_a_step(open_page: Callable[..., Any], own: Any) -> None:
    page = open_page(f"?tab=presets&preset={own(TWO_STEPS)}&edit=1")
    page.wait_for_selector(".ms-preset-card >> nth=1")
    page.focus(".ms-preset-add button")
    page.keyboard.press("Enter")
    for _ in range(20):
        if page.evaluate("document.activeElement.textContent") == "Convert":
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert card_names(page) == ["split", "level", "Convert"]
    assert page.evaluate("document.activeElement.textContent") == "Convert"
    page.keyboard.press("Shift+Tab")  # from the title back to the handle
    page.keyboard.press("ArrowUp")
    assert card_names(page) == ["split", "Convert", "level"]
    page.focus(".ms-flow-box[data-index='2']")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "level"


def test_one_s_own_is_renamed_and_deleted_and_comes_back(open_page: Callable[..., Any], server: Server, own: Any) -> None:
    page = open_page(f"?tab=presets&preset={own(TWO_STEPS)}&edit=1")
    menu = ".ms-preset-right .ms-head [aria-haspopup=menu]"
    page.fill(".ms-preset-about", "Changed.")
    for title in ("two STEPS!", "人声 best"):  # the first has the same file
        page.click(menu)
        page.click("[role=menuitem]:has-text('Rename') >> visible=true")
        page.fill(".ms-dialog input", title)
        page.keyboard.press("Enter")
        page.wait_for_selector(".ms-preset-banner:has-text('unsaved changes'):not(:has-text('somebody'))")
        page.wait_for_function("(title) => document.querySelector('.ms-preset-about-fields input').value === title", arg=title)
    page.click(".ms-preset-bar button:has-text('Save')")
    page.wait_for_selector(".ms-toast:has-text('Saved.')")
    page.click(".ms-preset-editor > .ms-head button:has-text('Close')")
    page.wait_for_selector("h2:text-is('人声 best')")
    page.click(menu)
    page.click("[role=menuitem]:has-text('Delete')")
    page.click(".ms-dialog button.ms-danger")
    page.wait_for_selector(".ms-preset-side :text('None of your own yet')")
    page.click(".ms-toast button:has-text('Undo')")
    page.wait_for_selector("h2:text-is('人声 best')")
    assert stored(server, "人声_best")["preset"] == {**TWO_STEPS, "name": "人声 best", "description": "Changed."}


def test_a_step_is_duplicated_renamed_and_given_another_sound(open_page: Callable[..., Any], server: Server, own: Any) -> None:
    name = own(TWO_STEPS)
    page = open_page(f"?tab=presets&preset={name}&edit=1")
    page.wait_for_selector(".ms-preset-card >> nth=1")
    page.locator(".ms-preset-card").nth(1).locator("button[aria-label='More actions']").click()
    page.click("[role=menuitem]:has-text('Duplicate')")
    assert card_names(page) == ["split", "level", "level 2"]
    third = page.locator(".ms-preset-card").nth(2)
    # Only what exists is offered, and nothing that waits for this step.
    offered = third.locator("label:text-is('Takes') + select option").all_inner_texts()
    assert offered == ["The song", "File 2 of the job", "1. split: Vocals", "1. split: Accompaniment", "2. level: Vocals"]
    third.get_by_label("Takes").select_option(label="1. split: Accompaniment")
    first = page.locator(".ms-preset-card").nth(0)
    first.locator("button[aria-label='More actions']").click()
    page.click("[role=menuitem]:has-text('Rename the step')")
    page.fill(".ms-dialog input", "level")
    page.keyboard.press("Enter")
    page.wait_for_selector(".ms-dialog .ms-bad-text:has-text('Another step has this name already.')")
    page.fill(".ms-dialog input", "halves")
    page.keyboard.press("Enter")
    good(page)
    page.click(".ms-preset-bar button:has-text('Save')")
    page.wait_for_selector(".ms-toast")
    saved = stored(server, name)["preset"]
    assert [step.get("input") for step in saved["steps"]] == [None, "halves.vocals", "halves.accompaniment"]
    assert [output["from"] for output in saved["outputs"]] == ["level", "halves.accompaniment", "level 2"]


def test_what_a_job_ran_opens_as_a_new_preset(open_page: Callable[..., Any], sample_job: dict[str, Any]) -> None:
    page = open_page(f"?tab=presets&edit=new&from={sample_job['id']}")
    page.wait_for_selector(".ms-preset-stem >> nth=1")
    good(page)
    assert "from=" not in page.url
    page.reload()
    page.wait_for_selector(".ms-preset-stem >> nth=1")
    page.click(".ms-preset-banner button:has-text('Discard')")
    page.click(".ms-dialog button.ms-danger")
    page.wait_for_url("**/?tab=presets")


def test_a_preset_that_is_gone_or_broken_says_so(open_page: Callable[..., Any], server: Server, own: Any, watched: Any) -> None:
    watched.allowed += ["400", "404"]
    page = open_page("?tab=presets&preset=nobody", locale="ja")
    page.wait_for_selector(f".ms-preset-right :text('{own_texts('ja')['error.unknown_preset']}')")
    name = own(TWO_STEPS)
    file = server.home / "presets" / f"{name}.json"
    file.write_text(json.dumps({**TWO_STEPS, "outputs": [{"from": "split.drums"}]}), encoding="utf-8")
    page.goto(f"{server.url}/?tab=presets&preset={name}")
    page.wait_for_selector(".ms-preset-problem:has-text('「drums」')")
    assert page.locator(f".ms-preset-entry[data-preset={name}] .ms-tag").inner_text() == own_texts("ja")["presets.problem"]
    assert untranslated(page, "ja") == []
    file.write_text("{", encoding="utf-8")
    page.reload()
    page.wait_for_selector(f".ms-preset-right :text('{own_texts('ja')['error.bad_preset.no_json']}')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_editor_with_everything_open(open_page: Callable[..., Any], own: Any, scheme: str) -> None:
    page = open_page(f"?tab=presets&preset={own(EVERY_KIND)}&edit=1", color_scheme=scheme)
    page.wait_for_selector(".ms-preset-card >> nth=3")
    good(page)
    unfold(page)
    page.wait_for_timeout(300)
    assert violations(page) == []
    page.click(".ms-preset-side button:has-text('Import')")
    page.wait_for_selector(".ms-dialog")
    assert violations(page, within=".ms-dialog") == []


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "ja", "ko"])
def test_every_kind_of_step_speaks_the_reader_s_language_on_a_phone(open_page: Callable[..., Any], own: Any, language: str) -> None:
    page = open_page(f"?tab=presets&preset={own(EVERY_KIND)}&edit=1", **{**PHONE, "locale": language})
    page.wait_for_selector(f".ms-preset-card >> nth={len(EVERY_KIND['steps']) - 1}")
    good(page, language)
    unfold(page)
    assert untranslated(page, language, ("Max Spec", "Min Spec")) == []
    assert too_wide(page) + too_small(page) == []
