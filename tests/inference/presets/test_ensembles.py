"""Presets of one ensemble that nobody wrote, and how far its members disagree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from inference.ensemble import EnsembleSettings
from inference.errors import BadOption, BadPreset
from inference.presets import StepStore, check_preset, parse_preset
from inference.presets.ensembles import ModelMember, ensemble_of_files, ensemble_of_models
from inference.presets.graph import as_json
from tests.inference.presets.shop import CATALOGUE, SHARES, Shop, graph, read, separate


def of_two(*weights: float) -> dict[str, Any]:
    """A preset that keeps its ensemble and something of another step."""
    members = [{"from": "s.vocals", "weight": weights[0]}, {"from": "s.other", "weight": weights[1]}]
    steps = [separate("s", "split"), {"kind": "ensemble", "name": "e", "members": members}]
    return graph(steps, ["e", "e.residual", "s.vocals"])


def test_over_models_from_one_song(workshop: Shop, second: Path) -> None:
    members = [ModelMember("split", "vocals", 2), ModelMember("karaoke", "lead"), ModelMember("split", "other"), ModelMember("solo")]
    data = ensemble_of_models(members, residual=True)
    assert json.loads(json.dumps(data)) == data
    check_preset(parse_preset(data), CATALOGUE)
    made, rest = workshop.run(data, second)
    assert [name for name, _ in workshop.asked] == ["split", "karaoke", "solo"], "a model that is there twice is computed once"
    share = (2 * SHARES["vocals"] + SHARES["lead"] + SHARES["other"] + SHARES["only"]) / 5
    assert np.abs(read(made) - share * read(second)).max() < 1e-6
    assert np.abs(read(made) + read(rest) - read(second)).max() < 1e-6
    assert [file.path.name for file in (made, rest)] == ["song_ensemble.wav", "song_residual.wav"]
    assert (made.main, rest.main) == (True, False)


def test_stems_of_one_name_keep_it(workshop: Shop, second: Path) -> None:
    members = [ModelMember("split", "vocals"), ModelMember("split", "vocals", options={"overlap": "high"})]
    (made,) = workshop.run(ensemble_of_models(members, EnsembleSettings("max_fft")), second)
    assert made.path.name == "song_vocals.wav"
    assert workshop.asked == [("split", {}), ("split", {"overlap": "high"})]


def test_settings_are_taken_over() -> None:
    settings = EnsembleSettings("avg_fft", (1, 3), ((1, 1, 0), (1, 0, 1)), (200, 5000))
    for data in (ensemble_of_files(2, settings), ensemble_of_models([ModelMember("split", "vocals")] * 2, settings)):
        (step,) = (step for step in parse_preset(data).steps if step.kind == "ensemble")
        assert step.settings == settings
    stored = as_json(parse_preset(ensemble_of_files(2, settings)))
    assert parse_preset(stored).steps[0].settings == settings, "it can be stored as a preset"


def test_what_cannot_be() -> None:
    for wrong in (lambda: ensemble_of_models([ModelMember("split")]), lambda: ensemble_of_files(3, EnsembleSettings(weights=(1, 2)))):
        with pytest.raises(BadOption):
            wrong()
    several = parse_preset(ensemble_of_models([ModelMember("split"), ModelMember("solo")]))
    with pytest.raises(BadPreset, match="several stems"):
        check_preset(several, CATALOGUE)


def test_members_that_disagree_are_seen(workshop: Shop, second: Path) -> None:
    made, rest, vocals = workshop.run(of_two(1, 1), second)
    mean, apart = (SHARES["vocals"] + SHARES["other"]) / 2, (SHARES["other"] - SHARES["vocals"]) / 2
    assert made.disagreement == pytest.approx(20 * np.log10(apart / mean), abs=0.01)
    assert rest.disagreement == made.disagreement, "what is unsure about a stem is unsure about the rest"
    assert vocals.disagreement is None
    assert vocals.picture is None
    assert made.picture is not None
    assert made.picture.parent == made.peaks.parent
    assert ElementTree.fromstring(made.picture.read_text(encoding="utf-8")).tag.endswith("svg")


def test_one_member_cannot_disagree(workshop: Shop, second: Path) -> None:
    made, _, _ = workshop.run(of_two(1, 0), second)
    assert made.disagreement is None


def test_a_kept_ensemble_still_knows(workshop: Shop, second: Path, tmp_path: Path) -> None:
    workshop.store = StepStore(tmp_path / "steps", 1 << 30, spare=0)
    first = workshop.run(of_two(1, 1), second)[0]
    again = workshop.run(of_two(1, 1), second)[0]
    assert workshop.asked == []
    assert again.disagreement == first.disagreement
    assert first.picture is not None
    assert again.picture is not None
    assert again.picture != first.picture
    assert again.picture.read_bytes() == first.picture.read_bytes()


@pytest.mark.parametrize("notes", [None, [], {}, {"disagreement": 3}, {"disagreement": {"level": "x", "picture": ""}}])
def test_kept_steps_without_notes_are_as_good(workshop: Shop, second: Path, tmp_path: Path, notes: Any) -> None:
    workshop.store = StepStore(tmp_path / "steps", 1 << 30, spare=0)
    first = workshop.run(of_two(1, 1), second)[0]
    for meta in (tmp_path / "steps").glob("*/step.json"):
        said = json.loads(meta.read_text(encoding="utf-8"))
        meta.write_text(
            json.dumps({**said, "notes": notes} if notes is not None else {"version": 1, "stems": said["stems"]}), encoding="utf-8"
        )
    again = workshop.run(of_two(1, 1), second)[0]
    assert workshop.asked == []
    assert again.disagreement is None
    assert np.array_equal(read(again), read(first))
