"""The languages: complete, consistent, and chosen as a reader expects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import inference.errors
import tools.hub.errors
import webui.services.errors
from inference.errors import MsstError
from inference.types import WRITABLE
from webui import i18n

UI = Path(i18n.__file__).parent.parent / "ui"
SOURCE = i18n.own_texts(i18n.SOURCE)
FOR_PROGRAMS = {"bad_job_id", "job_exists", "bad_callback"}  # codes that only a REST client can cause
OTHERS = [language for language in i18n.languages() if language != i18n.SOURCE]


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_keys_of_the_source(language: str) -> None:
    assert set(i18n.own_texts(language)) == set(SOURCE)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_the_placeholders_of_the_source(language: str) -> None:
    texts = i18n.own_texts(language)
    assert {key: i18n.placeholders(text) for key, text in texts.items()} == {key: i18n.placeholders(text) for key, text in SOURCE.items()}


def test_every_key_that_the_page_names_exists() -> None:
    files = [*UI.rglob("*.py"), *UI.rglob("*.js")]
    named = {key for file in files for key in re.findall(r"""["']([a-z]+(?:\.[a-z]+)+)["']""", file.read_text(encoding="utf-8"))}
    families = {key.split(".")[0] for key in SOURCE}
    modules = {"webui.ui", "main.js"}
    assert {key for key in named if key.split(".")[0] in families and not key.endswith(".js")} - modules <= set(SOURCE)


@pytest.mark.parametrize("module", [inference.errors, tools.hub.errors, webui.services.errors])
def test_every_error_that_a_reader_can_meet_has_a_text_and_a_hint(module: object) -> None:
    errors = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, MsstError)]
    codes = {error.code for error in errors} - FOR_PROGRAMS
    missing = {f"error.{code}" for code in codes} - set(SOURCE)
    assert not missing


def test_every_quality_has_a_name() -> None:
    assert {f"quality.{name}" for names in WRITABLE.values() for name in names} <= set(SOURCE)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("fr-FR", "en"),
        ("zh", "zh-CN"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("zh-HK", "zh-TW"),
        ("zh-Hant-TW;q=0.9, en;q=0.3", "zh-TW"),
        ("en;q=0.2, zh-SG;q=0.7", "zh-CN"),
        ("ja-JP", "ja"),
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("zh;q=0, en", "en"),
        ("*;q=nonsense,,;;", "en"),
    ],
)
def test_the_browser_s_languages_choose(header: str, expected: str) -> None:
    assert i18n.best_language(header) == expected


def test_a_saved_choice_wins_unless_it_is_gone() -> None:
    assert i18n.best_language("en", saved="zh-CN") == "zh-CN"
    assert i18n.best_language("en", saved="../../etc/passwd") == "en"


def test_a_text_that_cannot_be_filled_counts_as_missing() -> None:
    assert i18n.translate("en", "separate.start.many", count=3) == "Start (3 songs)"
    assert i18n.translate("en", "separate.start.many", default="Go") == "Go"
    assert i18n.translate("en", "no.such.key") == "no.such.key"
