"""Sound files that are damaged, that lie in their headers, or whose samples are no sound."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

import numpy as np

from tests.hostile.common import RATE, Upload, sound_files, tone, written


def noise(random_: random.Random) -> Iterator[Upload]:
    """Bytes that mean nothing, some behind the first bytes of a real format."""
    starts = {
        "wav": b"RIFF\xff\xff\xff\x7fWAVEfmt ",
        "flac": b"fLaC",
        "ogg": b"OggS\0\2",
        "mp3": b"\xff\xfb\x90\x00",
        "m4a": b"\0\0\0\x20ftypM4A ",
    }
    starts |= {
        "webm": b"\x1a\x45\xdf\xa3",
        "aiff": b"FORM\x7f\xff\xff\xffAIFF",
        "wma": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
    }
    for size in (1, 3, 44, 1000, 40000):
        for extension in ("wav", "mp3", "m4a", "xyz"):
            yield Upload(f"noise-{size}-{extension}", f"noise.{extension}", random_.randbytes(size))
    for extension, start in starts.items():
        yield Upload(f"start-only-{extension}", f"start.{extension}", start)
        yield Upload(f"start-and-noise-{extension}", f"start.{extension}", start + random_.randbytes(3000))
    for extension in ("wav", "mp3", "flac", "ogg", "m4a"):
        yield Upload(f"empty-{extension}", f"empty.{extension}", b"")
        yield Upload(f"zeros-{extension}", f"zeros.{extension}", bytes(5000))
        yield Upload(f"ones-{extension}", f"ones.{extension}", b"\xff" * 5000)


def damaged(random_: random.Random) -> Iterator[Upload]:
    """Real files, cut off, bent, or under another name."""
    files = sound_files()
    for extension, content in files.items():
        for part in (0.01, 0.1, 0.5, 0.9):
            yield Upload(f"cut-{part}-{extension}", f"cut.{extension}", content[: int(len(content) * part)])
        yield Upload(f"beheaded-{extension}", f"beheaded.{extension}", content[len(content) // 3 :])
        for i in range(3):
            bent = bytearray(content)
            for _ in range(20):
                bent[random_.randrange(min(len(bent), 400 if i else len(bent)))] = random_.randrange(256)
            yield Upload(f"bent-{i}-{extension}", f"bent.{extension}", bytes(bent))
    names = list(files)
    for extension, other in zip(names, [*names[1:], names[0]], strict=True):
        yield Upload(f"renamed-{extension}-to-{other}", f"renamed.{other}", files[extension])


def riff(chunks: list[tuple[bytes, int | None, bytes]], size: int | None = None) -> bytes:
    """A RIFF file of (name, claimed size or None for the true one, content)."""
    body = b"".join(name + struct.pack("<I", len(data) if claim is None else claim) + data for name, claim, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4 if size is None else size) + b"WAVE" + body


def wav_format(
    tag: int = 1, channels: int = 1, rate: int = RATE, block: int | None = None, bits: int = 16, byte_rate: int | None = None
) -> bytes:
    """The fmt chunk of a wav, every number free."""
    block = (channels * bits // 8) & 0xFFFF if block is None else block
    return struct.pack("<HHIIHH", tag, channels, rate, (rate * block) & 0xFFFFFFFF if byte_rate is None else byte_rate, block, bits)


def lying_headers() -> Iterator[Upload]:
    """Headers that claim what cannot be, or what nobody should allocate."""
    data = (tone() * 32767).astype("<i2").tobytes()

    def wav(name: str, fmt: bytes, data_size: int | None = None, content: bytes = data) -> Upload:
        return Upload(f"wav-{name}", f"{name}.wav", riff([(b"fmt ", None, fmt), (b"data", data_size, content)]))

    for rate in (0, 1, 7, 2**31, 2**32 - 1):
        yield wav(f"rate-{rate}", wav_format(rate=rate))
    yield wav("rate-1-for-a-day", wav_format(rate=1), content=bytes(2 * 100_000))
    for channels in (0, 255, 65535):
        yield wav(f"channels-{channels}", wav_format(channels=channels))
    for bits in (0, 1, 3, 64, 255, 65535):
        yield wav(f"bits-{bits}", wav_format(bits=bits))
    yield wav("one-bit", wav_format(bits=1, block=1, rate=1))
    yield wav("block-0", wav_format(block=0))
    yield wav("block-65535", wav_format(block=65535))
    for tag in (0, 2, 3, 0x11, 0x55, 0x161, 0xFFFE, 0xFFFF):
        yield wav(f"codec-{tag:x}", wav_format(tag=tag, block=0 if tag == 2 else None))
    yield wav("data-claims-4-gb", wav_format(), data_size=2**32 - 1)
    yield wav("no-samples", wav_format(), content=b"")
    yield wav("claims-4-gb-has-none", wav_format(), data_size=2**32 - 1, content=b"")
    yield wav("half-a-sample", wav_format(), content=b"\1")
    fmt = (b"fmt ", None, wav_format())
    yield Upload("wav-no-fmt", "a.wav", riff([(b"data", None, data)]))
    yield Upload("wav-no-data", "a.wav", riff([fmt]))
    yield Upload("wav-data-first", "a.wav", riff([(b"data", None, data), fmt]))
    yield Upload("wav-fmt-claims-4-gb", "a.wav", riff([(b"fmt ", 2**32 - 1, wav_format()), (b"data", None, data)]))
    yield Upload("wav-list-claims-4-gb", "a.wav", riff([fmt, (b"LIST", 2**32 - 2, b"INFO"), (b"data", None, data)]))
    yield Upload("wav-many-chunks", "a.wav", riff([fmt, *[(b"junk", 0, b"")] * 20000, (b"data", None, data)]))

    ds64 = struct.pack("<QQQI", 2**60, 2**60, 2**58, 0)
    rf64 = riff([(b"ds64", None, ds64), fmt, (b"data", 2**32 - 1, data)], size=2**32 - 1)
    yield Upload("rf64-exabytes", "a.wav", b"RF64" + rf64[4:])
    for channels, rate in ((2**31 - 1, RATE), (1, 2**31 - 1), (0, 0)):
        au = b".snd" + struct.pack(">IIIII", 24, 2**32 - 2, 3, rate, channels) + data
        yield Upload(f"au-{channels}-channels-{rate}", "a.au", au)
    caf = b"caff\0\1\0\0desc" + struct.pack(">Qd4sIIIII", 32, 44100.0, b"lpcm", 0, 2**31, 1, 2**31, 16) + b"data" + struct.pack(">q", -1)
    yield Upload("caf-channels", "a.caf", caf + data)
    aiff = (
        b"COMM"
        + struct.pack(">IhIh", 18, 32767, 2**32 - 1, 16)
        + b"\x40\x0e\xac\x44"
        + bytes(6)
        + b"SSND"
        + struct.pack(">III", 2**31, 0, 0)
    )
    yield Upload("aiff-claims", "a.aiff", b"FORM" + struct.pack(">I", 2**32 - 1) + b"AIFF" + aiff + data)

    for name, packed in {
        "terasamples": (RATE << 44) | (1 << 41) | (15 << 36) | (2**36 - 1),
        "rate-0": (15 << 36) | 1000,
        "rate-max": ((2**20 - 1) << 44) | (7 << 41) | (31 << 36) | (2**36 - 1),
    }.items():
        info = struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
        yield Upload(f"flac-{name}", "a.flac", b"fLaC\x80\0\0\x22" + info + b"\xff\xf8" + bytes(200))
    yield Upload("flac-no-samples", "a.flac", written("FLAC", samples=np.zeros(0, np.float32)))
    yield Upload("ogg-no-samples", "a.ogg", written("OGG", "VORBIS", samples=np.zeros(0, np.float32)))
    yield Upload("flac-picture-claims-16-mb", "a.flac", b"fLaC\x06\xff\xff\xff" + bytes(100))

    yield Upload("mp3-id3-claims-256-mb", "a.mp3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(100))
    yield Upload(
        "mp3-xing-claims",
        "a.mp3",
        b"\xff\xfb\x90\x00" + bytes(32) + b"Xing" + struct.pack(">III", 3, 2**32 - 1, 2**32 - 1) + bytes(400),
    )
    ftyp = b"\0\0\0\x14ftypM4A \0\0\0\0M4A "
    yield Upload("mp4-atom-of-exabytes", "a.m4a", ftyp + b"\0\0\0\1mdat" + struct.pack(">Q", 2**62) + bytes(100))
    yield Upload("mp4-atom-of-0", "a.m4a", ftyp + b"\0\0\0\0moov" + bytes(100))
    yield Upload("mp4-moov-claims-2-gb", "a.m4a", ftyp + b"\x7f\xff\xff\xffmoov\0\0\0\x08trak")
    nested = b""
    for _ in range(3000):
        nested = struct.pack(">I", len(nested) + 8) + b"moov" + nested
    yield Upload("mp4-3000-deep", "a.m4a", ftyp + nested)
    m4a = sound_files()["m4a"]
    for atom in (b"stsz", b"stts", b"stco", b"stsc"):
        at = m4a.find(atom)
        count = at + (12 if atom == b"stsz" else 8)
        yield Upload(f"mp4-{atom.decode()}-claims-4-billion", "a.m4a", m4a[:count] + b"\xff\xff\xff\xff" + m4a[count + 4 :])
    yield Upload("webm-segment-of-exabytes", "a.webm", b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe" + bytes(200))


def strange_samples() -> Iterator[Upload]:
    """Readable files whose samples are no usable sound."""
    values = {"nan": np.nan, "inf": np.inf, "minus-inf": -np.inf, "huge": 3e38, "denormal": 1e-42}
    for name, value in values.items():
        samples = tone()
        samples[::7] = value
        yield Upload(f"float-{name}", f"{name}.wav", written("WAV", "FLOAT", samples))
    doubles = np.full(1000, 1e300)
    yield Upload("double-huge", "huge.wav", written("WAV", "DOUBLE", doubles))
    yield Upload("all-nan", "nan.wav", written("WAV", "FLOAT", np.full(1000, np.nan, np.float32)))
    yield Upload("one-sample", "one.wav", written("WAV", "PCM_16", np.ones(1, np.float32)))
