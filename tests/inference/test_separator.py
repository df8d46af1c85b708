"""The separator: what must hold for every song and model, with a stand-in network that is quick, and the built-in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference.audio import AudioSource
from inference.catalogue import load_catalogue, sample_song
from inference.errors import BadPreset, BadWeights, Cancelled, DeviceUnavailable, OutOfMemory, UnknownModel
from inference.separator import Separator
from tests.inference.conftest import STEMS

RATES = (8000, 22050, 44100, 48000, 96000)
LAYOUTS = (1, 2, 5, 6)


@pytest.fixture(scope="session")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> Separator:
    return Separator(load_catalogue().get("spleeter_2stems"), cache=tmp_path_factory.mktemp("weights"), device="cpu")


@pytest.fixture(scope="session")
def sample() -> np.ndarray:
    """The sample song, [2, n] at 44.1 kHz."""
    with AudioSource(sample_song()) as source:
        return np.concatenate(list(source), 1)


@pytest.fixture(scope="session")
def told() -> list[float]:
    """What `sample_stems` heard while it worked."""
    return []


@pytest.fixture(scope="session")
def sample_stems(built_in: Separator, sample: np.ndarray, told: list[float]) -> np.ndarray:
    """[2, 2, n]: its vocals and accompaniment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inference.work.INTERVAL", 0.0)  # every layer reports, however fast the machine is
        return joined(built_in.stream([sample], sample_rate=44100, channels=2, on_work=told.append))


def noise(channels: int, samples: int) -> np.ndarray:
    return (0.2 * np.random.default_rng(samples + channels).standard_normal((channels, samples))).astype(np.float32)


def joined(blocks: Iterator[np.ndarray]) -> np.ndarray:
    return np.concatenate(list(blocks), -1)


def split(song: np.ndarray, seed: int, longest: int) -> Iterator[np.ndarray]:
    """The song in blocks of random lengths, some of them empty."""
    generator = np.random.default_rng(seed)
    start = 0
    while start < song.shape[1]:
        length = int(generator.integers(0, longest + 1))
        yield song[:, start : start + length]
        start += length


