"""Scores against their definitions in float64, and what they are known to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference.errors import BadOption
from tests.tools.analysis.synth import RATE, noise, save
from tools.analysis.score import BEST_DB, score


def sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    reference, estimate = reference.astype(np.float64), estimate.astype(np.float64)
    return float(10 * np.log10(np.sum(reference**2) / np.sum((reference - estimate) ** 2)))


def si_sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    reference, estimate = reference.astype(np.float64), estimate.astype(np.float64)
    aim = np.sum(reference * estimate) / np.sum(reference**2) * reference
    return float(10 * np.log10(np.sum(aim**2) / np.sum((aim - estimate) ** 2)))


@pytest.mark.parametrize("error", [1.0, 0.1, 1e-3, 1e-6])
def test_the_definitions(tmp_path: Path, error: float) -> None:
    reference = noise(3.7)
    reference[1] *= 0.3
    estimate = (0.7 * reference + error * noise(3.7, seed=1)).astype(np.float32)
    found = score(save(tmp_path / "r.wav", reference), save(tmp_path / "e.wav", estimate))
    assert found["sdr"] == pytest.approx(sdr(reference, estimate), abs=1e-9)
    assert found["si_sdr"] == pytest.approx(si_sdr(reference, estimate), abs=1e-6)
    for channel, each in enumerate(found["per_channel"]):
        assert each["sdr"] == pytest.approx(sdr(reference[channel], estimate[channel]), abs=1e-9)
        assert each["si_sdr"] == pytest.approx(si_sdr(reference[channel], estimate[channel]), abs=1e-6)
    seconds = [sdr(reference[:, at : at + RATE], estimate[:, at : at + RATE]) for at in range(0, reference.shape[1], RATE)]
    assert found["sdr_median"] == pytest.approx(np.median(seconds), abs=1e-9)
    assert (found["seconds"], found["resampled"], found["difference"]) == (3.7, False, 0)


def test_the_same_is_the_best(tmp_path: Path) -> None:
    file = save(tmp_path / "r.wav", noise(2))
    found = score(file, file)
    assert found["sdr"] == found["sdr_median"] == found["si_sdr"] == BEST_DB


def test_silence_has_no_score(tmp_path: Path) -> None:
    silent, loud = save(tmp_path / "s.wav", np.zeros((2, RATE), np.float32)), save(tmp_path / "r.wav", noise(1))
    found = score(silent, loud)
    assert found["sdr"] is found["sdr_median"] is found["si_sdr"] is None
    found = score(loud, silent)
    assert (found["sdr"], found["si_sdr"]) == (0, None)


def test_seconds_of_silence_do_not_count(tmp_path: Path) -> None:
    reference = noise(4)
    reference[:, RATE : 3 * RATE] = 0
    estimate = reference + 0.1 * noise(4, seed=1)
    found = score(save(tmp_path / "r.wav", reference), save(tmp_path / "e.wav", estimate))
    seconds = [sdr(reference[:, at : at + RATE], estimate[:, at : at + RATE]) for at in (0, 3 * RATE)]
    assert found["sdr_median"] == pytest.approx(np.mean(seconds), abs=1e-6)


def test_other_rates_are_resampled_and_mono_is_on_both_sides(tmp_path: Path) -> None:
    time = np.arange(2 * 48000) / 48000
    high = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)[None]
    low = (0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)).astype(np.float32)
    found = score(save(tmp_path / "r.wav", np.stack([low, low])), save(tmp_path / "e.wav", high, 48000))
    assert found["resampled"]
    assert found["sdr"] > 50
    assert len(found["per_channel"]) == 2


def test_other_lengths_are_refused_with_both(tmp_path: Path) -> None:
    one, two = save(tmp_path / "r.wav", noise(2)), save(tmp_path / "e.wav", noise(3))
    with pytest.raises(BadOption, match=r"2\.00 s long and the estimate 3\.00 s"):
        score(one, two)
    assert score(one, save(tmp_path / "e.wav", noise(2.1)))["difference"] == pytest.approx(0.1)
