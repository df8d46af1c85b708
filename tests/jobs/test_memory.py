"""The memory of the compute process does not know how long the song is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from inference.presets import load_preset
from tests.conftest import ROOT, chord
from webui.compute.process import ComputeChild
from webui.services.presets import DEFAULT_PRESET


def write_song(path: Path, minutes: float) -> None:
    """Music of that length, written block by block: the test's own memory is not measured, but it should be small too."""
    block = np.rint(chord(30.0) * 32767).astype(np.int16)
    with soundfile.SoundFile(path, "w", 44100, 2, "PCM_16") as file:
        for _ in range(round(minutes * 2)):
            file.write(block)


def peak_memory(song: Path, work: Path) -> int:
    """Bytes that a fresh compute process needed at most for `song`."""
    preset = load_preset(ROOT / "presets" / f"{DEFAULT_PRESET}.json")
    child = ComputeChild()
    try:
        order = {
            "preset": preset.model_dump(mode="json"),
            "source": str(song),
            "song": "song",
            "folder": str(work / "results"),
            "container": "wav",
            "subtype": "FLOAT",
            "device": "cpu",
            "cache": str(work / "cache"),
            "installed": str(work / "none"),
        }
        peak = 0

        def look() -> None:
            nonlocal peak
            peak = max(peak, psutil.Process(child.pid).memory_info().rss)

        child.call("separate", order, tick=look, tick_seconds=0.05)
        return peak
    finally:
        child.kill()


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("short", "long"), [(3.0, 60.0)])
def test_a_longer_song_needs_no_more_memory(tmp_path: Path, short: float, long: float) -> None:
    peaks = []
    for minutes in (short, long):
        song = tmp_path / f"{minutes:g}.flac"
        write_song(song, minutes)
        peaks.append(peak_memory(song, tmp_path / f"{minutes:g}"))
    megabytes = [peak >> 20 for peak in peaks]
    assert peaks[1] < 1.1 * peaks[0], f"{short:g} min: {megabytes[0]} MB, {long:g} min: {megabytes[1]} MB"
