"""Files that lie, point elsewhere or are plain rubbish: an error of ours, quickly, in little memory; never a crash, never another file."""

from __future__ import annotations

import contextlib
import struct
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from inference.audio import AudioSource, probe
from inference.errors import BadAudio, UnsupportedFormat
from tests.inference.audio.audio_samples import by_libsndfile, small_files, tones


def consume(path: Path) -> int:
    with AudioSource(path) as source:
        return sum(block.shape[1] for block in source)


@pytest.mark.parametrize("name", sorted(small_files()))
def test_flipped_cut_and_random_bytes_raise_nothing_but_our_errors(name: str, tmp_path: Path) -> None:
    whole = small_files()[name]
    rng = np.random.default_rng(sorted(small_files()).index(name))
    for turn in range(24):
        data = bytearray(whole)
        reach = min(len(data), (64, 512, 4096, len(data))[turn % 4])
        place = int(rng.integers(reach))
        if turn % 3 == 0:
            data = data[:place]
        elif turn % 3 == 1:
            for at in rng.integers(reach, size=8):
                data[at] = int(rng.integers(256))
        else:
            data[place : place + 8] = bytes([int(rng.choice([0, 127, 128, 255]))]) * 8
        (tmp_path / "a").write_bytes(data)
        with contextlib.suppress(BadAudio):
            consume(tmp_path / "a")


