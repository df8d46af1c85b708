"""Memory does not know how long the song is, whatever a preset does with it."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.conftest import ROOT, chord
from tests.inference.presets.shop import Shop, graph, separate

STEPS = [
    separate("s", "split"),
    {"kind": "ensemble", "name": "e", "algorithm": "avg_fft", "members": [{"from": "s.vocals"}, {"from": "s.other"}]},
    {"kind": "mix", "name": "m", "sources": [{"from": "e"}, {"from": "e.residual", "weight": -1}]},
    {"kind": "effects", "name": "fx", "input": "m", "chain": [{"effect": "highpass", "hz": 80}, {"effect": "reverb"}]},
    {"kind": "loudness", "name": "l", "input": "fx", "peak_db": -1},
    {"kind": "trim_silence", "name": "t", "input": "l"},
    {"kind": "convert", "name": "c", "input": "t", "rate": 48000},
]


EDITING = [
    {"kind": "speed_key", "name": "k", "speed": 1.25, "semitones": 1},
    {"kind": "cut", "name": "a", "input": "k", "start": 1, "fade_in": 1, "fade_out": 3},
    {"kind": "splice", "name": "p", "input": "mixture", "patch": "a", "start": 1, "end": 20, "fade": 1},
    {"kind": "join", "name": "j", "sources": ["p", "a"], "crossfade": 2},
    {"kind": "mix", "name": "m", "sources": [{"from": "j", "pan": 0.5}, {"from": "mixture", "pan": -1}]},
]


def peak(
    workshop: Shop, folder: Path, seconds: int, steps: list[dict[str, Any]] = STEPS, outputs: tuple[str, ...] = ("c", "s.other")
) -> int:
    """Bytes that Python and NumPy held at most during a run."""
    path = folder / f"{seconds}.wav"
    block = chord(10.0)
    with soundfile.SoundFile(path, "w", 44100, 2, "FLOAT") as file:
        for _ in range(seconds // 10):
            file.write(block)
    tracemalloc.start()
    workshop.run(graph(steps, outputs), path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_a_longer_song_needs_no_more_memory(workshop: Shop, tmp_path: Path) -> None:
    peak(workshop, tmp_path, 10)  # what is imported on the way does not count
    short, long = peak(workshop, tmp_path, 10), peak(workshop, tmp_path, 40)
    assert long < 1.1 * short, f"10 s: {short >> 10} kB, 40 s: {long >> 10} kB"


def test_nor_does_editing_it(workshop: Shop, tmp_path: Path) -> None:
    peak(workshop, tmp_path, 10, EDITING, ("m",))
    short, long = peak(workshop, tmp_path, 30, EDITING, ("m",)), peak(workshop, tmp_path, 90, EDITING, ("m",))
    assert long < 1.1 * short, f"30 s: {short >> 10} kB, 90 s: {long >> 10} kB"


TOGETHER = """
import resource, sys
from pathlib import Path
import soundfile
import torch
torch.set_num_threads(1)
from inference.options import Options
from inference.presets import parse_preset, run
from inference.separator import Separator
from inference.types import OutputFormat
from tests.conftest import chord
from tests.families import small_model
minutes, folder = int(sys.argv[1]), Path(sys.argv[2])
records = {record.name: record for record in (small_model(name, folder) for name in ("bs_roformer mono", "mel_band_roformer", "mdx23c"))}
def separator(name, options):
    return Separator(records[name], cache=folder / "cache", device="cpu", options=Options(precision="exact", overlap=1))
song = folder / f"{minutes}.wav"
with soundfile.SoundFile(song, "w", 44100, 2, "PCM_16") as file:
    for _ in range(6 * minutes):
        file.write(chord(10.0))
members = [{"model": record.name, "stem": record.target or record.stems[0]} for record in records.values()]
step = {"kind": "ensemble", "name": "e", "algorithm": "median_fft", "members": members}
preset = parse_preset({"version": "2.0.0", "name": "t", "steps": [step], "outputs": [{"from": "e"}, {"from": "e.residual"}]})
files = run(preset, song, song="t", folder=folder / "kept", extras=folder / "extras", work=folder / "work", output=OutputFormat("flac"),
            models=separator, report=lambda _: None)
assert [file.frames for file in files] == [minutes * 60 * 44100] * 2
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform == "win32", reason="no getrusage")
def test_three_models_together_need_no_more_for_an_hour(tmp_path: Path) -> None:
    def most(minutes: int) -> int:
        command = [sys.executable, "-c", TOGETHER, str(minutes), str(tmp_path)]
        ran = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr[-2000:]
        return int(ran.stdout)

    short, long = most(3), most(60)
    assert long < 1.1 * short, f"3 minutes: {short} kB, an hour: {long} kB"
