"""Importing the package is cheap: what is heavy is loaded by those who use it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_importing_loads_no_codec_and_no_network_library() -> None:
    program = "import sys, inference.audio; print(*sorted({'torch', 'librosa', 'av', 'soundfile', 'soxr', 'numba'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
