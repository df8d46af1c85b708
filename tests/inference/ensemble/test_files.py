"""Files of different rates, channels and lengths in one ensemble."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference.ensemble import EnsembleSettings, ensemble, open_aligned
from inference.errors import BadAudio, BadOption, UnsupportedFormat
from tests.inference.audio.audio_samples import snr, tones, write


def together(paths: list[Path], algorithm: str = "avg_wave", **options: int) -> tuple[np.ndarray, int]:
    with open_aligned(paths, **options) as files:
        blocks = list(ensemble(files.members, EnsembleSettings(algorithm), sample_rate=files.sample_rate))
        assert all(block.shape[0] == files.channels for block in blocks)
        found = np.concatenate(blocks, axis=1)
        assert files.frames == found.shape[1]
        assert files.duration == pytest.approx(found.shape[1] / files.sample_rate)
        return found, files.sample_rate


def saved(folder: Path, name: str, sound: np.ndarray, rate: int = 44100) -> Path:
    write(folder / name, sound.astype(np.float32), rate, "wav", "FLOAT")
    return folder / name


def test_equal_files_are_read_as_they_are(tmp_path: Path) -> None:
    first, second = tones(70000), tones(70000, level=0.1)
    found, rate = together([saved(tmp_path, "a.wav", first), saved(tmp_path, "b.wav", second)], "max_wave")
    assert rate == 44100
    assert np.array_equal(found, np.where(np.abs(second) > np.abs(first), second, first))


def test_the_highest_rate_is_taken_whatever_the_order(tmp_path: Path) -> None:
    paths = [saved(tmp_path, "a.wav", tones(44100)), saved(tmp_path, "b.wav", tones(48000, rate=48000), 48000)]
    for order in (paths, paths[::-1]):
        found, rate = together(order)
        assert rate == 48000
        assert found.shape == (2, 48000)
        middle = slice(4800, -4800)
        assert snr(tones(48000, rate=48000)[:, middle], found[:, middle]) > 80
    found, rate = together(paths, sample_rate=22050)
    assert (rate, found.shape) == (22050, (2, 22050))


def test_a_mono_file_is_in_all_channels(tmp_path: Path) -> None:
    mono, stereo = tones(30000, 1), tones(30000, 2)
    paths = [saved(tmp_path, "mono.wav", mono), saved(tmp_path, "stereo.wav", stereo)]
    found, _ = together(paths)
    assert np.allclose(found, (np.repeat(mono, 2, 0) + stereo) / 2, atol=1e-6)
    found, _ = together(paths, channels=1)
    assert np.allclose(found, (mono + stereo.mean(0, keepdims=True)) / 2, atol=1e-6)
    found, _ = together([*paths, saved(tmp_path, "six.wav", tones(30000, 6))], "max_wave")
    assert found.shape == (6, 30000)


def test_a_mono_file_of_another_rate_is_in_all_channels(tmp_path: Path) -> None:
    paths = [saved(tmp_path, "mono.wav", tones(22050, 1, 22050), 22050), saved(tmp_path, "stereo.wav", np.zeros((2, 44100)))]
    found, _ = together(paths, "max_wave")
    assert np.array_equal(found[0], found[1])
    assert snr(tones(44100, 1)[:, 4410:-4410], found[:1, 4410:-4410]) > 80


def test_the_result_is_as_long_as_the_longest(tmp_path: Path) -> None:
    short, long = tones(10000), tones(90001)
    for order in ((short, long), (long, short)):
        paths = [saved(tmp_path, f"{number}.wav", sound) for number, sound in enumerate(order)]
        found, _ = together(paths, "max_wave")
        assert np.array_equal(found, long)
        found, _ = together(paths, "max_fft")
        assert found.shape == long.shape


def test_a_compressed_file_goes_with_others(tmp_path: Path) -> None:
    sound = tones(88200)
    write(tmp_path / "a.mp3", sound, 44100, "mp3")
    found, _ = together([tmp_path / "a.mp3", saved(tmp_path, "b.wav", sound)])
    assert found.shape == sound.shape
    assert snr(sound[:, 5000:-5000], found[:, 5000:-5000]) > 30


def test_errors_say_which_file(tmp_path: Path) -> None:
    good = saved(tmp_path, "good.wav", tones(1000))
    (tmp_path / "notes.txt").write_text("not a song", encoding="utf-8")
    with pytest.raises(UnsupportedFormat, match=r"'notes\.txt'") as caught, open_aligned([good, tmp_path / "notes.txt"]):
        pass
    assert caught.value.params["file"] == "notes.txt"
    with pytest.raises(BadAudio, match=r"'missing\.wav' cannot be opened"), open_aligned([good, tmp_path / "missing.wav"]):
        pass
    with pytest.raises(BadOption), open_aligned([]):
        pass


def test_damage_that_shows_only_while_reading_names_the_file(tmp_path: Path) -> None:
    sound = tones(200_000)
    sound[0, 150_000] = np.nan
    paths = [saved(tmp_path, "good.wav", tones(200_000)), saved(tmp_path, "broken.wav", sound)]
    with pytest.raises(BadAudio, match=r"'broken\.wav': .* at 3\.401 s"):
        together(paths)


def test_files_are_closed_again(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.wav", tones(1000))
    with open_aligned([path]) as files:
        next(iter(files.members[0]))
    path.unlink()  # Windows lets nobody remove an open file
    assert not path.exists()
