"""Weights for bands: three gains that add up to one, and each member where it is wanted."""

from __future__ import annotations

import numpy as np
import pytest

from inference.ensemble import EnsembleSettings, ensemble_arrays
from inference.ensemble.bands import gains
from tests.inference.ensemble.definitions import banded_mean, bands, padded
from tests.inference.ensemble.shapes import random_songs
from tests.inference.ensemble.test_algorithms import assert_close, three, together

RATE = 44100


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
@pytest.mark.parametrize("crossovers", [(250.0, 4000.0), (100.0, 200.0), (20.0, 30000.0)])
def test_the_bands_add_up_to_one(rate: int, crossovers: tuple[float, float]) -> None:
    found = gains(rate, crossovers)
    assert np.abs(found.sum(axis=0) - 1).max() < 1e-12
    assert found.min() > -1e-12
    assert np.allclose(found, bands(rate, *crossovers), atol=1e-9)


@pytest.mark.parametrize("name", ["avg_wave", "avg_fft"])
def test_is_what_its_definition_says(name: str) -> None:
    for seed in range(0, 100, 2):
        songs, random = random_songs(seed), np.random.default_rng(seed)
        each = [tuple(float(weight) for weight in row) for row in random.choice([0, 0.5, 1, 3], (len(songs), 3))]
        each[0] = (1.0, 2.0, 0.5)
        found = together(songs, EnsembleSettings(name, bands=tuple(each)), seed)
        assert_close(found, songs[0] if len(songs) == 1 else banded_mean(padded(songs), each, bands(RATE, 250, 4000)))


def test_equal_bands_are_none() -> None:
    songs = three()
    plain = together(songs, EnsembleSettings(weights=(1, 2, 3)))
    assert np.array_equal(together(songs, EnsembleSettings(bands=((1, 1, 1), (2, 2, 2), (3, 3, 3)))), plain)
    assert np.array_equal(together(songs, EnsembleSettings(weights=(1, 2, 3), bands=((7, 7, 7),) * 3)), plain)
    assert np.array_equal(together(songs, EnsembleSettings(weights=(1, 2, 3), bands=((1, 2, 3),) * 3)), plain)


def test_weights_and_bands_multiply() -> None:
    songs = three()
    product = together(songs, EnsembleSettings(bands=((1, 2, 0), (3, 3, 6), (8, 4, 4))))
    assert_close(together(songs, EnsembleSettings(weights=(1, 3, 4), bands=((1, 2, 0), (1, 1, 2), (2, 1, 1)))), product, 2e-7)


def test_members_that_agree_come_out_as_they_are_whatever_the_bands() -> None:
    song = three()[0]
    assert_close(together([song, song], EnsembleSettings(bands=((1, 0, 5), (0, 1, 1)))), song, 2e-7)


def test_each_member_is_heard_in_its_own_band() -> None:
    time = np.arange(3 * RATE) / RATE
    pitches = (100, 1000, 10000)

    def tone(pitch: int, phase: float) -> np.ndarray:
        return np.sin(2 * np.pi * pitch * time + phase)

    songs = [sum(tone(pitch, number) for pitch in pitches)[None].astype(np.float32) for number in range(3)]
    found = ensemble_arrays(songs, EnsembleSettings(bands=((1, 0, 0), (0, 1, 0), (0, 0, 1))), sample_rate=RATE)
    true = sum(tone(pitch, number) for number, pitch in enumerate(pitches))
    middle = slice(RATE, 2 * RATE)
    assert np.abs(found[0, middle] - true[middle]).max() < 1e-3


def test_a_member_without_weight_in_any_band_is_left_out() -> None:
    songs = three()
    found = together([*songs[:2], np.ones((2, 9000), np.float32)], EnsembleSettings(bands=((1, 2, 3), (3, 2, 1), (0, 0, 0))))
    assert np.array_equal(found, together(songs[:2], EnsembleSettings(bands=((1, 2, 3), (3, 2, 1)))))
