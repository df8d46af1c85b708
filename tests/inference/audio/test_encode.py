"""What AudioWriter promises: exact lengths, expected precision, the same bytes every time, clipping that is counted, no half files."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from inference.audio import AudioSource, AudioWriter, probe
from inference.audio.encode import writable_rate
from inference.audio.write_av import highest_bit_rate
from inference.audio.write_sndfile import mp3_compression_level
from inference.errors import BadOutputFormat, DiskFull
from inference.types import WRITABLE, OutputFormat
from tests.inference.audio.audio_samples import read, snr, tones, write

PAIRS = [(container, subtype) for container, subtypes in WRITABLE.items() for subtype in subtypes]
PRECISION = {"PCM_16": 85, "PCM_24": 125, "PCM_32": 140, "FLOAT": 300}  # dB for a tone at -8 dB


@pytest.mark.parametrize(("container", "subtype"), [pair for pair in PAIRS if pair[1] in PRECISION])
@pytest.mark.parametrize(("channels", "rate"), [(1, 8000), (2, 44100), (2, 96000), (6, 48000)])
def test_lossless_round_trip(container: str, subtype: str, channels: int, rate: int, tmp_path: Path) -> None:
    sound = tones(10_001, channels, rate)
    path = tmp_path / f"a.{container}"
    write(path, sound, rate, container, subtype)
    info = probe(path)
    assert (info.sample_rate, info.channels, info.frames, info.container) == (rate, channels, 10_001, container)
    back = read(path)
    assert back.shape == sound.shape
    assert snr(sound, back) > PRECISION[subtype]
    assert subtype in soundfile.info(str(path)).subtype


@pytest.mark.parametrize(("container", "subtype"), [pair for pair in PAIRS if pair[1] not in PRECISION])
def test_lossy_round_trip_at_the_right_bit_rate(container: str, subtype: str, tmp_path: Path) -> None:
    rate = 48000
    sound = tones(2 * rate, 2, rate) + 0.02 * np.random.default_rng(0).standard_normal((2, 2 * rate)).astype(np.float32)
    path = tmp_path / f"a.{container}"
    write(path, sound, rate, container, subtype)
    back = read(path)
    assert back.shape == sound.shape
    assert snr(sound, back) > 20
    bits_per_second = path.stat().st_size * 8 / 2
    assert bits_per_second == pytest.approx(int(subtype[:-1]) * 1000, rel=0.25)


@pytest.mark.parametrize("container", ["mp3", "m4a", "opus", "flac", "wav"])
@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_what_is_read_back_is_as_long_as_what_was_written(container: str, rate: int, tmp_path: Path) -> None:
    if container == "opus":
        rate = 48000
    for channels, frames in ((2, 1), (1, 46), (2, 576), (1, 1153), (2, 11521), (2, 30721)):
        sound = tones(frames, channels, rate)
        write(tmp_path / "a", sound, rate, container)
        assert read(tmp_path / "a").shape == sound.shape
        assert probe(tmp_path / "a").frames == frames


@pytest.mark.parametrize("container", ["mp3", "m4a", "opus"])
def test_lossy_files_are_in_time(container: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sound = (rng.standard_normal((1, 48000)) * np.hanning(48000) * 0.2).astype(np.float32)
    write(tmp_path / "a", sound, 48000, container)
    back = read(tmp_path / "a")
    match = np.fft.irfft(np.fft.rfft(sound[0]).conj() * np.fft.rfft(back[0]))
    assert int(match.argmax()) == 0


@pytest.mark.parametrize(("container", "subtype"), PAIRS)
def test_the_same_samples_give_the_same_bytes_however_they_are_cut(container: str, subtype: str, tmp_path: Path) -> None:
    sound = tones(20_000)
    write(tmp_path / "a", sound, 44100, container, subtype)
    with AudioWriter(tmp_path / "b", sample_rate=44100, channels=2, format=OutputFormat(container, subtype)) as writer:
        place = 0
        for length in (1, 0, 2, 1151, 5000, 1):
            writer.write(sound[:, place : place + length])
            place += length
        writer.write(sound[:, place:])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_bytes_hold_no_time_of_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for container in WRITABLE:
        write(tmp_path / "a", tones(5000), 44100, container)
        data = (tmp_path / "a").read_bytes()
        assert b"PEAK" not in data
        assert b"Lavf" not in data[:200] + data[-2000:]


def test_a_million_samples_at_once(tmp_path: Path) -> None:
    sound = tones(1_000_000, 1)
    write(tmp_path / "a.wav", sound, 44100, "wav")
    assert np.array_equal(read(tmp_path / "a.wav"), sound)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32"])
@pytest.mark.parametrize("container", ["wav", "flac"])
def test_integers_are_rounded_and_clipped_never_wrapped(container: str, subtype: str, tmp_path: Path) -> None:
    if subtype not in WRITABLE[container]:
        pytest.skip("not a format")
    step = 2.0 ** (1 - int(subtype[-2:]))
    values = [0.0, 0.4 * step, 0.6 * step, -0.6 * step, 1.0, -1.0, 1.5, -1.5, 1e30, -1e30, np.nan, 1 - step]
    writer = write(tmp_path / "a", np.array([values], np.float32), 44100, container, subtype)
    back, _ = soundfile.read(str(tmp_path / "a"), dtype="float64")
    top = 1 - step
    assert back == pytest.approx(
        [0, 0, step, -step, top, -1, top, -1, top, -1, 0, np.float32(1 - step) if step > 1e-8 else top], abs=step / 10
    )
    assert writer.clipped == 5


def test_float_wav_holds_what_is_far_beyond_full_scale(tmp_path: Path) -> None:
    sound = np.array([[0.5, 2.0, -9e5, 1e-40]], np.float32)
    writer = write(tmp_path / "a.wav", sound, 44100, "wav", "FLOAT")
    assert writer.clipped == 0
    assert np.array_equal(read(tmp_path / "a.wav"), sound)


@pytest.mark.parametrize("container", ["mp3", "m4a", "opus"])
def test_loud_samples_are_clipped_and_counted_in_lossy_formats(container: str, tmp_path: Path) -> None:
    sound = tones(48000, 2, 48000) * 4
    writer = write(tmp_path / "a", sound, 48000, container)
    assert writer.clipped == np.count_nonzero(np.abs(sound) > 1)
    assert np.abs(read(tmp_path / "a")).max() < 2


@pytest.mark.parametrize("container", ["mp3", "m4a", "opus"])
def test_many_channels_are_mixed_down_to_two(container: str, tmp_path: Path) -> None:
    sound = np.zeros((6, 48000), np.float32)
    sound[2] = tones(48000, 1, 48000)[0]  # the centre
    sound[3] = 0.4  # the bass channel is left out
    write(tmp_path / "a", sound, 48000, container)
    back = read(tmp_path / "a")
    assert back.shape == (2, 48000)
    assert snr(np.repeat(sound[2:3] * np.float32(0.5**0.5), 2, axis=0), back) > 20
    write(tmp_path / "b", tones(9000, 8, 48000), 48000, container)
    write(tmp_path / "c", np.repeat(tones(9000, 2, 48000), 16, axis=0), 48000, container)
    assert read(tmp_path / "b").shape == read(tmp_path / "c").shape == (2, 9000)


def test_channels_stay_as_they_are_in_lossless_formats(tmp_path: Path) -> None:
    for container, channels in (("wav", 3), ("wav", 8), ("wav", 32), ("flac", 8)):
        sound = np.random.default_rng(0).uniform(-1, 1, (channels, 1000)).astype(np.float32)
        write(tmp_path / "a", sound, 44100, container)
        assert snr(sound, read(tmp_path / "a")) > 120
    with pytest.raises(BadOutputFormat):
        AudioWriter(tmp_path / "b.flac", sample_rate=44100, channels=9, format=OutputFormat("flac"))
    assert not (tmp_path / "b.flac").exists()


@pytest.mark.parametrize(
    ("container", "rate", "written"),
    [
        ("mp3", 96000, 48000),
        ("mp3", 9000, 11025),
        ("opus", 44100, 48000),
        ("opus", 192000, 48000),
        ("m4a", 192000, 96000),
        ("m4a", 44101, 48000),
        ("wav", 768000, 768000),
        ("flac", 768000, 384000),
        ("flac", 192000, 192000),
        ("wav", 12345, 12345),
    ],
)
def test_rates_that_a_codec_lacks_are_resampled(container: str, rate: int, written: int, tmp_path: Path) -> None:
    assert writable_rate(container, rate) == written
    frames = rate // 4
    writer = write(tmp_path / "a", tones(frames, 2, rate), rate, container)
    assert writer.sample_rate == written
    info = probe(tmp_path / "a")
    assert info.sample_rate == written
    assert abs(read(tmp_path / "a").shape[1] - frames * written / rate) <= 1


def test_bit_rates_that_a_rate_lacks_become_the_nearest(tmp_path: Path) -> None:
    assert mp3_compression_level(22050, 320_000) == 0
    assert mp3_compression_level(44100, 320_000) == 0
    assert highest_bit_rate("m4a", 8000, 1) == 48_000
    assert highest_bit_rate("opus", 48000, 1) == 256_000
    for container in ("mp3", "m4a", "opus"):
        write(tmp_path / "a", tones(8000, 1, 8000), 8000, container, "320k")
        assert probe(tmp_path / "a").channels == 1


def test_a_wav_becomes_rf64_when_32_bits_do_not_hold_its_size(tmp_path: Path) -> None:
    from inference.audio.sink import Sink
    from inference.audio.write_wav import RIFF_LIMIT, WavEncoder

    assert RIFF_LIMIT == 2**32 - 1
    sound = tones(5001, 1)
    for subtype in ("PCM_16", "PCM_24", "FLOAT"):
        for limit, magic in ((5000, b"RF64"), (10**6, b"RIFF")):
            sink = Sink(tmp_path / "a.wav")
            encoder = WavEncoder(sink, sample_rate=44100, channels=1, subtype=subtype, riff_limit=limit)
            encoder.write(sound)
            encoder.close()
            sink.close()
            sink.check()
            assert (tmp_path / "a.wav").read_bytes()[:4] == magic
            assert snr(sound, read(tmp_path / "a.wav")) > 80
            assert soundfile.info(str(tmp_path / "a.wav")).frames == 5001
            assert by_libav_alone(tmp_path / "a.wav") == 5001


def by_libav_alone(path: Path) -> int:
    import av

    with av.open(str(path)) as container:
        return sum(frame.samples for frame in container.decode(audio=0))


@pytest.mark.parametrize("container", list(WRITABLE))
def test_no_half_file_is_left_behind(container: str, tmp_path: Path) -> None:
    path = tmp_path / "歌 '🎵'.bin"
    with pytest.raises(KeyError), AudioWriter(path, sample_rate=44100, channels=2, format=OutputFormat(container)) as writer:  # noqa: PT012
        writer.write(tones(5000))
        raise KeyError
    assert not path.exists()


@pytest.mark.parametrize("container", list(WRITABLE))
@pytest.mark.parametrize("room", [0, 100, 3000])
def test_a_full_disk_is_told_and_leaves_nothing(container: str, room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def small(self: Path, *args: Any, **options: Any) -> Any:
        file = opened(self, *args, **options)
        return _SmallDisk(file, room) if self.suffix == ".full" else file

    monkeypatch.setattr(Path, "open", small)
    path = tmp_path / "a.full"
    with pytest.raises(DiskFull), AudioWriter(path, sample_rate=44100, channels=2, format=OutputFormat(container)) as writer:  # noqa: PT012
        for _ in range(10):
            writer.write(tones(20_000))
    assert not path.exists()


class _SmallDisk:
    """A file on a disk with room for some bytes."""

    def __init__(self, file: Any, room: int) -> None:
        self._file, self._room = file, room
        self.seek, self.close = file.seek, file.close

    def write(self, data: bytes) -> int:
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self._file.write(data))


def test_a_folder_that_is_missing_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        AudioWriter(tmp_path / "missing" / "a.wav", sample_rate=44100, channels=2, format=OutputFormat())


@pytest.mark.parametrize("container", list(WRITABLE))
def test_a_file_without_a_sample_can_be_written(container: str, tmp_path: Path) -> None:
    with AudioWriter(tmp_path / "a", sample_rate=44100, channels=2, format=OutputFormat(container)):
        pass
    assert (tmp_path / "a").exists()


def test_misuse_is_told(tmp_path: Path) -> None:
    writer = AudioWriter(tmp_path / "a.wav", sample_rate=44100, channels=2, format=OutputFormat())
    with pytest.raises(ValueError, match="shape"):
        writer.write(np.zeros((1, 5), np.float32))
    writer.close()
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.write(np.zeros((2, 5), np.float32))
    with pytest.raises(Exception, match="0 samples"), AudioSource(tmp_path / "a.wav"):
        pass
