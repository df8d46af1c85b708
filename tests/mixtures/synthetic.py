"""A singer and a band made of sines and noise: crude, and enough for a network that was trained on people."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.mixtures.maker import RATE, SECONDS, Audio, levelled

Signal = npt.NDArray[np.float64]  # mono, [n]

TUNE = (220.0, 246.9, 261.6, 293.7, 329.6, 293.7, 261.6, 246.9)  # Hz
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (530, 1840, 2480), (300, 870, 2240))  # formants in Hz of a, i, o, e, u
FORMANTS = ((80, 1.0), (100, 0.6), (140, 0.35))  # width in Hz and strength of the first three
BASS = (55.0, 43.65, 49.0, 41.2)  # Hz, one a bar


def times() -> Signal:
    """The time of each sample in seconds."""
    return np.arange(round(SECONDS * RATE)) / RATE


def steps(values: Signal, glide: float) -> Signal:
    """A curve [n] that holds each value [k] for its k-th part of the song and slides to the next over `glide` seconds."""
    held = values[np.minimum((times() * len(values) / SECONDS).astype(int), len(values) - 1)]
    width = round(glide * RATE)
    total = np.cumsum(np.pad(held, (width, 0), mode="edge"))
    return (total[width:] - total[:-width]) / width


def singer() -> Audio:
    """A voice: harmonics of a pitch with vibrato, each as loud as the formants of the vowel let it be."""
    time = times()
    pitch = steps(np.array(TUNE), 0.06) * (1 + 0.012 * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    order = [VOWELS[(3 * i) % len(VOWELS)] for i in range(16)]
    formants = [steps(np.array([vowel[i] for vowel in order], float), 0.04) for i in range(3)]
    voice = np.zeros_like(time)
    for harmonic in range(1, 30):
        frequency = harmonic * pitch
        loudness = sum(gain / (1 + ((frequency - centre) / width) ** 2) for centre, (width, gain) in zip(formants, FORMANTS, strict=True))
        voice += np.where(frequency < 9000, loudness / harmonic * np.sin(harmonic * phase), 0)
    syllables = np.minimum(1, 12 * (0.5 - np.abs((time * 16 / SECONDS) % 1 - 0.5)))
    return levelled(np.repeat((voice * syllables)[None], 2, 0).astype(np.float32))


def band() -> Audio:
    """Drums, a bass and a plucked chord, two beats a second."""
    random = np.random.default_rng(1)
    time = times()
    beat = time % 0.5  # seconds since the last beat
    root = np.array(BASS)[(time / 2).astype(int) % len(BASS)]
    kick = 0.9 * np.sin(2 * np.pi * (50 * beat - 4 * np.exp(-30 * beat))) * np.exp(-9 * beat)
    snare = 0.35 * random.standard_normal(len(time)) * np.exp(-18 * beat) * ((time / 0.5).astype(int) % 2)
    hat = 0.12 * np.diff(random.standard_normal(len(time) + 1)) * np.exp(-60 * (time % 0.25))
    bass = 0.35 * sum(np.sin(2 * np.pi * root * k * beat) / k for k in (1, 2, 3)) * np.exp(-3 * beat)
    sides = [kick + snare + hat + bass for _ in range(2)]
    for string, interval in enumerate((4, 5, 6)):
        tone = 0.12 * sum(np.sin(2 * np.pi * root * interval * k * beat) / k**1.5 for k in range(1, 8)) * np.exp(-6 * beat)
        sides[0] += tone * (1 - 0.3 * string)
        sides[1] += tone * (0.4 + 0.3 * string)
    return levelled(np.stack(sides).astype(np.float32))
