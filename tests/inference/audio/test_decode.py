"""What AudioSource promises: any kind of file by its content, exact samples, blocks of one length, honest errors."""

from __future__ import annotations

import logging
import os
import struct
import weakref
from pathlib import Path

import numpy as np
import pytest

from inference.audio import AudioSource, probe
from inference.audio.steady import Tail
from inference.errors import BadAudio, EmptyAudio, UnsupportedFormat
from tests.inference.audio.audio_samples import by_libav, by_libsndfile, read, small_files, snr, tones

EXACT = ("wav16", "wav_u8", "wav_double", "wav_alaw", "wavex", "rf64", "w64", "aiff", "au", "caf", "caf_alac", "flac", "vorbis", "mp3")
EXACT += ("opus", "mkv_opus", "m4a_alac", "mov_video", "wavpack", "ogg_flac")


@pytest.mark.parametrize("name", sorted(small_files()))
def test_every_kind_is_read_whatever_its_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "some thing.raw"  # a name that says something else
    path.write_bytes(small_files()[name])
    info = probe(path)
    sound = read(path)
    rate = 48000 if name in ("opus", "mkv_opus", "ac3") else 44100
    assert (info.sample_rate, info.channels) == (rate, 2)
    assert sound.dtype == np.float32
    assert sound.shape[0] == 2
    assert 9_000 < sound.shape[1] < 15_000  # lossy codecs without a length pad; the wma encoder drops its tail
    if name in EXACT:
        assert sound.shape[1] == 12000
        assert snr(tones(12000, rate=rate), sound) > 20
    spectrum = np.abs(np.fft.rfft(sound[0, 3000:7410]))
    assert abs(int(spectrum.argmax()) * rate / 4410 - 440) < 12


@pytest.mark.parametrize(("subtype", "decibels"), [("PCM_U8", 30), ("PCM_16", 80), ("PCM_24", 130), ("FLOAT", 200), ("DOUBLE", 200)])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_plain_samples_are_exact(subtype: str, decibels: int, channels: int, tmp_path: Path) -> None:
    sound = tones(5000, channels)
    (tmp_path / "a").write_bytes(by_libsndfile("WAV", subtype, sound))
    assert snr(sound, read(tmp_path / "a")) > decibels


@pytest.mark.parametrize("bits", [8, 16, 24, 32, 64])
def test_integers_that_only_libav_reads(bits: int, tmp_path: Path) -> None:
    """WAVs in the big-file dialect of broadcasters (BW64), and of 64 bits."""
    steps = np.rint(tones(5000).T.astype(np.float64) * (2.0 ** (bits - 1) - 1)).astype("<i8")
    if bits == 8:
        steps += 128
    data = np.ascontiguousarray(steps).view(np.uint8).reshape(-1, 8)[:, : bits // 8].tobytes()
    shape = struct.pack("<HHIIHH", 1, 2, 44100, 44100 * bits // 4, bits // 4, bits)
    chunks = b"ds64" + struct.pack("<IQQQI", 28, 0, len(data), 5000, 0) + b"fmt \x10\0\0\0" + shape
    (tmp_path / "a.wav").write_bytes(b"BW64\xff\xff\xff\xffWAVE" + chunks + b"data\xff\xff\xff\xff" + data)
    assert snr(tones(5000), read(tmp_path / "a.wav")) > min(6 * bits - 15, 130)


@pytest.mark.parametrize("name", ["wav16", "flac", "vorbis", "mp3", "m4a", "opus"])
@pytest.mark.parametrize("block_frames", [10, 1000, 4096, 12000, 65536])
def test_blocks_have_the_length_asked_for_and_the_same_samples(name: str, block_frames: int, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(small_files()[name])
    with AudioSource(tmp_path / "a", block_frames=block_frames) as source:
        blocks = list(source)
    assert all(block.shape[1] == block_frames for block in blocks[:-1])
    assert 0 < blocks[-1].shape[1] <= block_frames
    assert all(block.flags.c_contiguous for block in blocks)
    assert source.frames == sum(block.shape[1] for block in blocks)
    assert np.array_equal(np.concatenate(blocks, axis=1), read(tmp_path / "a"))


@pytest.mark.parametrize("name", ["a b.wav", "歌曲 你好.mp3", "🎵 'quoted' \"song\".flac", "no_extension", "x.m3u8", "-dash; rm.raw"])
def test_names_can_be_anything(name: str, tmp_path: Path) -> None:
    if os.name == "nt" and '"' in name:
        pytest.skip("not a file name on Windows")
    (tmp_path / name).write_bytes(small_files()["flac"])
    assert read(tmp_path / name).shape == (2, 12000)


def test_id3_tags_before_the_sound_are_skipped(tmp_path: Path) -> None:
    tag = b"ID3\x04\x00\x00" + bytes([0, 1, 0, 0]) + bytes(1 << 14)
    for name in ("mp3", "flac", "adts", "wav16"):
        (tmp_path / name).write_bytes(tag + small_files()[name])
        assert read(tmp_path / name).shape[1] >= 12000


def test_bad_bytes_in_tags_do_not_matter(tmp_path: Path) -> None:
    title = b"\x03\xff\xfe\xfd\x80"
    frame = b"TIT2" + struct.pack(">I", len(title)) + b"\0\0" + title
    (tmp_path / "a").write_bytes(b"ID3\x04\0\0" + bytes([0, 0, 0, len(frame)]) + frame + small_files()["mp3"])
    assert read(tmp_path / "a").shape == (2, 12000)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyAudio),
        (b"hello, this is a text\n" * 100, UnsupportedFormat),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), UnsupportedFormat),
        (bytes(10_000), UnsupportedFormat),
        (b"RIFF\x24\0\0\0WAVE", BadAudio),
        (b"fLaC" + bytes(100), BadAudio),
        (b"OggS" + bytes(100), BadAudio),
        (b"ID3\x04\0\0\0\0\0\x00", UnsupportedFormat),
        (b"\0\0\0\x10ftypM4A \0\0\0\0", BadAudio),
    ],
)
def test_what_is_no_sound_is_refused(data: bytes, error: type[BadAudio], tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(error):
        probe(tmp_path / "a.wav")


def test_a_video_without_sound_is_unsupported(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((96, 64), np.uint8), format="yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(UnsupportedFormat, match="no audio stream"):
        probe(tmp_path / "a.mp4")


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat):
        probe(tmp_path)
    with pytest.raises(BadAudio, match="cannot be opened"):
        probe(tmp_path / "missing.wav")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(UnsupportedFormat):
            probe(tmp_path / "pipe")


def test_no_sample_is_an_error_of_its_own(tmp_path: Path) -> None:
    for kind in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("AIFF", "PCM_16")):
        (tmp_path / "a").write_bytes(by_libsndfile(*kind, np.zeros((2, 0), np.float32)))
        with pytest.raises(EmptyAudio):
            read(tmp_path / "a")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_samples_that_are_no_numbers_are_refused_with_their_second(value: float, subtype: str, tmp_path: Path) -> None:
    sound = tones(100_000, 2)
    sound[1, 88200] = value
    (tmp_path / "a.wav").write_bytes(by_libsndfile("WAV", subtype, sound))
    with pytest.raises(BadAudio, match=r"at 2\.000 s"):
        read(tmp_path / "a.wav")