def decibels(audio: np.ndarray) -> float:
    return float(10 * np.log10(np.square(audio, dtype=np.float64).mean() + 1e-30))


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", LAYOUTS)
def test_the_stems_add_up_to_the_song(stand_in: Callable[..., Separator], channels: int, rate: int, width: int) -> None:
    song = noise(channels, rate // 3 + 7)
    stems = stand_in(width).separate(song, rate)
    assert tuple(stems) == STEMS
    for stem in stems.values():
        assert stem.shape == song.shape
        assert stem.dtype == np.float32
        assert np.isfinite(stem).all()
        assert decibels(stem) > decibels(song) - 30
    assert decibels(sum(stems.values()) - song) < -120


def test_channels_go_through_in_pairs(stand_in: Callable[..., Separator]) -> None:
    """And the odd one at the end with itself."""
    separator, song = stand_in(), noise(5, 10_000)
    together = separator.separate(song, 44100)["vocals"]
    for pair in (slice(0, 2), slice(2, 4), slice(4, 5)):
        np.testing.assert_allclose(together[pair], separator.separate(song[pair], 44100)["vocals"], atol=1e-6)


@pytest.mark.parametrize(("channels", "rate"), [(1, 22050), (2, 96000), (5, 8000)])
def test_the_built_in_stems_add_up_to_the_song(built_in: Separator, channels: int, rate: int) -> None:
    song = noise(channels, rate)
    stems = built_in.separate(song, rate)
    assert all(stem.shape == song.shape for stem in stems.values())
    assert decibels(stems["vocals"] + stems["accompaniment"] - song) < -120


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("length", [1, 2, 100, 1023, 1024, 4097, 44100])
def test_stems_are_as_long_as_the_song(stand_in: Callable[..., Separator], length: int, rate: int) -> None:
    separator = stand_in()
    for channels in (1, 2):
        song = noise(channels, length)
        stems = separator.separate(song, rate)
        assert {stem.shape for stem in stems.values()} == {song.shape}
        assert np.abs(sum(stems.values()) - song).max() < 1e-5


@pytest.mark.parametrize("length", [1, 1023])
def test_the_built_in_model_takes_the_shortest_songs(built_in: Separator, length: int) -> None:
    song = noise(2, length)
    stems = built_in.separate(song, 44100)
    assert {stem.shape for stem in stems.values()} == {song.shape}
    assert np.abs(sum(stems.values()) - song).max() < 1e-6


@pytest.mark.parametrize("rate", RATES)
def test_a_stem_stays_where_it_is_in_time(stand_in: Callable[..., Separator], rate: int) -> None:
    song = np.zeros((2, rate), np.float32)
    clicks = [rate // 5, rate // 2, rate - rate // 7]
    song[:, clicks] = 0.5
    drums = stand_in().separate(song, rate, stems=["drums"])["drums"]
    around = [np.abs(drums[0, click - 20 : click + 21]) for click in clicks]
    assert [int(np.argmax(each)) for each in around] == [20, 20, 20]


@pytest.mark.parametrize("rate", [44100, 48000, 22050])
@pytest.mark.parametrize(("seed", "longest"), [(1, 9000), (2, 700), (3, 50_000)])
def test_the_split_of_the_stream_changes_no_bit(stand_in: Callable[..., Separator], rate: int, seed: int, longest: int) -> None:
    song = noise(2, rate + 311)
    separator = stand_in()
    whole = joined(separator.stream([song], sample_rate=rate, channels=2))
    blocks = separator.stream(split(song, seed, longest), sample_rate=rate, channels=2)
    assert np.array_equal(joined(blocks), whole)
    assert np.array_equal(joined(separator.stream([song], sample_rate=rate, channels=2)), whole)


def test_the_split_of_the_stream_changes_no_bit_of_the_built_in_model(
    built_in: Separator, sample: np.ndarray, sample_stems: np.ndarray
) -> None:
    blocks = split(sample, 5, 60_000)
    assert np.array_equal(joined(built_in.stream(blocks, sample_rate=44100, channels=2)), sample_stems)


def test_one_stem_is_the_same_as_of_all(
    stand_in: Callable[..., Separator], built_in: Separator, sample: np.ndarray, sample_stems: np.ndarray
) -> None:
    song, separator = noise(2, 30_000), stand_in()
    together = separator.separate(song, 48000)
    for wanted in (("drums",), ("other",), ("other", "vocals"), ("drums", "vocals", "other"), STEMS):
        found = separator.separate(song, 48000, stems=wanted)
        assert tuple(found) == wanted
        for stem in wanted:
            assert np.array_equal(found[stem], together[stem])
    assert np.array_equal(built_in.separate(sample, 44100, stems=["accompaniment"])["accompaniment"], sample_stems[1])


def test_a_stem_that_nobody_wants_is_not_computed(stand_in: Callable[..., Separator]) -> None:
    separator = stand_in()
    separator.separate(noise(2, 5000), 44100, stems=["drums"])
    assert set(separator.model.asked) == {("drums",)}  # type: ignore[attr-defined]


def test_silence_in_silence_out(stand_in: Callable[..., Separator], built_in: Separator) -> None:
    for separator, rate in ((stand_in(), 48000), (built_in, 44100)):
        for stem in separator.separate(np.zeros((2, 3 * rate), np.float32), rate).values():
            assert not stem.any()


def test_no_song_no_stems(stand_in: Callable[..., Separator]) -> None:
    for separator in (stand_in(1), stand_in(2)):
        for rate in (44100, 48000):
            assert list(separator.stream([], sample_rate=rate, channels=2)) == []
            assert list(separator.stream([np.zeros((2, 0), np.float32)], sample_rate=rate, channels=2)) == []
        assert separator.separate(np.zeros((3, 0), np.float32), 44100)["other"].shape == (3, 0)


def test_the_song_is_left_as_it_was(stand_in: Callable[..., Separator]) -> None:
    song = noise(2, 20_000)
    before = song.copy()
    stems = stand_in().separate(song, 44100)
    stems["other"] *= 0
    assert np.array_equal(song, before)


def test_a_block_of_the_wrong_shape_is_refused(stand_in: Callable[..., Separator]) -> None:
    with pytest.raises(ValueError, match="3 channels"):
        list(stand_in().stream([noise(2, 100)], sample_rate=44100, channels=3))


def test_an_unknown_stem_is_refused_before_any_work(built_in: Separator) -> None:
    with pytest.raises(BadPreset, match="'guitar'") as caught:
        built_in.stream([], sample_rate=44100, channels=2, stems=["vocals", "guitar"])
    assert "vocals, accompaniment" in caught.value.hint


def test_a_record_that_does_not_fit_is_refused(stand_in: Callable[..., Separator]) -> None:
    with pytest.raises(BadWeights, match="bass"):
        stand_in(stems=("vocals", "bass"), rest=None)
    with pytest.raises(UnknownModel, match="nonsense") as caught:
        stand_in(family="nonsense")
    assert "spleeter" in caught.value.hint


def test_an_unknown_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable, match="abacus") as caught:
        Separator(load_catalogue().get("spleeter_2stems"), cache=tmp_path, device="abacus")
    assert "cpu" in caught.value.hint


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to")])
def test_too_little_memory_is_said(stand_in: Callable[..., Separator], error: Exception) -> None:
    separator = stand_in()
    separator.model.fault = error  # type: ignore[attr-defined]
    with pytest.raises(OutOfMemory, match="stand-in"):
        separator.separate(noise(2, 1000), 44100)
    separator.model.fault = RuntimeError("shapes do not match")  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match="shapes"):
        separator.separate(noise(2, 1000), 44100)


