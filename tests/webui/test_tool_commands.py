"""`tools` on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from typer.testing import CliRunner

from tests.conftest import ROOT
from tests.tools.analysis.synth import RATE, noise, progression, save
from webui.cli import app


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSST_HOME", str(tmp_path / "home"))
    return tmp_path


def made(*arguments: str | Path, status: int = 0) -> list[Path]:
    """What a command that ends its process wrote."""
    command = [sys.executable, "webui.py", "tools", *map(str, arguments)]
    ran = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == status, ran.stderr[-2000:]
    return [Path(line) for line in ran.stdout.splitlines()] if not status else [Path(ran.stderr)]


def said(*arguments: str | Path, status: int = 0) -> str:
    ran = CliRunner().invoke(app, ["tools", *map(str, arguments)])
    assert ran.exit_code == status, (ran.output, ran.exception)
    return ran.output


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def test_cut_and_join(home: Path) -> None:
    song = save(home / "song.wav", noise(2))
    (first,) = made("cut", song, "--end", "1.25", "-o", home / "first.wav")
    (second,) = made("cut", song, "--start", "1.25", "-o", home / "out")
    assert (first, second.name) == (home / "first.wav", "song_cut.wav")
    (whole,) = made("join", first, second, "-o", home / "whole.flac", "--subtype", "PCM_24")
    assert np.abs(read(whole) - noise(2)).max() < 1e-6
    (named,) = made("join", first, second, "-o", home / "named", "--title", "All of it")
    assert named.name == "All_of_it.wav"
    assert "--title is for one job" in str(made("cut", first, second, "--title", "A", status=2)[0])


def test_mix_and_others(home: Path) -> None:
    one, two = save(home / "one.wav", noise(1)), save(home / "two.wav", noise(1, seed=1))
    (mixed,) = made("mix", one, two, "--gain", "0,off", "--pan", "1,0", "-o", home / "mix.wav")
    assert np.array_equal(read(mixed), noise(1) * np.array([[0], [1]], np.float32))
    slow = sorted(made("speed-key", one, two, "--speed", "0.5", "--semitones", "-3", "-o", home / "slow"))
    assert [(path.name, read(path).shape[1]) for path in slow] == [("one_x0.5_-3.wav", 2 * RATE), ("two_x0.5_-3.wav", 2 * RATE)]
    (small,) = made("convert", one, "--rate", "16000", "--channels", "1", "-o", home / "small", "-f", "flac")
    assert soundfile.info(small).samplerate == 16000
    assert "one for each" in str(made("mix", one, two, "--gain", "1", status=1)[0])
    assert "no file" in str(made("cut", home / "nobody.wav", status=1)[0])


def test_a_part_is_replaced(home: Path) -> None:
    song, stem = save(home / "song.wav", noise(3)), save(home / "stem.wav", 0.5 * noise(3))
    (mended,) = made("replace", song, stem, "--start", "1", "--end", "2", "--stem", "vocals", "--purpose", "vocals", "-o", home / "new.wav")
    new, old = read(mended), read(stem)
    assert np.array_equal(new[:, :RATE], old[:, :RATE])
    assert np.array_equal(new[:, 2 * RATE :], old[:, 2 * RATE :])
    assert np.abs(new - old)[:, RATE + 4410 : 2 * RATE - 4410].max() > 0.01
    assert "trombone" in str(made("replace", song, stem, "--start", "1", "--end", "2", "--stem", "trombone", status=1)[0])


def test_what_is_said(home: Path) -> None:
    song = save(home / "song.wav", progression(0, minor=False, bpm=120))
    assert json.loads(said("key-tempo", song, "--json"))["camelot"] == "8B"
    assert json.loads(said("info", song, "--json"))["channels"] == 1
    assert "sdr: 200.00" in said("score", song, song)
    assert "null test: -150.00 dB" in said("quality", song, song, save(home / "0.wav", np.zeros_like(progression(0, minor=False, bpm=120))))
    said("spectrogram", song, home / "song.png", "--width", "300", "--height", "50")
    assert Image.open(home / "song.png").size == (300, 50)
    assert "no file" in said("info", home / "nobody.wav", status=2)
    (home / "text.wav").write_text("no sound")
    assert "not in an audio format" in said("info", home / "text.wav", status=2)
