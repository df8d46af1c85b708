"""Every setting of the server is explained on the page, in every language, and nothing is that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inference.types import WRITABLE
from webui import i18n
from webui.services.configuration import Configuration
from webui.settings import Settings

STATIC = Path(i18n.__file__).parent.parent / "ui" / "static"
BORROWED = {"precision": "option.precision", "overlap": "option.overlap"}
NAMES = {"output_format", "output_subtype", "output_rate", "hub_mirrors", "language"}  # choices that are names, or numbers


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    return Configuration(Settings(home=tmp_path_factory.mktemp("home"))).all()


@pytest.mark.parametrize("language", i18n.languages())
def test_every_setting_has_a_name_and_a_line_about_it(rows: list[dict[str, object]], language: str) -> None:
    texts = i18n.own_texts(language)
    wanted = {f"setting.{row['name']}{part}" for row in rows for part in ("", ".about")}
    assert not wanted - set(texts)


def test_no_text_is_for_a_setting_that_is_gone(rows: list[dict[str, object]]) -> None:
    named = {key.split(".")[1] for key in i18n.own_texts("en") if key.startswith("setting.")}
    assert named == {row["name"] for row in rows}


def test_every_choice_of_a_setting_has_a_name(rows: list[dict[str, object]]) -> None:
    texts = i18n.own_texts("en")
    for row in rows:
        name, choices = str(row["name"]), row["choices"]
        assert isinstance(choices, list)
        for choice in choices if name not in NAMES else ():
            own = re.sub(r"[^a-z0-9]+", "_", str(choice).lower())
            assert {f"setting.{name}.value.{own}", f"{BORROWED.get(name)}.{choice}"} & set(texts), (name, choice)
    assert {f"quality.{name}" for names in WRITABLE.values() for name in names} <= set(texts)


def test_a_setting_that_takes_text_says_what_it_takes(rows: list[dict[str, object]]) -> None:
    texts = i18n.own_texts("en")
    typed = {str(row["name"]) for row in rows if row["kind"] in ("text", "list") and not row["fixed"]} - {"language", "log_level"}
    assert not {name for name in typed if f"setting.{name}.rule" not in texts}


def test_every_part_has_a_place_for_its_group(rows: list[dict[str, object]]) -> None:
    places = (STATIC / "settings" / "groups.js").read_text(encoding="utf-8")
    known = dict(re.findall(r"^  (\w+): \"(\w+)\",$", places, re.MULTILINE))
    assert {str(row["group"]) for row in rows} <= set(known)