def test_random_bytes_behind_every_magic(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for whole in small_files().values():
        for keep in (4, 16, 40):
            (tmp_path / "a").write_bytes(whole[:keep] + rng.bytes(2000))
            with contextlib.suppress(BadAudio):
                consume(tmp_path / "a")


class _Trap(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.hits.append(self.path)  # type: ignore[attr-defined]
        self.send_response(404)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def test_nothing_is_followed_to_another_file_or_address(tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(small_files()["wav16"])
    server = HTTPServer(("127.0.0.1", 0), _Trap)
    server.hits = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for target in (f"http://127.0.0.1:{server.server_port}/a.ts", str(secret), secret.as_uri(), "secret.wav"):
            playlists = (
                f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n",
                f"ffconcat version 1.0\nfile '{target}'\n",
                f'<?xml version="1.0"?><MPD><BaseURL>{target}</BaseURL></MPD>',
                f"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\na=control:{target}\n",
                f"[playlist]\nFile1={target}\n",
            )
            for text in playlists:
                for name in ("a.mp3", "a.m3u8", "a.ffconcat"):
                    (tmp_path / name).write_text(text, encoding="utf-8")
                    with pytest.raises(UnsupportedFormat):
                        consume(tmp_path / name)
    finally:
        server.shutdown()
        server.server_close()
    assert not server.hits  # type: ignore[attr-defined]


def test_even_a_playlist_demuxer_could_open_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second lock: should the first bytes ever be trusted wrongly, libav still has no protocol to open anything with."""
    from inference.audio import decode
    from inference.audio.sniff import Kind

    (tmp_path / "secret.wav").write_bytes(small_files()["wav16"])
    texts = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{tmp_path / 'secret.wav'}\n#EXT-X-ENDLIST\n",
        "concat": "ffconcat version 1.0\nfile secret.wav\n",
    }
    for demuxer, text in texts.items():
        monkeypatch.setattr(decode, "sniff", lambda file, demuxer=demuxer: (Kind(demuxer, demuxer), 0))
        (tmp_path / "list").write_text(text, encoding="utf-8")
        with pytest.raises(BadAudio):
            consume(tmp_path / "list")


def wav_header(*, size: int = 400, channels: int = 2, rate: int = 44100, bits: int = 16, data: bytes = bytes(400)) -> bytes:
    width = channels * bits // 8
    shape = struct.pack("<HHIIHH", 1, channels, rate, rate * width & 0xFFFFFFFF, width & 0xFFFF, bits)
    return b"RIFF" + struct.pack("<I", min(size + 36, 2**32 - 1)) + b"WAVEfmt \x10\0\0\0" + shape + b"data" + struct.pack("<I", size) + data


@pytest.mark.parametrize(
    "claim",
    [
        {"channels": 33},
        {"channels": 1000},
        {"channels": 65535},
        {"channels": 0},
        {"rate": 0},
        {"rate": 1},
        {"rate": 999},
        {"rate": 768001},
        {"rate": 2**31},
        {"size": 0, "data": b""},
    ],
)
def test_impossible_claims_of_a_wav_are_refused(claim: dict[str, int], tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_header(**claim))
    with pytest.raises(BadAudio):
        probe(tmp_path / "a.wav")


@pytest.mark.parametrize("size", [2**31, 2**32 - 1])
def test_a_wav_that_claims_gigabytes_is_as_long_as_it_is(size: int, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_header(size=size))
    assert consume(tmp_path / "a.wav") == 100


def test_a_flac_that_claims_two_weeks_is_refused(tmp_path: Path) -> None:
    data = bytearray(by_libsndfile("FLAC", "PCM_16", tones(5000)))
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4
    (tmp_path / "a.flac").write_bytes(data)
    with pytest.raises(BadAudio, match="24 hours"):
        probe(tmp_path / "a.flac")


def test_a_flac_of_unknown_length_is_read(tmp_path: Path) -> None:
    data = bytearray(by_libsndfile("FLAC", "PCM_16", tones(5000)))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(data)
    assert probe(tmp_path / "a.flac").frames is None
    assert consume(tmp_path / "a.flac") == 5000


def box(name: bytes, *parts: bytes) -> bytes:
    return struct.pack(">I4s", 8 + sum(map(len, parts)), name) + b"".join(parts)


def full(name: bytes, *parts: bytes) -> bytes:
    return box(name, bytes(4), *parts)


def mp4_bomb(*, packets: int, size: int, chunks: int, per_chunk: int, codec: bytes, ticks: int) -> bytes:
    """An MP4 of some 600 bytes whose tables announce as many packets as one likes."""
    descriptor = bytes.fromhex("03190001000411401500000000000000000000000502121006" + "0102")
    entry = box(codec, bytes(7) + b"\1" + bytes(8) + struct.pack(">HHHHI", 2, 16, 0, 0, 44100 << 16), full(b"esds", descriptor))
    tables = box(
        b"stbl",
        full(b"stsd", struct.pack(">I", 1), entry),
        full(b"stts", struct.pack(">III", 1, packets, ticks)),
        full(b"stsc", struct.pack(">IIII", 1, 1, per_chunk, 1)),
        full(b"stsz", struct.pack(">II", size, packets)),
        full(b"stco", struct.pack(">I", chunks), struct.pack(">I", 48) * chunks),
    )
    media = full(b"mdhd", struct.pack(">IIIII", 0, 0, 44100, 0, 0)) + full(b"hdlr", bytes(4) + b"soun" + bytes(13))
    track = full(b"tkhd", struct.pack(">IIIII", 0, 0, 1, 0, 0) + bytes(60))
    movie = full(b"mvhd", struct.pack(">IIIIIH", 0, 0, 1000, 0, 0x10000, 0x100) + bytes(70) + struct.pack(">I", 2))
    trak = box(b"trak", track, box(b"mdia", media, box(b"minf", full(b"smhd", bytes(4)), tables)))
    return box(b"ftyp", b"M4A \0\0\0\0") + box(b"mdat", bytes(64)) + box(b"moov", movie, trak)


@pytest.mark.parametrize(
    "claim",
    [
        {"packets": 80_000_000, "size": 1, "chunks": 1, "per_chunk": 80_000_000, "codec": b"mp4a", "ticks": 1024},
        {"packets": 2**32 - 1, "size": 65535, "chunks": 1, "per_chunk": 1, "codec": b"mp4a", "ticks": 1024},
        {"packets": 0, "size": 4, "chunks": 20, "per_chunk": 2**32 - 1, "codec": b"sowt", "ticks": 1},
    ],
)
def test_an_mp4_that_announces_millions_of_packets_is_refused(claim: dict[str, int], tmp_path: Path) -> None:
    (tmp_path / "a.m4a").write_bytes(mp4_bomb(**claim))
    with pytest.raises(BadAudio, match="announces"):
        probe(tmp_path / "a.m4a")


def test_a_fragment_that_announces_millions_of_packets_is_refused(tmp_path: Path) -> None:
    run = full(b"trun", struct.pack(">I", 50_000_000))
    (tmp_path / "a.m4a").write_bytes(small_files()["m4a"] + box(b"moof", box(b"traf", run)))
    with pytest.raises(BadAudio, match="announces"):
        probe(tmp_path / "a.m4a")


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
def test_lies_take_no_memory(tmp_path: Path) -> None:
    """All the lies above in one fresh process: it stays small."""
    lies = [
        wav_header(size=2**32 - 1),
        wav_header(channels=65535),
        b"RF64" + b"\xff" * 4 + b"WAVEds64" + struct.pack("<IQQQI", 28, 2**62, 2**62, 2**60, 0),
    ]
    lies[2] += wav_header()[12:]
    lies.append(mp4_bomb(packets=80_000_000, size=1, chunks=1, per_chunk=80_000_000, codec=b"mp4a", ticks=1024))
    lies.append(b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe" + bytes(100))
    for number, data in enumerate(lies):
        (tmp_path / f"{number}").write_bytes(data)
    program = (
        "import sys, pathlib\n"
        "from inference.audio import AudioSource\n"
        "from inference.errors import BadAudio\n"
        "for path in map(pathlib.Path, sys.argv[1:]):\n"
        "    try:\n"
        "        with AudioSource(path) as source: list(source)\n"
        "    except BadAudio: pass\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"  # getrusage counts what the parent had before exec, too
        "print(int(status.partition('VmHWM:')[2].split()[0]) >> 10)\n"
    )
    root = Path(__file__).parents[3]
    paths = [str(tmp_path / f"{number}") for number in range(len(lies))]
    done = subprocess.run([sys.executable, "-c", program, *paths], cwd=root, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 300


def test_sound_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from inference.audio import limits

    monkeypatch.setattr(limits, "MAX_SECONDS", 1)
    data = bytearray(by_libsndfile("FLAC", "PCM_16", np.zeros((1, 100_000), np.float32)))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(data)
    with pytest.raises(BadAudio, match="hours"):
        consume(tmp_path / "a.flac")


def test_a_header_of_a_million_empty_chunks_ends_soon(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_header()[:36] + b"junk\0\0\0\0" * 1_000_000 + wav_header()[36:])
    with pytest.raises(BadAudio):
        consume(tmp_path / "a.wav")


def test_circles_end() -> None:
    """A demuxer that reads the same place forever meets the end of the file."""
    import tempfile

    from inference.audio.bounded import BoundedFile

    with tempfile.TemporaryFile("w+b") as file:
        file.write(bytes(1 << 20))
        bounded = BoundedFile(file)
        for _ in range(200):
            bounded.seek(0)
            if not bounded.read(1 << 20):
                break
        assert bounded.exhausted
        assert bounded.seek(-5) == -1
