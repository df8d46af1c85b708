"""Levels, bandwidth, null test, leakage and pictures of sounds that were made to have them."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from inference.audio import AudioWriter
from inference.types import OutputFormat
from tests.tools.analysis.synth import RATE, noise, save, sine
from tools.analysis.copies import copy_aligned
from tools.analysis.describe import describe
from tools.analysis.figures import FigureMeter
from tools.analysis.frames import Frames
from tools.analysis.picture import draw
from tools.analysis.quality import PERFECT_DB, quality
from tools.analysis.spectrogram import HIGHEST, LOWEST, Spectrogram, palette


def measured(samples: np.ndarray, rate: int = RATE):
    meter = FigureMeter(rate, len(samples))
    for at in range(0, samples.shape[1], 5000):
        meter.push(samples[:, at : at + 5000])
    return meter.finish()


def test_a_sine_of_the_standard() -> None:
    found = measured(sine(997, 5, level=0.1))
    assert found.peak_db == pytest.approx(-20, abs=0.01)
    assert found.rms_db == pytest.approx(-23.01, abs=0.01)
    assert found.loudness == pytest.approx(-20, abs=0.1)  # two channels: -23 LUFS each
    assert found.bandwidth_hz == pytest.approx(997, abs=60)
    assert not found.silent


@pytest.mark.parametrize("cut", [4000, 11000, 16000])
def test_where_a_codec_cuts(cut: float) -> None:
    from scipy.signal import firwin, oaconvolve

    low = oaconvolve(noise(8), firwin(1025, cut, fs=RATE, window=("kaiser", 14))[None], mode="same", axes=1).astype(np.float32)
    assert measured(low).bandwidth_hz == pytest.approx(cut, abs=250)
    assert measured((np.rint(low * 32767) / 32767).astype(np.float32)).bandwidth_hz == pytest.approx(cut, abs=250)


def test_silence_has_no_figures() -> None:
    found = measured(np.zeros((2, RATE), np.float32))
    assert (found.peak_db, found.rms_db, found.loudness, found.bandwidth_hz, found.silent) == (None, None, None, None, True)


def test_stems_that_are_the_song(tmp_path: Path) -> None:
    one, two = sine(440, 6, level=0.3), noise(6)
    song = save(tmp_path / "song.wav", one + two)
    stems = [save(tmp_path / "1.wav", one), save(tmp_path / "2.wav", two)]
    found = quality(song, stems)
    assert found["null_db"] < -130
    assert found["stems"][0]["bandwidth_hz"] < found["stems"][1]["bandwidth_hz"]
    assert quality(song, [song, save(tmp_path / "0.wav", np.zeros_like(one))])["null_db"] == PERFECT_DB


@pytest.mark.parametrize("lost", [0.5, 0.1, 0.01])
def test_the_null_test_is_what_is_lost(tmp_path: Path, lost: float) -> None:
    one, two = noise(3, seed=1), noise(3, seed=2)
    song, half = save(tmp_path / "song.wav", one + two), save(tmp_path / "2.wav", (1 - lost) * two)
    expected = 10 * np.log10(np.square(lost * two).sum() / np.square(one + two).sum())
    assert quality(song, [save(tmp_path / "1.wav", one), half])["null_db"] == pytest.approx(expected, abs=0.01)


def test_one_stem_has_no_null_test_and_no_leak(tmp_path: Path) -> None:
    song = save(tmp_path / "song.wav", noise(3))
    found = quality(song, [song])
    assert found["null_db"] is None
    assert found["stems"][0]["bleed_db"] is None


def gated(seconds: float, seed: int) -> np.ndarray:
    """Noise that is there for a second, then rests for one."""
    whole = noise(seconds, seed=seed)
    return whole * (np.arange(whole.shape[1]) // RATE % 2 == 0)


@pytest.mark.parametrize("leak_db", [-10, -20, -40])
def test_a_leak_is_found(tmp_path: Path, leak_db: float) -> None:
    voice, band = gated(40, 1), noise(40, seed=2)
    leaking = voice + 10 ** (leak_db / 20) * band
    files = [save(tmp_path / "voice.wav", leaking), save(tmp_path / "band.wav", band)]
    found = quality(save(tmp_path / "song.wav", leaking + band), files)["stems"][0]["bleed_db"]
    expected = 10 * np.log10(10 ** (leak_db / 10) * np.square(band).sum() / np.square(leaking).sum())
    assert found == pytest.approx(expected, abs=3)


def test_a_clean_stem_is_clean(tmp_path: Path) -> None:
    voice, band = gated(40, 1), noise(40, seed=2)
    files = [save(tmp_path / "voice.wav", voice), save(tmp_path / "band.wav", band)]
    assert quality(save(tmp_path / "song.wav", voice + band), files)["stems"][0]["bleed_db"] < -70


def test_stems_of_other_rates_are_measured_together(tmp_path: Path) -> None:
    stems = [save(tmp_path / "1.wav", sine(440, 3, level=0.3)), save(tmp_path / "2.wav", sine(880, 3, rate=48000, level=0.3), 48000)]
    found = quality(save(tmp_path / "song.wav", sine(440, 3, level=0.3) + sine(880, 3, level=0.3)), stems)
    assert found["null_db"] < -50


def pixels(data: bytes) -> np.ndarray:
    """Numbers of colours of a picture that another decoder reads, the lowest pitch first."""
    image = Image.open(io.BytesIO(data))
    assert image.mode == "P"
    assert image.getpalette() == palette().ravel().tolist()
    return np.asarray(image)[::-1]


def drawn(samples: np.ndarray, rate: int = RATE, **size: int) -> np.ndarray:
    picture = Spectrogram(rate, len(samples), **size)
    for at in range(0, samples.shape[1], 30000):
        picture.push(samples[:, at : at + 30000])
    return pixels(picture.finish())


@pytest.mark.parametrize("hz", [55, 110, 440, 3520, 14080])
def test_a_tone_is_a_line_at_its_pitch(hz: float) -> None:
    rows = drawn(sine(hz, 3), height=256)
    assert rows.shape == (256, 65)
    middle = rows[:, 10:-10].mean(axis=1)
    expected = 256 * np.log(hz / LOWEST) / np.log(HIGHEST / LOWEST) - 0.5
    assert np.argmax(middle) == pytest.approx(expected, abs=3)
    assert middle.max() > 200


def test_time_runs_from_edge_to_edge() -> None:
    whole = np.concatenate([np.zeros((2, 30 * RATE), np.float32), sine(440, 60), np.zeros((2, 10 * RATE), np.float32)], axis=1)
    for width in (100, 300, 4096):
        rows = drawn(whole, width=width, height=64)
        assert rows.shape[1] == min(width, whole.shape[1] // 2048 + 1)
        there = np.flatnonzero(rows.max(axis=0) > 100) / rows.shape[1]
        assert there[0] == pytest.approx(0.3, abs=0.012)
        assert there[-1] == pytest.approx(0.9, abs=0.012)


@pytest.mark.parametrize(("seconds", "width", "expected"), [(1, 4096, 173), (4, 500, 500), (60, 100, 100)])
def test_a_short_sound_is_looked_at_more_often(tmp_path: Path, seconds: int, width: int, expected: int) -> None:
    draw(save(tmp_path / "song.wav", noise(seconds)), tmp_path / "song.png", width=width, height=32)
    assert Image.open(tmp_path / "song.png").size == (expected, 32)


def test_silence_is_dark_and_what_a_rate_lacks_too() -> None:
    assert not drawn(np.zeros((1, RATE), np.float32)).any()
    rows = drawn(noise(2, channels=1, rate=8000), 8000)
    assert rows[-64:].max() == 0
    assert rows[:100].max() > 0


def test_blocks_do_not_show() -> None:
    whole = noise(3)
    picture = Spectrogram(RATE, 2)
    picture.push(whole)
    assert np.array_equal(pixels(picture.finish()), drawn(whole))


@pytest.mark.parametrize("hop", [100, 256, 700])
def test_frames_are_those_of_the_whole(hop: int) -> None:
    whole, frames = noise(0.1)[:, :3001], Frames(2, 256, hop)
    padded = np.pad(whole, ((0, 0), (128, 128)))
    expected = [padded[:, at : at + 256] for at in range(0, padded.shape[1] - 255, hop)]
    found = [frame for at in range(0, 3001, 311) for frame in frames.push(whole[:, at : at + 311]).transpose(1, 0, 2).copy()]
    found += list(frames.finish().transpose(1, 0, 2))
    assert np.array_equal(np.stack(found), np.stack(expected))


def test_five_minutes_are_drawn_in_seconds_and_little_memory(tmp_path: Path) -> None:
    file = save(tmp_path / "long.wav", np.tile(noise(10), 30), subtype="PCM_16")
    began = time.process_time()
    about = draw(file, tmp_path / "long.png", width=4096, height=256)
    assert time.process_time() - began < 6  # 1 to 2 s on a machine that does nothing else
    assert about["seconds"] == 300
    tracemalloc.start()
    draw(file, tmp_path / "long.png", width=512, height=256)
    assert tracemalloc.get_traced_memory()[1] < 60e6
    tracemalloc.stop()
    assert struct.unpack(">II", (tmp_path / "long.png").read_bytes()[16:24]) == (512, 256)


def test_a_file_is_described(tmp_path: Path) -> None:
    quiet = np.zeros((2, RATE), np.float32)
    file = save(tmp_path / "song.wav", np.concatenate([quiet, 1.2 * sine(440, 2), quiet], axis=1), subtype="PCM_16")
    about = describe(file)
    assert (about["container"], about["sample_rate"], about["channels"], about["frames"]) == ("wav", RATE, 2, 4 * RATE)
    assert about["clipped"] > 1000
    assert about["quiet_start"] == pytest.approx(1, abs=0.001)
    assert about["quiet_end"] == pytest.approx(1, abs=0.002)
    assert about["peak_db"] == pytest.approx(0, abs=0.01)
    assert about["true_peak_db"] >= about["peak_db"]
    assert about["bit_rate"] == pytest.approx(16 * 2 * RATE, rel=0.01)


@pytest.mark.parametrize(("rate", "frames"), [(44100, 44100 * 2), (48000, 100_000), (48000, 50_000)])
def test_a_song_as_its_stems_are(tmp_path: Path, rate: int, frames: int) -> None:
    source = tmp_path / "song.mp3"
    with AudioWriter(source, sample_rate=RATE, channels=2, format=OutputFormat("mp3", "320k")) as writer:
        writer.write(sine(440, 2, level=0.3))
    about = copy_aligned(source, tmp_path / "song.flac", tmp_path / "song.peaks", sample_rate=rate, frames=frames)
    assert about == {"sample_rate": rate, "channels": 2, "frames": frames}
    samples, found = soundfile.read(tmp_path / "song.flac", dtype="float32")
    assert (found, len(samples)) == (rate, frames)
    inside = slice(4000, min(frames, 2 * rate) - 4000)
    assert np.abs(samples[inside, 0] - sine(440, frames / rate, level=0.3, rate=rate)[0, inside]).max() < 0.02
    assert len((tmp_path / "song.peaks").read_bytes()) == 2 * -(-frames * 50 // rate)
    assert not list(tmp_path.glob("*.part"))
