"""Key and tempo of music that was made in a key and a tempo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tools.analysis.synth import RATE, clicks, noise, progression, save
from tools.analysis.key import NOTES, camelot
from tools.analysis.music import key_tempo


@pytest.mark.parametrize("minor", [False, True])
@pytest.mark.parametrize(("tonic", "bpm"), list(enumerate([72, 90, 100, 118, 128, 140, 155, 96.5, 110, 124, 133, 84])))
def test_a_progression_in_every_key(tmp_path: Path, tonic: int, bpm: float, minor: bool) -> None:
    found = key_tempo(save(tmp_path / "song.wav", progression(tonic, minor=minor, bpm=bpm)))
    assert (found["key"], found["scale"]) == (NOTES[tonic], "minor" if minor else "major")
    assert found["tempo"] == pytest.approx(bpm, rel=0.002)
    assert found["confidence"] > 0.5
    assert abs(found["tuning_cents"]) < 4


@pytest.mark.parametrize("a4", [432.0, 448.0])
def test_another_tuning(tmp_path: Path, a4: float) -> None:
    found = key_tempo(save(tmp_path / "song.wav", progression(2, minor=True, bpm=100, a4=a4)))
    assert (found["key"], found["scale"]) == ("D", "minor")
    assert found["tuning_cents"] == pytest.approx(1200 * np.log2(a4 / 440), abs=4)


@pytest.mark.parametrize("bpm", [50, 61.7, 90, 120, 128.4, 174, 200])
def test_a_metronome(tmp_path: Path, bpm: float) -> None:
    found = key_tempo(save(tmp_path / "song.wav", clicks(bpm, 40)))
    either = [found["tempo"], found["tempo_alternative"]]
    assert min(abs(each / bpm - 1) for each in either if each) < 0.002
    if 70 <= bpm <= 160:
        assert found["tempo"] == pytest.approx(bpm, rel=0.002)


def test_the_rate_does_not_matter(tmp_path: Path) -> None:
    whole = progression(9, minor=False, bpm=110)
    found = [key_tempo(save(tmp_path / f"{rate}.wav", whole[:, :: RATE // rate], rate)) for rate in (RATE, 22050)]
    assert found[0]["key"] == found[1]["key"] == "A"
    assert found[0]["tempo"] == pytest.approx(found[1]["tempo"], rel=0.002)


def test_where_nothing_is_nothing_is_found(tmp_path: Path) -> None:
    found = key_tempo(save(tmp_path / "silence.wav", np.zeros((2, 10 * RATE), np.float32)))
    assert found == {
        "key": None, "scale": None, "camelot": None, "confidence": 0.0, "tuning_cents": None, "tempo": None, "tempo_alternative": None,
    }  # fmt: skip
    assert key_tempo(save(tmp_path / "noise.wav", noise(20)))["tempo"] is None
    assert key_tempo(save(tmp_path / "noise.wav", noise(20)))["confidence"] < 0.5
    assert key_tempo(save(tmp_path / "short.wav", noise(0.01)))["tempo"] is None


def test_the_wheel() -> None:
    assert [camelot(tonic, minor=False) for tonic in (0, 7, 2, 5, 6)] == ["8B", "9B", "10B", "7B", "2B"]
    assert [camelot(tonic, minor=True) for tonic in (9, 4, 2, 8)] == ["8A", "9A", "7A", "1A"]
