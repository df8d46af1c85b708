"""A workshop and a second of sound."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from tests.conftest import chord
from tests.inference.presets.shop import Shop


@pytest.fixture
def workshop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "runs")


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some more than a second of stereo at 44.1 kHz, no whole number of blocks."""
    path = tmp_path_factory.mktemp("seconds") / "second.wav"
    soundfile.write(path, chord(1.7), 44100, subtype="FLOAT")
    return path
