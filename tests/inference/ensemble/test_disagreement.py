"""How far members disagree: the numbers, and the picture of them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from inference.ensemble import Disagreement, EnsembleSettings, ensemble, ensemble_arrays
from inference.ensemble.disagreement import FLOOR_DB
from tests.inference.ensemble.shapes import cut

RATE = 8000
SVG = "{http://www.w3.org/2000/svg}"


def heard(songs: list[np.ndarray], settings: EnsembleSettings | None = None, seed: int | None = None) -> Disagreement:
    meter, random = Disagreement(RATE), np.random.default_rng(seed)
    members = [cut(song, random) if seed is not None else [song] for song in songs]
    for _ in ensemble(members, settings, sample_rate=RATE, disagreement=meter):
        pass
    return meter


def sound(seconds: float, seed: int = 0, channels: int = 2) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))).astype(np.float32)


def test_a_tenth_apart_is_minus_twenty_decibels() -> None:
    song = sound(3)
    meter = heard([song * np.float32(1.1), song * np.float32(0.9)])
    assert meter.seconds == 0.5
    assert meter.levels == pytest.approx(np.full(6, -20.0), abs=1e-4)
    assert meter.overall == pytest.approx(-20, abs=1e-4)


def test_is_what_its_definition_says_with_weights_and_a_last_piece() -> None:
    songs, weights = [sound(1.7, 1), sound(1.7, 2), sound(1.1, 3)], np.array([1.0, 2.0, 0.5])
    meter = heard(songs, EnsembleSettings("max_fft", tuple(weights)), seed=4)
    padded = np.stack([np.pad(song, ((0, 0), (0, songs[0].shape[1] - song.shape[1]))) for song in songs]).astype(np.float64)
    middle = np.tensordot(weights / weights.sum(), padded, 1)
    apart = np.tensordot(weights / weights.sum(), (padded - middle) ** 2, 1)
    pieces = [slice(start, start + RATE // 2) for start in range(0, middle.shape[1], RATE // 2)]
    true = [10 * np.log10(apart[:, piece].sum() / (middle[:, piece] ** 2).sum()) for piece in pieces]
    assert meter.levels == pytest.approx(np.array(true), abs=1e-6)
    assert meter.overall == pytest.approx(10 * np.log10(apart.sum() / (middle**2).sum()), abs=1e-6)


def test_the_cut_does_not_matter() -> None:
    songs = [sound(2.3, 1), sound(2.3, 2)]
    assert heard(songs, seed=1).levels == pytest.approx(heard(songs).levels, abs=1e-9)
    meter = Disagreement(RATE)
    for sample in range(5000):
        meter.push(np.stack(songs)[:, :, sample : sample + 1], np.array([0.5, 0.5]))
    assert meter.levels == pytest.approx(heard([song[:, :5000] for song in songs]).levels, abs=1e-9)


def test_it_is_told_where_members_disagree() -> None:
    song = sound(5)
    other = song.copy()
    other[:, 2 * RATE : 3 * RATE] = sound(1, seed=5)
    levels = heard([song, other]).levels
    assert (levels[4:6] > -10).all()
    assert (np.delete(levels, [4, 5]) == FLOOR_DB).all()


def test_agreement_silence_and_a_single_member_are_the_floor() -> None:
    song = sound(1)
    for songs in ([song, song], [song], [np.zeros_like(song)] * 3):
        meter = heard(songs)
        assert (meter.levels == FLOOR_DB).all()
        assert meter.overall == FLOOR_DB


def test_what_is_too_quiet_to_hear_is_no_disagreement() -> None:
    faint = sound(1) * np.float32(1e-6)
    assert (heard([faint, -faint]).levels < -30).all()
    assert np.isfinite(heard([sound(1), -sound(1)]).levels).all()


def test_nothing_heard() -> None:
    meter = heard([np.zeros((2, 0), np.float32)] * 2)
    assert meter.levels.shape == (0,)
    assert meter.overall == FLOOR_DB
    assert "No sound" in meter.picture()


def test_the_ensemble_is_the_same_with_and_without() -> None:
    songs = [sound(1, 1), sound(1, 2)]
    for name in ("avg_wave", "max_fft"):
        plain = ensemble_arrays(songs, EnsembleSettings(name), sample_rate=RATE)
        assert np.array_equal(ensemble_arrays(songs, EnsembleSettings(name), sample_rate=RATE, disagreement=Disagreement(RATE)), plain)


def drawn(meter: Disagreement, **options: str) -> ElementTree.Element:
    return ElementTree.fromstring(meter.picture(**options))


def test_the_picture_has_axes_and_words_for_those_who_do_not_see_it() -> None:
    root = drawn(heard([sound(4, 1), sound(4, 2)]), title='"Vocals" <A & B>')
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == '"Vocals" <A & B>'
    assert re.fullmatch(r"-?\d+\.\d dB over all 4 seconds; most at .* seconds, -?\d+\.\d dB\.", root.findtext(f"{SVG}desc") or "")
    labels = [text.text for text in root.iter(f"{SVG}text")]
    assert {"dB", "s", "-60", "0", "1", "2", "3", "4"} <= set(labels)
    assert "prefers-color-scheme: dark" in (root.findtext(f"{SVG}style") or "")


def test_the_line_is_inside_the_picture_and_rises_with_disagreement() -> None:
    song = sound(4)
    other = song * np.float32(1.01)
    other[:, 2 * RATE :] = -2 * song[:, 2 * RATE :]
    line = next(path for path in drawn(heard([song, other])).iter(f"{SVG}path") if path.get("class") == "line").get("d") or ""
    heights = [float(height) for height in re.findall(r"V([\d.]+)", line)]
    places = [float(place) for place in re.findall(r"H([\d.]+)", line)]
    assert len(heights) == 8
    assert places == sorted(places)
    assert min(heights) >= 0
    assert max(places) <= 800
    assert max(heights) <= 240
    assert max(heights[4:]) < min(heights[:4])


def test_an_hour_fits_into_a_small_picture_and_hides_nothing() -> None:
    meter = Disagreement(100)
    block = np.ones((2, 1, 360_000), np.float32)
    block[1, :, 200_000:200_050] = -0.9
    meter.push(block, np.array([0.5, 0.5]))
    picture = meter.picture()
    assert len(picture) < 40_000
    assert "33:20" not in picture  # no tick there; the words tell
    assert "most at 2000 seconds" in picture
    assert {"0:00", "10:00", "60:00", "min:s"} <= {text.text for text in ElementTree.fromstring(picture).iter(f"{SVG}text")}
    line = next(path for path in ElementTree.fromstring(picture).iter(f"{SVG}path") if path.get("class") == "line").get("d") or ""
    heights = [float(height) for height in re.findall(r"V([\d.]+)", line)]
    assert min(heights) < max(heights) - 50
