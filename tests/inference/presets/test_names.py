"""Names of results: one path component whatever a template, a stem or a step is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.presets import names

TEXT = st.text(max_size=80)


@given(TEXT, TEXT, TEXT, TEXT, st.sampled_from(["{song}_{stem}", "{step}", "a {model} b", "{stem}{stem}", "...{song}"]))
def test_a_name_is_one_component(song: str, stem: str, step: str, model: str, template: str) -> None:
    name = names.filled(template, song=song, stem=stem, step=step, model=model)
    assert 0 < len(name.encode("utf-8", "replace")) <= names.MAX_BYTES + 1
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert name.strip(". ") == name
    assert name.split(".")[0].casefold() not in ("con", "nul", "com1")


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{song}_{stem}", "My song_No_Reverb"),
        ("{stem} ({model})", "No_Reverb__a_b_"),
        ("{step}-{song}", "clean-My song"),
        ("{{{stem}}}", "_No_Reverb_"),
    ],
)
def test_fields_are_filled_in(template: str, name: str) -> None:
    assert names.filled(template, song="My song", stem="No Reverb", step="clean", model="a#b") == name


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("song", "no field"),
        ("{song", "no name"),
        ("{artist}", "no field {artist}"),
        ("{song!r}", "no field {song}"),
        ("{song:>10}", "no field {song}"),
        ("{song.__class__}", "no field {song.__class__}"),
        ("{}", "no field {}"),
        ("../{song}", "folder"),
        ("a\\{song}", "folder"),
        ("{song}" * 99, "characters"),
    ],
)
def test_what_is_no_template(template: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"name|field|characters|folder") as caught:
        names.fields_of(template)
    assert said in str(caught.value)


def test_devices_of_windows_are_no_names() -> None:
    assert names.filled("{stem}", song="", stem="con", step="", model="") == "_con"
    assert names.one_component("") == "result"
