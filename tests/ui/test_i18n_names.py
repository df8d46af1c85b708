"""All that the page lists by name has a text: purposes, categories, families, stems, algorithms, options, steps, effects, presets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from inference.catalogue.record import CATEGORIES
from inference.ensemble import ALGORITHMS
from inference.families import FAMILIES, NOT_YET
from inference.options import VR_WINDOWS, Options, Precision, VrOptions
from inference.presets.steps import STEPS
from inference.presets.steps.chain import EFFECTS
from webui import i18n

ROOT = Path(__file__).resolve().parents[2]
TEXTS = i18n.own_texts(i18n.SOURCE)
CATALOGUE: dict[str, Any] = json.loads((ROOT / "data" / "catalogue.json").read_text(encoding="utf-8"))
PRESETS = sorted((ROOT / "presets").glob("*.json"))


def plain(name: str) -> str:
    """A stem's name as keys have it; stemName in static/text.js does the same."""
    return re.sub(r"[\s-]+", "_", name.lower())


def missing(area: str, names: Iterable[str], *endings: str) -> set[str]:
    """Keys `area.NAME` with each of the endings that have no text."""
    return {f"{area}.{name}{ending}" for name in names for ending in endings or ("",) if not TEXTS.get(f"{area}.{name}{ending}")}


def test_every_purpose_has_a_title_and_a_line_about_it() -> None:
    assert not missing("purpose", CATALOGUE["recommended"], "", ".about")


def test_every_category_and_family_has_a_name() -> None:
    models = CATALOGUE["models"]
    assert not missing("category", CATEGORIES)
    assert not missing("family", {*FAMILIES, *NOT_YET, *(model["family"] for model in models)})


def test_every_stem_of_the_catalogue_has_a_name() -> None:
    stems = {stem for model in CATALOGUE["models"] for stem in (*model["stems"], model.get("rest")) if stem}
    assert not missing("stem", map(plain, stems))


def test_every_stem_that_a_shipped_preset_makes_itself_has_a_name() -> None:
    steps = [step for file in PRESETS for step in json.loads(file.read_text(encoding="utf-8")).get("steps", [])]
    assert not missing("stem", {plain(step["stem"]) for step in steps if step.get("stem")})


def test_every_algorithm_has_a_title_and_a_line_about_it() -> None:
    assert not missing("algorithm", ALGORITHMS, "", ".about")


def test_every_option_has_a_title_and_a_line_about_it() -> None:
    names = [each.name for each in fields(Options)] + [f"vr.{each.name}" for each in fields(VrOptions)]
    assert not missing("option", names, "", ".about")


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("precision", get_args(Precision)),
        ("overlap", ("standard", "fast", "high", "number")),
        ("chunk", ("auto",)),
        ("batch", ("auto",)),
        ("normalize", ("auto", "on", "off")),
        ("vr.window_size", [str(size) for size in VR_WINDOWS]),
    ],
)
def test_every_value_of_an_option_has_a_name(option: str, values: Iterable[str]) -> None:
    assert not missing(f"option.{option}", values)


def test_every_kind_of_step_has_a_title_and_a_line_about_it() -> None:
    assert not missing("step", STEPS, "", ".about")


def test_every_field_of_a_step_that_is_its_own_has_a_name() -> None:
    for kind, step in STEPS.items():
        assert not missing(f"step.{kind}", step.model.model_fields.keys() - {"kind", "name", "place", "input", "stem"})


def test_every_effect_and_each_of_its_parameters_has_a_name() -> None:
    for model in EFFECTS:
        parameters = [name for name in model.model_fields if name != "effect"]
        for effect in get_args(model.model_fields["effect"].annotation):
            assert not missing("effect", [effect, *(f"{effect}.{parameter}" for parameter in parameters)])


@pytest.mark.parametrize("language", i18n.languages())
def test_every_shipped_preset_has_a_short_title_and_a_line_about_it(language: str) -> None:
    texts = i18n.own_texts(language)
    for file in PRESETS:
        assert 0 < len(texts[f"preset.{file.stem}"]) <= 40, file.stem
        assert texts[f"preset.{file.stem}.about"], file.stem


def test_no_text_is_for_a_preset_or_purpose_that_is_gone() -> None:
    named = {key.split(".")[1] for key in TEXTS if key.startswith("preset.")}
    assert named == {file.stem for file in PRESETS}
    assert {key.split(".")[1] for key in TEXTS if key.startswith("purpose.")} == set(CATALOGUE["recommended"])


def test_keys_are_small_words() -> None:
    strange = {key for key in TEXTS if not re.fullmatch(r"[a-z]+(\.[a-z0-9_]+)+", key)}
    assert all(key.startswith("quality.") for key in strange)
