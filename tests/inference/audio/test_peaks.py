"""The envelope: small, true, and the same however the sound is cut."""

from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.audio import PeakMeter


@settings(max_examples=60, deadline=None)
@given(
    rate=st.sampled_from([8000, 11025, 44100, 48000, 1000]), per_second=st.integers(1, 200), cuts=st.lists(st.integers(0, 900), max_size=10)
)
def test_the_envelope_is_the_plain_definition(rate: int, per_second: int, cuts: list[int]) -> None:
    frames = sum(cuts)
    sound = np.random.default_rng(frames).uniform(-1.2, 1.2, (2, frames)).astype(np.float32)
    meter = PeakMeter(rate, per_second)
    for block in np.split(sound, np.cumsum(cuts), axis=1):
        meter.push(block)
    edges = [min(frames, math.ceil(i * rate / per_second)) for i in range(frames * per_second // rate + 2)]
    parts = [sound[:, a:b] for a, b in itertools.pairwise(edges) if b > a]
    true = [[np.clip(np.rint(part.min() * 127), -127, 127), np.clip(np.rint(part.max() * 127), -127, 127)] for part in parts]
    peaks = meter.finish()
    assert peaks.dtype == np.int8
    assert peaks.tolist() == true


def test_an_hour_stays_small() -> None:
    meter = PeakMeter(8000)
    for _ in range(60):
        meter.push(np.zeros((1, 8000 * 60), np.float32))
    assert meter.finish().shape == (3600 * 50, 2)


def test_nothing_gives_nothing() -> None:
    assert PeakMeter(44100).finish().shape == (0, 2)
