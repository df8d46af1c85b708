"""Memory does not know the length of the song: the peak of a process that streams an hour, for every family."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.families import CONFIGS

STREAM = """
import resource, sys
from pathlib import Path
import numpy as np
import torch
torch.set_num_threads(1)
from inference.options import Options
from inference.separator import Separator
from tests.families import small_model
name, minutes, tta, folder = sys.argv[1], float(sys.argv[2]), sys.argv[3] == "True", Path(sys.argv[4])
options = Options(precision="exact", tta=tta, normalize=True, overlap=1)
separator = Separator(small_model(name, folder), cache=folder / "cache", device="cpu", options=options)
noise = (0.1 * np.random.default_rng(1).standard_normal((2, 65536))).astype(np.float32)
def song():
    for _ in range(int(minutes * 60 * 44100 / 65536)):
        yield noise
count = sum(block.shape[-1] for block in separator.stream(song(), sample_rate=44100, channels=2, open_again=song))
assert count == int(minutes * 60 * 44100 / 65536) * 65536
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(name: str, minutes: float, tta: bool, folder: Path) -> int:
    command = [sys.executable, "-c", STREAM, name, str(minutes), str(tta), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return int(ran.stdout)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform == "win32", reason="no getrusage")
@pytest.mark.parametrize("tta", [False, True])
@pytest.mark.parametrize("name", CONFIGS)
def test_an_hour_needs_no_more_than_three_minutes(name: str, tta: bool, tmp_path: Path) -> None:
    short, long = peak(name, 3, tta, tmp_path), peak(name, 60, tta, tmp_path)
    assert long < 1.1 * short
