"""The loudness meter against what the standard's test signals must read (ITU-R BS.2217, EBU Tech 3341)."""

from __future__ import annotations

import numpy as np
import pytest

from inference.audio.loudness import LoudnessMeter, TruePeakMeter, k_weighting


def tone(seconds: float, level_db: float, rate: int = 48000, hz: float = 1000.0, channels: int = 2) -> np.ndarray:
    """A sine whose peak lies at `level_db`."""
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return np.tile(wave, (channels, 1)).astype(np.float32)


def measured(samples: np.ndarray, rate: int = 48000, block: int = 10_007) -> float:
    meter = LoudnessMeter(rate, len(samples))
    for at in range(0, samples.shape[1], block):
        meter.push(samples[:, at : at + block])
    return meter.integrated()


def test_the_filters_are_those_of_the_standard() -> None:
    shelf, high_pass = k_weighting(48000)
    assert shelf == pytest.approx([1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585], abs=1e-8)
    assert high_pass == pytest.approx([1, -2, 1, 1, -1.99004745483398, 0.99007225036621], abs=1e-8)


@pytest.mark.parametrize("rate", [11025, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_a_stereo_tone_reads_its_level(rate: int, level: float) -> None:
    assert measured(tone(4, level, rate), rate) == pytest.approx(level, abs=0.1)


def test_one_channel_counts_half() -> None:
    assert measured(tone(4, -20, channels=1)) == pytest.approx(-23.01, abs=0.1)


def test_quiet_parts_do_not_count() -> None:
    """EBU Tech 3341, case 3."""
    parts = [tone(3, -36), tone(12, -23), tone(3, -36)]
    assert measured(np.concatenate(parts, axis=1)) == pytest.approx(-23, abs=0.1)


def test_surround_counts_more_and_bass_not_at_all() -> None:
    """EBU Tech 3341, case 6: left, right -28, centre -24, surround -30."""
    levels = [-28, -28, -24, 0, -30, -30]
    samples = np.concatenate([tone(3, level, channels=1) for level in levels])
    assert measured(samples) == pytest.approx(-23, abs=0.1)


def test_blocks_make_no_difference() -> None:
    samples = np.random.default_rng(5).normal(0, 0.1, (2, 100_000)).astype(np.float32)
    assert measured(samples, block=1000) == pytest.approx(measured(samples, block=100_000), abs=1e-9)


def test_silence_has_no_loudness() -> None:
    assert measured(np.zeros((2, 48000), np.float32)) == -np.inf
    assert LoudnessMeter(48000, 2).integrated() == -np.inf


def test_what_is_shorter_than_a_block_is_measured_too() -> None:
    assert measured(tone(0.05, -20)) == pytest.approx(-20, abs=1.5)


@pytest.mark.parametrize("rate", [44100, 48000, 192000])
def test_peaks_between_samples(rate: int) -> None:
    """A tone at a quarter of the rate, sampled 45 degrees off its peaks, is 3 dB higher between them."""
    n = np.arange(rate // 4)
    wave = np.sin(np.pi / 2 * n + np.pi / 4) * np.hanning(len(n))
    meter = TruePeakMeter(rate, 1)
    meter.push(wave[None].astype(np.float32))
    expected = 1.0 if rate < 100_000 else float(np.abs(wave).max())
    assert meter.finish() == pytest.approx(expected, abs=0.02)