@pytest.mark.parametrize("rate", RATES)
def test_progress_goes_up_to_the_length_of_the_song(stand_in: Callable[..., Separator], rate: int) -> None:
    told: list[float] = []
    list(stand_in().stream(split(noise(2, 2 * rate), 1, 5000), sample_rate=rate, channels=2, on_work=told.append))
    assert told == sorted(told)
    assert told[0] >= 0
    assert told[-1] == pytest.approx(2, rel=0.01)


def test_the_built_in_model_reports_inside_a_chunk(sample: np.ndarray, sample_stems: np.ndarray, told: list[float]) -> None:
    assert told == sorted(told)
    assert told[-1] == pytest.approx(sample.shape[1] / 44100, rel=0.01)
    assert sample.shape[1] < 512 * 1024, "the song is one chunk, so all reports but the ends come from inside"
    assert len(set(told)) >= 5


def test_cancel_stops_inside_a_chunk_and_leaves_a_good_separator(built_in: Separator, sample: np.ndarray, sample_stems: np.ndarray) -> None:
    heard: list[float] = []

    def stop(seconds: float) -> None:
        heard.append(seconds)
        if len(heard) == 3:
            raise Cancelled

    found: list[np.ndarray] = []
    with pytest.raises(Cancelled):
        found.extend(built_in.stream([sample], sample_rate=44100, channels=2, on_work=stop))
    assert len(heard) == 3
    assert not found
    assert np.array_equal(joined(built_in.stream([sample], sample_rate=44100, channels=2)), sample_stems)


def test_a_stream_may_be_given_up(stand_in: Callable[..., Separator]) -> None:
    separator, song = stand_in(), noise(2, 100_000)
    whole = separator.separate(song, 44100)["drums"]
    stream = separator.stream(split(song, 1, 3000), sample_rate=44100, channels=2)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert np.array_equal(separator.separate(song, 44100)["drums"], whole)


def test_stems_come_while_the_song_is_read(stand_in: Callable[..., Separator]) -> None:
    read = 0

    def song() -> Iterator[np.ndarray]:
        nonlocal read
        for _ in range(500):
            read += 1000
            yield noise(2, 1000)

    given = 0
    for block in stand_in().stream(song(), sample_rate=48000, channels=2):
        given += block.shape[-1]
        assert read - given < 30_000
    assert given == read


def test_the_sample_song_begins_without_vocals(sample_stems: np.ndarray) -> None:
    vocals, accompaniment = sample_stems
    intro, verse = slice(0, 2 * 44100), slice(5 * 44100 // 2, 8 * 44100)
    assert decibels(vocals[:, intro]) < decibels(accompaniment[:, intro]) - 40
    assert decibels(vocals[:, verse]) > decibels(accompaniment[:, verse]) - 10


def test_a_song_stays_where_it_is_when_the_work_moves_on(stand_in: Callable[..., Separator]) -> None:
    """When a card's memory ends the crew goes to the CPU: chunks are cut from samples of before and of after that."""
    separator, song = stand_in(), noise(2, 40_000)
    wanted = joined(separator.stream(split(song, 1, 3000), sample_rate=44100, channels=2))
    crew = separator._crew
    before, answer = crew.devices, crew.answer

    def and_move(*arguments: Any) -> Any:
        crew.devices = before
        found = answer(*arguments)
        crew.devices = [torch.device("meta")]
        return found

    crew.answer = and_move  # type: ignore[method-assign]
    assert np.array_equal(joined(separator.stream(split(song, 1, 3000), sample_rate=44100, channels=2)), wanted)
