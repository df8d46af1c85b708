"""Songs whose true stems are known: a voice over music, mixed at equal power, and the measure of how well they were taken apart.

Voices and music come from Debian packages where those are installed, and from arithmetic everywhere. Audio is float32 [2, n] at RATE.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

RATE = 44100  # samples per second
SECONDS = 8.0
LOUDNESS = 0.1  # root of the mean square of each stem, so that voice and music are equally strong
MUSIC = Path("/usr/share/games/amoebax/music")  # of Debian's package amoebax-data
TEXT = "The night was clear, and the stars were bright above the old town. Nobody knew where the music came from, but everybody listened."
TUNE = [("G3", 1, "here"), ("C4", 1, "we"), ("E4", 2, "go"), ("D4", 1, "down"), ("C4", 1, "the"), ("G3", 2, "road")]
TUNE += [("A3", 1, "to"), ("C4", 1, "the"), ("D4", 1, "sea"), ("E4", 1, "and"), ("G4", 2, "home")]

Audio = npt.NDArray[np.float32]


def sdr(truth: Audio, estimate: Audio) -> float:
    """Signal-to-distortion ratio in dB: 10 log10(sum s^2 / sum (s - e)^2)."""
    wanted = truth.astype(np.float64)
    return float(10 * np.log10((wanted**2).sum() / ((wanted - estimate) ** 2).sum()))


def levelled(audio: Audio) -> Audio:
    """SECONDS of it, from its beginning, with silence behind where it is shorter, at LOUDNESS."""
    length = round(SECONDS * RATE)
    audio = audio[:, :length]
    audio = np.pad(audio, ((0, 0), (0, length - audio.shape[1])))
    return (audio * (LOUDNESS / np.sqrt((audio.astype(np.float64) ** 2).mean()))).astype(np.float32)


def read(path: Path, *, start: float = 0.0) -> Audio:
    """A file as stereo at RATE, from `start` seconds on."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    audio = np.asarray(soxr.resample(audio, rate, RATE), np.float32).T
    return np.repeat(audio, 2, 0) if audio.shape[0] == 1 else audio[:, round(start * RATE) :]


def spoken(folder: Path, voice: str) -> Audio:
    """TEXT in a voice of espeak-ng."""
    path = folder / f"{voice}.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-s", "145", "-w", str(path), TEXT], check=True, timeout=60)
    return levelled(read(path))


def sung(folder: Path) -> Audio:
    """TUNE, sung by festival's voice kal."""
    notes = [f'<PITCH NOTE="{note}"><DURATION BEATS="{beats}">{word}</DURATION></PITCH>' for note, beats, word in TUNE]
    kind = '<!DOCTYPE SINGING PUBLIC "-//SINGING//DTD SINGING mark up//EN" "Singing.v0_1.dtd" []>'
    score = folder / "tune.xml"
    score.write_text(f'<?xml version="1.0"?>\n{kind}\n<SINGING BPM="90">\n' + "\n".join(notes) + "\n</SINGING>\n", encoding="utf-8")
    path = folder / "tune.wav"
    subprocess.run(["text2wave", "-mode", "singing", str(score), "-o", str(path)], check=True, timeout=60)
    return levelled(read(path))


def lacking() -> str:
    """Which of the system's packages are missing, in words; empty when all are there."""
    kal = Path("/usr/share/festival/voices/english/kal_diphone")
    there = {
        "espeak-ng": shutil.which("espeak-ng") is not None,
        "festival and festvox-kallpc16k": shutil.which("text2wave") is not None and kal.is_dir(),
        "amoebax-data": MUSIC.is_dir(),
    }
    return ", ".join(package for package, found in there.items() if not found)
