"""Sounds whose key, tempo, level and leakage are known because they are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

RATE = 44100


def save(path: Path, samples: np.ndarray, rate: int = RATE, subtype: str = "FLOAT") -> Path:
    """A file of samples [C, n]."""
    soundfile.write(path, samples.T, rate, subtype=subtype)
    return path


def noise(seconds: float, *, channels: int = 2, rate: int = RATE, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, round(seconds * rate)))).astype(np.float32)


def sine(hz: float, seconds: float, *, level: float = 1.0, rate: int = RATE) -> np.ndarray:
    return np.stack([level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)] * 2).astype(np.float32)


def tone(midi: float, seconds: float, *, a4: float = 440.0) -> np.ndarray:
    """A plucked note with six partials."""
    time = np.arange(round(seconds * RATE)) / RATE
    hz = a4 * 2 ** ((midi - 69) / 12)
    waves = sum(np.sin(2 * np.pi * hz * partial * time) / partial**1.3 for partial in range(1, 7))
    return np.asarray(waves * np.minimum(1, time / 0.01) * np.exp(-1.5 * time))


def progression(tonic: int, *, minor: bool, bpm: float, a4: float = 440.0, rounds: int = 3) -> np.ndarray:
    """I IV V I, or i iv V i, each chord for four beats, over its bass; [1, n]."""
    bars: Sequence[tuple[int, bool]] = ((0, minor), (5, minor), (7, False), (0, minor))
    beats = []
    for degree, sad in bars * rounds:
        root = 48 + tonic + degree
        notes = (root - 12, root, root + (3 if sad else 4), root + 7)
        beats += [sum(tone(each, 60 / bpm, a4=a4) for each in notes)] * 4
    whole = np.concatenate(beats)
    return (0.5 * whole / np.abs(whole).max())[None].astype(np.float32)


def clicks(bpm: float, seconds: float) -> np.ndarray:
    """A metronome, [1, n]."""
    whole = np.zeros(round(seconds * RATE), np.float32)
    click = 0.5 * np.sin(2 * np.pi * 1500 * np.arange(800) / RATE) * np.exp(-np.arange(800) / 150)
    for number in range(int(seconds * bpm / 60)):
        at = round(number * 60 / bpm * RATE)
        part = whole[at : at + 800]
        part += click[: len(part)].astype(np.float32)
    return whole[None]
