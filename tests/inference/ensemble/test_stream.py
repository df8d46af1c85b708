"""The stream: read in step, as long as the longest, in memory that does not know the length, with a rest that adds up."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from inference.ensemble import ALGORITHMS, EnsembleSettings, ensemble, ensemble_arrays, residual, spectra, with_residual
from inference.ensemble.ahead import MOST
from inference.ensemble.joined import joined
from inference.ensemble.stft import through_spectra
from inference.ensemble.stream import BLOCK
from inference.types import Samples
from tests.conftest import ROOT
from tests.inference.ensemble.shapes import cut, random_songs

RATE = 44100
NOISE = (0.1 * np.random.default_rng(1).standard_normal((3, 2, 65536))).astype(np.float32)


def noise(blocks: int, number: int) -> Iterator[Samples]:
    for _ in range(blocks):
        yield NOISE[number, :, : 30000 + 9000 * number]


def test_members_come_in_step_and_padded() -> None:
    for seed in range(30):
        songs = random_songs(seed)
        random = np.random.default_rng(seed)
        blocks = list(joined([cut(song, random) for song in songs], 1000))
        whole = np.concatenate([np.zeros((len(songs), songs[0].shape[0], 0)), *blocks], axis=2)
        assert all(block.shape[2] == 1000 for block in blocks[:-1])
        assert whole.shape[2] == max(song.shape[1] for song in songs)
        for song, found in zip(songs, whole, strict=True):
            assert np.array_equal(found[:, : song.shape[1]], song)
            assert not found[:, song.shape[1] :].any()


def test_streams_without_any_block_are_silent() -> None:
    song = NOISE[0, :, :3000]
    assert np.array_equal(np.concatenate(list(ensemble([[], [song]], EnsembleSettings("max_wave"), sample_rate=RATE)), 1), song)
    assert list(ensemble([[], []], sample_rate=RATE)) == []


def test_no_more_is_read_than_is_soon_needed() -> None:
    read = []

    def member(number: int) -> Iterator[Samples]:
        for block in noise(50, number):
            read.append(number)
            yield block

    stream = ensemble([member(0), member(1), member(2)], EnsembleSettings("max_fft"), sample_rate=RATE)
    assert read == []
    next(stream)
    assert max(read.count(number) for number in range(3)) <= -(-BLOCK * (MOST + 1) // 30000)
    stream.close()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_number_of_threads_does_not_matter(threads: int) -> None:
    song = NOISE[:, :, :50_001]
    blocks = through_spectra(joined([[each] for each in song], 2048), spectra.largest, np.full(3, 1 / 3), threads=threads)
    found = np.concatenate(list(blocks), axis=1)
    assert np.array_equal(found, ensemble_arrays(song, EnsembleSettings("max_fft"), sample_rate=RATE))


@pytest.mark.parametrize("threads", [1, 2])
def test_blocks_that_do_not_fit_together_are_refused(threads: int) -> None:
    with pytest.raises(ValueError, match="multiple of 1024"):
        list(through_spectra([NOISE[:, :, :1000]] * 2, spectra.largest, np.full(3, 1 / 3), threads=threads))


def test_channels_must_match() -> None:
    with pytest.raises(ValueError, match="1 and 2 channels"):
        list(ensemble([[np.zeros((2, 10), np.float32)], [np.zeros((1, 10), np.float32)]], sample_rate=RATE))
    with pytest.raises(ValueError, match="a block of 1 channels in a stream of 2"):
        list(ensemble([[np.zeros((2, 10), np.float32), np.zeros((1, 10), np.float32)]], sample_rate=RATE))


@pytest.mark.parametrize("name", ["avg_wave", "median_fft"])
def test_the_rest_and_the_ensemble_are_the_mixture(name: str) -> None:
    for seed in range(20):
        songs, random = random_songs(seed), np.random.default_rng(seed)
        mixture = songs[0] + np.float32(0.5)

        def blended(songs: list[np.ndarray] = songs, random: np.random.Generator = random) -> Iterator[Samples]:
            return ensemble([cut(song, random) for song in songs], EnsembleSettings(name), sample_rate=RATE)

        pairs = list(with_residual(cut(mixture, random), blended()))
        rests = list(residual(cut(mixture, random), blended()))
        longest = max(song.shape[1] for song in songs)
        assert sum(stem.shape[1] for stem, _ in pairs) == longest
        if longest:
            total = np.concatenate([stem + rest for stem, rest in pairs], axis=1)
            assert np.abs(total[:, : mixture.shape[1]] - mixture).max(initial=0) < 1e-6
            assert np.abs(total[:, mixture.shape[1] :]).max(initial=0) < 1e-6
            assert np.array_equal(np.concatenate(rests, axis=1), np.concatenate([rest for _, rest in pairs], axis=1))


@pytest.mark.parametrize(
    "settings", [*(EnsembleSettings(name) for name in ALGORITHMS), EnsembleSettings(bands=((1, 2, 3), (3, 2, 1), (1, 1, 1)))]
)
def test_memory_does_not_know_the_length(settings: EnsembleSettings) -> None:
    """As many threads as there are hold a block each, so the peak is not the same each time; but it is far below the song's size."""
    members = [noise(100, number) for number in range(3)]
    tracemalloc.start()
    try:
        length = sum(block.shape[1] for block in ensemble(members, settings, sample_rate=RATE))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length == 4_800_000
    assert peak < 20e6 < length * 2 * 4


HOUR = """
import resource, sys
import numpy as np
from inference.ensemble import EnsembleSettings, Disagreement, ensemble
name, minutes = sys.argv[1], float(sys.argv[2])
noise = (0.1 * np.random.default_rng(1).standard_normal((3, 2, 65536))).astype(np.float32)
count = int(minutes * 60 * 44100 / 65536)
members = [(noise[number] for _ in range(count)) for number in range(3)]
heard = Disagreement(44100)
length = sum(block.shape[1] for block in ensemble(members, EnsembleSettings(name), sample_rate=44100, disagreement=heard))
assert length == count * 65536 and len(heard.levels) == -(-length // 22050)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform == "win32", reason="no getrusage")
@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_hour_needs_no_more_than_three_minutes(name: str) -> None:
    def peak(minutes: int) -> int:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", HOUR, name, str(minutes)]
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr[-2000:]
        return int(ran.stdout)

    assert peak(60) < 1.1 * peak(3)


def test_importing_loads_no_codec_and_no_network_library() -> None:
    heavy = {"torch", "librosa", "scipy", "av", "soundfile", "soxr", "numba"}
    program = f"import sys, inference.ensemble; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(ROOT), capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_whole_song_is_not_copied_to_be_cut() -> None:
    """The array form holds the result once in pieces and once whole, and no more."""
    songs = np.zeros((3, 2, 400_000), np.float32)
    tracemalloc.start()
    try:
        ensemble_arrays(songs, sample_rate=RATE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.2 * songs.nbytes
