"""A hundred ensembles of random sizes, and songs cut into random blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CURIOUS = (0, 1, 2, 1023, 1024, 1025, 2047, 2048, 2049, 3072, 8191, 8192, 8193)


def cut(song: np.ndarray, random: np.random.Generator) -> Iterator[np.ndarray]:
    """The song [C, T] in blocks of random lengths, some of them empty."""
    longest = int(random.choice([1, 7, 500, 5000, 20000])) if song.shape[1] < 2000 else int(random.choice([500, 5000, 20000]))
    at = 0
    while at < song.shape[1]:
        step = int(random.integers(0, longest + 1))
        yield song[:, at : at + step]
        at += step
    yield song[:, :0]


def random_songs(seed: int) -> list[np.ndarray]:
    """One to six members of one to three channels: coloured noise with something in common, lengths that may differ."""
    random = np.random.default_rng(seed)
    count, channels = int(random.integers(1, 7)), int(random.integers(1, 4))
    longest = CURIOUS[seed % len(CURIOUS)] if seed % 2 else int(random.integers(1, 12000))
    common = random.standard_normal((channels, longest))
    songs = []
    for _ in range(count):
        song = common * random.uniform(0, 1) + random.standard_normal((channels, longest)) * random.uniform(0.01, 1)
        length = longest if random.random() < 0.7 else int(random.integers(0, longest + 1))
        songs.append(song[:, :length].astype(np.float32))
    return songs


def random_weights(seed: int, count: int) -> tuple[float, ...]:
    random = np.random.default_rng(seed + 1000)
    return tuple(float(weight) for weight in random.choice([0.1, 0.2, 0.3, 0.5, 1, 1, 2, 3.7], count))
