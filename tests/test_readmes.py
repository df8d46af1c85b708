"""The READMEs say what there is: each setting in both languages, with its default."""

from __future__ import annotations

from pathlib import Path

import pytest

from webui.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
FIELDS = Settings.model_fields


def rows(readme: str) -> dict[str, str]:
    """The table of settings: variable -> default, as written."""
    lines = (ROOT / readme).read_text(encoding="utf-8").splitlines()
    cells = [line.split("|") for line in lines if line.startswith("| `MSST_")]
    return {row[1].strip(" `"): row[2].strip(" `") for row in cells}


@pytest.mark.parametrize("readme", ["README.md", "README_zh.md"])
def test_every_setting_is_listed_and_no_other(readme: str) -> None:
    assert set(rows(readme)) == {f"MSST_{name.upper()}" for name in FIELDS}


@pytest.mark.parametrize("readme", ["README.md", "README_zh.md"])
def test_plain_defaults_are_as_written(readme: str) -> None:
    written = rows(readme)
    for name, field in FIELDS.items():
        if isinstance(field.default, bool | int | float | str):
            default = field.default if not isinstance(field.default, float) else f"{field.default:g}"
            assert written[f"MSST_{name.upper()}"] == str(default).lower(), name
