"""Every algorithm is what its definition says, over a hundred random shapes, and what everybody expects of an ensemble."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from inference.ensemble import ALGORITHMS, EnsembleSettings, ensemble, ensemble_arrays
from tests.inference.ensemble.definitions import DEFINITIONS, padded
from tests.inference.ensemble.shapes import cut, random_songs, random_weights

RATE = 44100
SHAPES = range(100)
ALL = pytest.mark.parametrize("name", ALGORITHMS)
WEIGHTED = pytest.mark.parametrize("name", [name for name, algorithm in ALGORITHMS.items() if algorithm.weighted])


def together(songs: list[np.ndarray], settings: EnsembleSettings, seed: int | None = None) -> np.ndarray:
    """The ensemble as a stream, with the songs cut into random blocks."""
    random = np.random.default_rng(seed)
    members = [cut(song, random) if seed is not None else [song] for song in songs]
    blocks = list(ensemble(members, settings, sample_rate=RATE))
    assert all(block.dtype == np.float32 and block.shape[1] for block in blocks)
    return np.concatenate([np.zeros((songs[0].shape[0], 0), np.float32), *blocks], axis=1)


def assert_close(found: np.ndarray, true: np.ndarray, tolerance: float = 1e-6) -> None:
    assert found.shape == true.shape
    assert np.abs(found - true).max(initial=0) <= tolerance * np.abs(true).max(initial=0)


def three(length: int = 5000) -> list[np.ndarray]:
    return list(np.random.default_rng(3).standard_normal((3, 2, length)).astype(np.float32))


def test_every_algorithm_has_a_definition() -> None:
    assert set(ALGORITHMS) == set(DEFINITIONS)


@ALL
def test_is_what_its_definition_says(name: str) -> None:
    for seed in SHAPES:
        songs = random_songs(seed)
        true = DEFINITIONS[name](padded(songs), [1.0] * len(songs))
        assert_close(together(songs, EnsembleSettings(name), seed), true)


@WEIGHTED
def test_is_what_its_definition_says_with_weights(name: str) -> None:
    for seed in range(0, 100, 5):
        songs = [song[:, :3000] for song in random_songs(seed)]
        weights = random_weights(seed, len(songs))
        true = DEFINITIONS[name](padded(songs), list(weights))
        assert_close(together(songs, EnsembleSettings(name, weights), seed), true)


@ALL
def test_the_array_form_is_the_stream(name: str) -> None:
    for seed in range(0, 100, 7):
        songs = random_songs(seed)
        assert np.array_equal(
            ensemble_arrays(songs, EnsembleSettings(name), sample_rate=RATE), together(songs, EnsembleSettings(name), seed)
        )


def test_an_array_of_all_members_is_taken_as_well() -> None:
    songs = np.stack(three())
    assert np.array_equal(ensemble_arrays(songs, sample_rate=RATE), ensemble_arrays(list(songs), sample_rate=RATE))
    assert ensemble_arrays(songs[:, :, :0], sample_rate=RATE).shape == (2, 0)


@ALL
def test_one_member_comes_out_unchanged(name: str) -> None:
    for seed in SHAPES:
        song = random_songs(seed)[0]
        assert np.array_equal(together([song], EnsembleSettings(name), seed), song)


@ALL
def test_members_that_agree_come_out_as_they_are(name: str) -> None:
    song = three()[0]
    for count in (2, 3, 4, 5):
        assert_close(together([song] * count, EnsembleSettings(name)), song, 2e-7)


@ALL
def test_silence_stays_silence(name: str) -> None:
    silence = np.zeros((2, 5000), np.float32)
    for count in (1, 2, 3, 4):
        assert not together([silence] * count, EnsembleSettings(name)).any()


@ALL
def test_the_order_does_not_matter(name: str) -> None:
    songs, weights = three(), (0.5, 1.0, 2.5)
    outcomes = [
        together([songs[number] for number in order], EnsembleSettings(name, tuple(weights[number] for number in order)))
        for order in itertools.permutations(range(3))
    ]
    for outcome in outcomes[1:]:
        assert_close(outcome, outcomes[0], 2e-7)


@pytest.mark.parametrize("name", ["min_wave", "max_wave", "min_fft", "max_fft"])
def test_the_order_does_not_matter_for_equal_sizes_either(name: str) -> None:
    """Samples of 16 bits are often equal but for their sign."""
    song = three()[0]
    mirrored = song * np.where(np.arange(5000) % 3, 1, -1).astype(np.float32)
    for first, second in ((song, -song), (song, mirrored)):
        assert np.array_equal(together([first, second], EnsembleSettings(name)), together([second, first], EnsembleSettings(name)))


@pytest.mark.parametrize(("name", "choose"), [("min_wave", np.minimum), ("max_wave", np.maximum)])
def test_the_extremes_of_samples_keep_their_size_and_a_sign(name: str, choose: np.ufunc) -> None:
    values = np.array([-3, -2, -1, 0, 1, 2, 3], np.float32)
    first, second = (grid.reshape(1, -1) for grid in np.meshgrid(values, values))
    found = together([first, second], EnsembleSettings(name))
    assert np.array_equal(np.abs(found), choose(np.abs(first), np.abs(second)))
    assert ((found == first) | (found == second)).all()


def test_the_later_member_wins_a_tie_in_uvr_spectra() -> None:
    song = three()[0]
    for name in ("uvr_max_spec", "uvr_min_spec"):
        assert_close(together([song, -song], EnsembleSettings(name)), -song, 2e-7)


@ALL
def test_equal_weights_are_none(name: str) -> None:
    songs = three()
    plain = together(songs, EnsembleSettings(name))
    for weight in (1e-300, 1e-3, 1.0, 7.0, 1e6):
        assert np.array_equal(together(songs, EnsembleSettings(name, (weight,) * 3)), plain)


@ALL
def test_a_weight_of_zero_removes_the_member(name: str) -> None:
    songs = three()
    longer = np.ones((2, 9000), np.float32)
    left_out = together([songs[0], longer, songs[1]], EnsembleSettings(name, (1.0, 0.0, 3.0)))
    assert np.array_equal(left_out, together(songs[:2], EnsembleSettings(name, (1.0, 3.0))))


@WEIGHTED
def test_a_heavy_member_is_heard_more(name: str) -> None:
    songs = three()

    def distance(weights: tuple[float, ...]) -> float:
        return float(np.abs(together(songs, EnsembleSettings(name, weights)) - songs[1]).mean())

    assert distance((1.0, 1e6, 1.0)) < 1e-2 * distance((1.0, 1.0, 1.0))
    assert distance((1.0, 2.1, 1.0)) < distance((1.0, 1.0, 1.0))


@pytest.mark.parametrize("name", ["median_wave", "median_fft"])
def test_a_median_does_not_hear_a_member_that_fails(name: str) -> None:
    song = three()[0]
    failed = np.random.default_rng(9).standard_normal(song.shape).astype(np.float32) * 20
    found = together([song, failed, song * np.float32(1.001)], EnsembleSettings(name))
    average = together([song, failed, song * np.float32(1.001)], EnsembleSettings("avg_wave"))
    assert np.mean((np.abs(found) - np.abs(song)) ** 2) < 0.05 * np.mean((average - song) ** 2)


def test_members_that_cancel_leave_no_phase_to_a_median() -> None:
    song = three()[0]
    assert not together([song, -song], EnsembleSettings("median_fft")).any()


@ALL
def test_what_is_given_is_left_as_it_is(name: str) -> None:
    songs = three()
    before = [song.copy() for song in songs]
    found = together(songs, EnsembleSettings(name))
    found += 1
    assert all(np.array_equal(song, copy) for song, copy in zip(songs, before, strict=True))


@ALL
def test_loud_and_soft_sound_is_treated_alike(name: str) -> None:
    songs = three()
    plain = together(songs, EnsembleSettings(name))
    for factor in (2.0**-60, 2.0**60):
        scaled = together([song * np.float32(factor) for song in songs], EnsembleSettings(name))
        assert_close(scaled / np.float32(factor), plain, 2e-7)