def test_a_wav_cut_short_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    data = by_libsndfile("WAV", "PCM_16", tones(10_000))
    (tmp_path / "a.wav").write_bytes(data[: len(data) // 2])
    assert np.array_equal(read(tmp_path / "a.wav"), tones_read(tmp_path, data)[:, : (len(data) // 2 - 44) // 4])


def tones_read(folder: Path, data: bytes) -> np.ndarray:
    (folder / "whole").write_bytes(data)
    return read(folder / "whole")


@pytest.mark.parametrize("name", ["flac", "mp3", "adts", "ts", "vorbis", "mkv_opus", "opus"])
def test_damage_in_the_middle_costs_some_packets_only(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kind = {"flac": "FLAC", "vorbis": "OGG", "mp3": "MP3"}.get(name)
    sound = tones(200_000) + np.random.default_rng(0).standard_normal((2, 200_000)).astype(np.float32) * 0.05
    if kind:
        whole = by_libsndfile(kind, {"FLAC": "PCM_16", "OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}[kind], sound)
    else:
        muxer, codec = {"adts": ("adts", "aac"), "ts": ("mpegts", "aac"), "mkv_opus": ("matroska", "libopus"), "opus": ("opus", "libopus")}[
            name
        ]
        whole = by_libav(muxer, codec, sound, 48000)
    data = bytearray(whole)
    middle = len(data) // 2
    data[middle : middle + 2000] = np.random.default_rng(1).bytes(2000)
    (tmp_path / "a").write_bytes(data)
    with caplog.at_level(logging.WARNING):
        assert read(tmp_path / "a").shape[1] > 90_000


def test_a_stream_that_changes_rate_and_channels_keeps_those_of_its_start(tmp_path: Path) -> None:
    parts = [by_libav("adts", "aac", tones(48000, c, rate), rate) for c, rate in ((2, 48000), (1, 24000), (2, 44100), (1, 48000))]
    (tmp_path / "radio.aac").write_bytes(b"".join(parts))
    with AudioSource(tmp_path / "radio.aac") as source:
        sound = np.concatenate(list(source), axis=1)
    assert (source.info.sample_rate, source.info.channels) == (48000, 2)
    assert sound.shape[0] == 2
    assert sound.shape[1] == pytest.approx(48000 * (1 + 2 + 48000 / 44100 + 1), abs=10_000)


def test_the_sound_of_a_video_starts_and_sounds_as_it_should(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(small_files()["mov_video"])
    assert snr(tones(12000), read(tmp_path / "a")) > 80


def test_what_has_been_given_is_let_go() -> None:
    tail = Tail(100_000)
    blocks = [np.zeros((2, 1000), np.float32) for _ in range(50)]
    alive = [weakref.ref(block) for block in blocks]
    while blocks:
        tail.push(blocks.pop())
    assert not any(ref() is not None for ref in alive)


def test_padding_is_cut_only_where_the_header_can_be_right() -> None:
    sound = tones(30_000)
    for length, kept in ((None, 30_000), (29_000, 29_000), (30_000, 30_000), (31_000, 30_000), (10_000, 30_000)):
        tail = Tail(length)
        out = [part for block in np.split(sound, 30, axis=1) for part in tail.push(block)]
        assert np.array_equal(np.concatenate(out, axis=1), sound[:, :kept])


def test_a_source_is_read_once_and_closed_twice(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(small_files()["wav16"])
    source = AudioSource(tmp_path / "a")
    list(source)
    with pytest.raises(RuntimeError, match="once"):
        list(source)
    source.close()
    source.close()
    (tmp_path / "a").unlink()  # closed on Windows, too
