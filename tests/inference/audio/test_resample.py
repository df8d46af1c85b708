"""Resampling: exact length, independent of the cut, in time, and true in tone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.audio import Resampler, resample
from inference.types import Samples
from tests.inference.audio.audio_samples import tones

RATES = [(48000, 44100), (44100, 48000), (8000, 44100), (96000, 44100), (44100, 8000), (44099, 44100), (1000, 768_000)]


def whole(sound: Samples, source: int, target: int) -> Samples:
    resampler = Resampler(len(sound), source, target)
    return np.concatenate([resampler.push(sound), resampler.flush()], axis=1)


@settings(max_examples=40, deadline=None)
@given(
    rates=st.sampled_from(RATES[:6]),
    channels=st.integers(1, 3),
    cuts=st.lists(st.integers(0, 3000), min_size=1, max_size=12),
)
def test_the_cut_does_not_matter_and_the_length_is_exact(rates: tuple[int, int], channels: int, cuts: list[int]) -> None:
    source, target = rates
    sound = np.random.default_rng(0).standard_normal((channels, sum(cuts))).astype(np.float32)
    blocks = np.split(sound, np.cumsum(cuts)[:-1], axis=1)
    out = list(resample(blocks, channels=channels, source_rate=source, target_rate=target))
    joined = np.concatenate([np.zeros((channels, 0), np.float32), *out], axis=1)
    assert all(block.shape[1] for block in out)
    assert joined.dtype == np.float32
    assert abs(joined.shape[1] - sum(cuts) * target / source) <= 0.5
    assert np.array_equal(joined, whole(sound, source, target))


def test_one_sample_at_a_time() -> None:
    sound = tones(2000)
    out = np.concatenate(list(resample(np.split(sound, 2000, axis=1), channels=2, source_rate=48000, target_rate=44100)), axis=1)
    assert np.array_equal(out, whole(sound, 48000, 44100))


def test_equal_rates_pass_the_very_same_blocks() -> None:
    blocks = [tones(10), tones(20)]
    assert all(a is b for a, b in zip(resample(blocks, channels=2, source_rate=8000, target_rate=8000), blocks, strict=True))


@pytest.mark.parametrize(("source", "target"), RATES)
def test_an_impulse_stays_in_place(source: int, target: int) -> None:
    frames = 2 * source
    sound = np.zeros((1, frames), np.float32)
    sound[0, source] = 1
    out = whole(sound, source, target)
    assert abs(int(np.abs(out[0]).argmax()) - target) <= max(1, target // source)


@pytest.mark.parametrize(("source", "target"), RATES[:6])
def test_a_tone_survives_at_its_level_and_phase(source: int, target: int) -> None:
    time = np.arange(source) / source
    sound = (0.5 * np.sin(2 * np.pi * 1000 * time)[None]).astype(np.float32)
    out = whole(sound, source, target)
    true = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(target) / target)
    middle = slice(target // 4, -target // 4)
    assert np.abs(out[0, middle] - true[middle]).max() < 1e-4


def test_a_tone_above_the_new_limit_dies() -> None:
    sound = (0.5 * np.sin(2 * np.pi * 15000 * np.arange(48000) / 48000)[None]).astype(np.float32)
    assert np.abs(whole(sound, 48000, 16000)[0, 2000:-2000]).max() < 1e-4


def test_there_and_back_is_the_same_length() -> None:
    for frames in (1, 1000, 44100, 48001):
        sound = tones(frames, 1, 48000)
        there = whole(sound, 48000, 96000)
        assert whole(there, 96000, 48000).shape == sound.shape
