"""What may be chosen, and what is said about what may not."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from inference.ensemble import EnsembleSettings, ensemble, parse_settings
from inference.ensemble.settings import MAX_MEMBERS
from inference.errors import BadOption

BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"algorithm": "avg"}, "'avg'", "avg_wave"),
    ({"algorithm": "Median FFT"}, "'Median FFT'", "Did you mean median_fft?"),
    ({"weights": (1.0, -1.0)}, "-1.0", "from 0 to 1e+06"),
    ({"weights": (1.0, float("nan"))}, "nan", "from 0 to 1e+06"),
    ({"weights": (float("inf"),)}, "inf", "from 0 to 1e+06"),
    ({"weights": (0.0, 0.0)}, "weight 0", "at least one"),
    ({"bands": ((1.0, 1.0, 0.0), (2.0, 1.0, 0.0))}, "high band", "at least one"),
    ({"bands": ((1.0, 1.0, -2.0),)}, "-2.0", "from 0 to 1e+06"),
    ({"bands": ((1.0, 1.0, 1.0),), "algorithm": "max_fft"}, "max_fft", "avg_wave, avg_fft"),
    ({"bands": ((1.0, 1.0, 1.0),), "weights": (1.0, 2.0)}, "2 weights and 1 sets", "every member"),
    ({"bands": ((1.0, 0.0, 1.0), (1.0, 1.0, 1.0)), "weights": (1.0, 0.0)}, "mid band", "at least one"),
    ({"crossovers": (4000.0, 250.0)}, "4000 and 250 Hz", "octave"),
    ({"crossovers": (1000.0, 1500.0)}, "1000 and 1500 Hz", "octave"),
    ({"crossovers": (1.0, 1500.0)}, "1 and 1500 Hz", "20 Hz"),
    ({"crossovers": (250.0, float("inf"))}, "250 and inf Hz", "octave"),
]


@pytest.mark.parametrize(("fields", "message", "hint"), BAD)
def test_impossible_settings_are_refused_with_the_value_and_a_way_out(fields: dict[str, Any], message: str, hint: str) -> None:
    for make in (lambda: EnsembleSettings(**fields), lambda: parse_settings(fields)):
        with pytest.raises(BadOption) as caught:
            make()
        assert message in caught.value.message
        assert hint in caught.value.hint


def test_three_bands_are_no_two() -> None:
    with pytest.raises(BadOption, match="2 band weights") as caught:
        EnsembleSettings(bands=((1.0, 1.0),))  # type: ignore[arg-type]
    assert "low, mid, high" in caught.value.hint


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"algorithmus": "avg_wave"}, "algorithmus"),
        ({"weights": "heavy"}, "weights"),
        ({"weights": [1, "x"]}, "weights.1"),
        ({"bands": [[1]]}, "bands.0"),
    ],
)
def test_json_of_another_form_is_refused_where_it_is(data: dict[str, Any], place: str) -> None:
    with pytest.raises(BadOption, match=f"^{place}:") as caught:
        parse_settings(data)
    assert "algorithm, weights, bands, crossovers" in caught.value.hint


def test_json_becomes_settings() -> None:
    data = {"algorithm": "avg_fft", "weights": [1, 2], "bands": [[1, 0, 1], [1, 1, 0]], "crossovers": [200, 3000]}
    settings = parse_settings(data)
    assert settings == EnsembleSettings("avg_fft", (1.0, 2.0), ((1.0, 0.0, 1.0), (1.0, 1.0, 0.0)), (200.0, 3000.0))
    assert parse_settings(dataclasses.asdict(settings)) == settings
    assert parse_settings({}) == EnsembleSettings()


@pytest.mark.parametrize(
    ("settings", "members", "message"),
    [
        (EnsembleSettings(), 0, "0 members"),
        (EnsembleSettings(), MAX_MEMBERS + 1, f"{MAX_MEMBERS + 1} members"),
        (EnsembleSettings(weights=(1.0, 2.0)), 3, "2 weights for 3 members"),
        (EnsembleSettings(bands=((1.0, 2.0, 3.0),)), 2, "1 bands for 2 members"),
    ],
)
def test_another_number_of_members_is_refused_before_anything_is_read(settings: EnsembleSettings, members: int, message: str) -> None:
    with pytest.raises(BadOption) as caught:
        ensemble([iter([np.zeros((2, 10), np.float32)])] * members, settings, sample_rate=44100)
    assert message in caught.value.message
    assert caught.value.hint
