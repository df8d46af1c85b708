"""Looks an MP4's tables over before libav builds its index from them.

libav keeps 24 bytes for every packet that a table announces, and a table can announce billions of equal packets in a dozen
bytes: a file of 600 bytes took 2.8 GB and 12 seconds that way. Each packet needs at least a byte of the file, so such claims are
easy to tell.
Box layouts: ISO 14496-12 (stsz, stsc, stco, stts, trun) and Apple's QuickTime File Format (cmov).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import numpy as np

from inference.audio.bounded import BoundedFile
from inference.errors import BadAudio

MAX_PACKETS = 20_000_000  # a day of AAC at 96 kHz has 8 million
MAX_TABLES = 64 * 1024 * 1024  # bytes of one box outside mdat; a day of video has 40 million
SAMPLES_PER_BYTE = 16  # plain and ADPCM sound counts samples as packets, but libav indexes them by the thousand

_SOUND_HANDLERS = {b"soun", b"alis", b"url ", b"mdir", b"mdta"}


def check_mp4(file: BoundedFile) -> None:
    """Raises BadAudio when the tables of an MP4 or QuickTime file announce more than the file can hold."""
    packets = 0
    for box in _boxes(file):
        if b"cmov" in box:
            raise BadAudio("the MP4's index is compressed (cmov), which is not read here", hint="Export the song again.")
        # Whatever stands between two `trak` marks is one stream's, however it is nested: the rule that libav reads by.
        for track in box.split(b"trak"):
            packets += _announced(track, file.size)
    if packets > min(file.size, MAX_PACKETS):
        raise _too_many(packets, file.size)


def _boxes(file: BoundedFile) -> Iterator[bytes]:
    """The bytes of every top-level box except mdat, where the sound itself is."""
    start = 0
    while start + 8 <= file.size:
        file.seek(start)
        head = file.read(16)
        if len(head) < 8:
            return
        size, name = struct.unpack(">I4s", head[:8])
        if size == 1 and len(head) == 16:
            size = struct.unpack(">Q", head[8:])[0]
        size = file.size - start if size == 0 else min(size, file.size - start)
        if size < 8:
            return
        if name != b"mdat":
            if size > MAX_TABLES:
                raise BadAudio(f"the MP4's index has {size >> 20} MiB", hint="Export the song again.")
            file.seek(start)
            yield file.read(size)
        start += size


def _announced(track: bytes, file_size: int) -> int:
    """How many packets a stream's tables announce; 0 for sound whose packets are single samples and that are few enough."""
    listed = sum(counts[1] for counts in _fields(track, b"stsz", 2)) + sum(counts[0] for counts in _fields(track, b"trun", 1))
    if not _counts_samples(track):
        return listed
    samples = max(listed, _chunked(track))
    if samples > SAMPLES_PER_BYTE * file_size:
        raise _too_many(samples, file_size)
    return 0


def _counts_samples(track: bytes) -> bool:
    """Whether each "packet" of this stream is one sample: it is sound, and a packet lasts one tick."""
    handlers = {track[place + 12 : place + 16] for place in _places(track, b"hdlr")}
    times = _fields(track, b"stts", 3)
    return b"soun" in handlers and handlers <= _SOUND_HANDLERS and bool(times) and all(time[::2] == (1, 1) for time in times)


def _chunked(track: bytes) -> int:
    """How many samples the chunk tables announce: runs of chunks of equal length (stsc) up to the last chunk (stco, co64)."""
    chunks = max((counts[0] for name in (b"stco", b"co64") for counts in _fields(track, name, 1)), default=0)
    most = 0
    for place in _places(track, b"stsc"):
        rows = np.frombuffer(track[place + 12 :][: 12 * _count(track, place)], ">u4")
        rows = rows[: len(rows) // 3 * 3].reshape(-1, 3).astype(np.float64)
        first = np.minimum(rows[:, 0], chunks + 1)
        runs = np.diff(first, append=chunks + 1)
        most = max(most, int(np.maximum(runs, 0) @ rows[:, 1]))
    return most


def _count(track: bytes, place: int) -> int:
    fields = track[place + 8 : place + 12]
    return int.from_bytes(fields, "big") if len(fields) == 4 else 0


def _fields(track: bytes, name: bytes, count: int) -> list[tuple[int, ...]]:
    """The first `count` numbers of each table of this name, behind its version and flags."""
    found = (track[place + 8 : place + 8 + 4 * count] for place in _places(track, name))
    return [struct.unpack(f">{count}I", fields) for fields in found if len(fields) == 4 * count]


def _places(track: bytes, name: bytes) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(name), track)]


def _too_many(packets: int, file_size: int) -> BadAudio:
    return BadAudio(f"the MP4's index announces {packets} packets in a file of {file_size} bytes", hint="The file is damaged.")
