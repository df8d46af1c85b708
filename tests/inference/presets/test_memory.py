"""Memory does not know how long the song is, whatever a preset does with it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import soundfile

from tests.conftest import chord
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


def peak(workshop: Shop, folder: Path, seconds: int) -> int:
    """Bytes that Python and NumPy held at most during a run."""
    path = folder / f"{seconds}.wav"
    block = chord(10.0)
    with soundfile.SoundFile(path, "w", 44100, 2, "FLOAT") as file:
        for _ in range(seconds // 10):
            file.write(block)
    tracemalloc.start()
    workshop.run(graph(STEPS, ["c", "s.other"]), path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_a_longer_song_needs_no_more_memory(workshop: Shop, tmp_path: Path) -> None:
    peak(workshop, tmp_path, 10)  # what is imported on the way does not count
    short, long = peak(workshop, tmp_path, 10), peak(workshop, tmp_path, 40)
    assert long < 1.1 * short, f"10 s: {short >> 10} kB, 40 s: {long >> 10} kB"
