"""A part separated again: with a model or any preset, put where it was, and refused where it would not fit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from inference.errors import BadOption, BadPreset
from inference.presets import parse_preset, single_model
from inference.presets.replace import Region, replacing
from inference.presets.steps.cut import LONGEST
from inference.presets.tools import stem_names, tool_preset
from tests.inference.presets.shop import CATALOGUE, Shop, graph, read, separate

RATE = 44100
CHAIN = graph(
    [separate("part", "split"), separate("mended", "karaoke", "part.vocals"), {"kind": "loudness", "name": "l", "input": "mended.lead"}],
    ["part.*", "l", "mended.backing"],
)


def preset(data: dict[str, Any] | str, **how: Any) -> dict[str, Any]:
    chosen = single_model(data) if isinstance(data, str) else parse_preset(data)
    region = how.pop("region", Region(12.5, 14.0))
    defaults: dict[str, Any] = {"stem": "vocals", "others": []}
    return replacing(chosen, region, stems_of=lambda name: CATALOGUE.get(name).stems, **{**defaults, **how})


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A song, and two stems of it that are not what the model would make."""
    generator = np.random.default_rng(0)
    song = (0.2 * generator.standard_normal((2, 30 * RATE))).astype(np.float32)
    for name, samples in (("song", song), ("stem", 0.1 * song), ("rest", 0.9 * song)):
        soundfile.write(tmp_path / f"{name}.wav", samples.T, RATE, subtype="FLOAT")
    return [tmp_path / f"{name}.wav" for name in ("song", "stem", "rest")]


@pytest.mark.parametrize("region", [Region(12.5, 14.0), Region(0.3, 2.0), Region(0, 30), Region(25.0, 99.0), Region(10.1, 10.10002)])
def test_the_part_is_the_model_s_and_the_rest_as_it_was(workshop: Shop, files: list[Path], region: Region) -> None:
    (song, stem, rest) = files
    made = workshop.run(preset("split", region=region, others=["other"]), song, more=[stem, rest])
    assert [(file.path.name, file.stem, file.main) for file in made] == [
        ("song_vocals.wav", "vocals", True),
        ("song_other.wav", "other", False),
    ]
    assert np.array_equal(read(made[1]), read(rest))
    old, new, whole = read(stem), read(made[0]), read(song)
    start, end, fade = round(region.start * RATE), min(round(region.end * RATE), 30 * RATE), round(region.fade * RATE)
    assert np.array_equal(new[:, :start], old[:, :start])
    assert np.array_equal(new[:, end:], old[:, end:])
    inside = slice(start + fade, end - fade)
    assert np.allclose(new[:, inside], 0.25 * whole[:, inside], atol=1e-7)


def test_a_preset_with_steps_of_the_same_names(workshop: Shop, files: list[Path]) -> None:
    (song, stem, _) = files
    (made,) = workshop.run(preset(CHAIN, stem="lead", wanted="backing"), song, more=[stem])
    inside = slice(round(12.6 * RATE), round(13.9 * RATE))
    assert np.allclose(read(made)[:, inside], 0.25 * 0.5 * read(song)[:, inside], atol=1e-7)


def test_stems_by_their_usual_names() -> None:
    step = next(step for step in preset("split", stem="Vocal")["steps"] if step["kind"] == "splice")
    assert (step["patch"], step["stem"]) == ("step1.vocals", "Vocal")
    step = next(step for step in preset("split", stem="accompaniment")["steps"] if step["kind"] == "splice")
    assert step["patch"] == "step1.other"


def test_twins_are_told_apart(workshop: Shop, files: list[Path]) -> None:
    (song, stem, rest) = files
    made = workshop.run(preset("split", others=["vocals"]), song, more=[stem, rest])
    assert [file.path.name for file in made] == ["song_vocals.wav", "song_vocals_2.wav"]


@pytest.mark.parametrize("region", [Region(2, 2), Region(3, 2), Region(-1, 2), Region(math.nan, 2), Region(1, math.inf)])
def test_no_part(region: Region) -> None:
    with pytest.raises(BadOption, match="a part from"):
        preset("split", region=region)


def test_the_longest_part() -> None:
    steps = preset("split", region=Region(1, LONGEST))["steps"]
    assert (steps[0]["end"], steps[-1]["end"]) == (LONGEST, LONGEST)


def test_what_would_not_fit() -> None:
    with pytest.raises(BadOption, match="trombone") as caught:
        preset("split", stem="trombone")
    assert "vocals, other" in caught.value.hint
    with pytest.raises(BadPreset, match="moves sounds in time"):
        preset(graph([separate("s", "split"), {"kind": "trim_silence", "name": "t", "input": "s.vocals"}], ["t"]))
    with pytest.raises(BadPreset, match="2 files"):
        preset(graph([{"kind": "mix", "name": "m", "sources": [{"from": "mixture"}, {"from": "file2"}]}], ["m"]))
    preset(graph([separate("s", "split"), {"kind": "trim_silence", "name": "t", "input": "s.vocals"}], ["s.vocals"]))  # nobody needs it


def test_names_of_stems() -> None:
    assert stem_names(["a.b*", "A_B_", "", "x" * 200, "a.b*"]) == ["a_b_", "A_B__2", "song", "x" * 90, "a_b__3"]


@pytest.mark.parametrize("tool", ["convert", "cut", "speed-key", "gain", "join", "mix"])
@pytest.mark.parametrize("count", [2, 32])
def test_every_tool_makes_a_preset_that_can_be_read(tool: str, count: int) -> None:
    data = tool_preset(
        tool, ["mixture", "file2", "con", "{song}"] * (count // 4) or ["mixture", "file2"], {"db": 1} if tool == "gain" else {}
    )
    read_again = parse_preset(data)
    assert read_again.files == count
    assert len(read_again.outputs) in (1, count)
