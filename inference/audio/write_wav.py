"""WAV files: written here rather than by libsndfile, whose float WAVs carry the time of day (in a PEAK chunk).

    RIFF size WAVE | JUNK (28 bytes) | fmt | fact (float only) | data
    RF64 -1   WAVE | ds64 (28 bytes) | fmt | fact (float only) | data        when 32 bits do not hold the size: EBU Tech 3306

The JUNK chunk keeps the place for the 64-bit sizes; which of the two it becomes is decided when the file is closed.
"""

from __future__ import annotations

import struct

import numpy as np

from inference.audio.quantize import to_integers
from inference.audio.sink import Sink
from inference.types import Samples

RIFF_LIMIT = 0xFFFFFFFF  # the largest size, in bytes, that a plain WAV can tell
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_SUBFORMAT = bytes.fromhex("000000001000800000aa00389b71")  # the rest of KSDATAFORMAT_SUBTYPE_PCM and _IEEE_FLOAT
_SPEAKERS = {6: 0x3F, 8: 0x63F}  # 5.1 and 7.1; other layouts are ambiguous, 0 says so
_BITS = {"PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32}


class WavEncoder:
    """Writes blocks of any length into a WAV, or an RF64 when it grows beyond 4 GiB."""

    def __init__(self, sink: Sink, *, sample_rate: int, channels: int, subtype: str, riff_limit: int = RIFF_LIMIT) -> None:
        self._sink = sink
        self._rate = sample_rate
        self._channels = channels
        self._float = subtype == "FLOAT"
        self._bits = _BITS[subtype]
        self._limit = riff_limit
        self._frames = 0
        self.clipped = 0
        sink.write(self._header())

    def write(self, block: Samples) -> None:
        """Appends a block [C, n]."""
        self._frames += block.shape[1]
        self._sink.write(self._encoded(block))

    def close(self) -> None:
        """Writes the sizes into the header."""
        if self._data_bytes % 2:
            self._sink.write(b"\0")
        self._sink.seek(0)
        self._sink.write(self._header())

    @property
    def _data_bytes(self) -> int:
        return self._frames * self._channels * self._bits // 8

    def _encoded(self, block: Samples) -> bytes:
        if self._float:
            return np.ascontiguousarray(block.T, dtype="<f4").tobytes()
        integers, clipped = to_integers(block, self._bits)
        self.clipped += clipped
        if self._bits == 24:
            low_bytes = integers.astype("<i4", copy=False).view(np.uint8).reshape(-1, 4)[:, :3]
            return low_bytes.tobytes()
        return integers.astype(f"<i{self._bits // 8}", copy=False).tobytes()

    def _header(self) -> bytes:
        """The header for what has been written so far; its length is always the same."""
        rest = b"fmt " + _sized(self._format())
        if self._float:
            rest += b"fact" + _sized(struct.pack("<I", min(self._frames, 0xFFFFFFFF)))
        data = self._data_bytes
        total = 4 + 36 + len(rest) + 8 + data + data % 2  # all that follows the first size
        if total <= self._limit:
            return b"RIFF" + struct.pack("<I", total) + b"WAVEJUNK" + _sized(bytes(28)) + rest + b"data" + struct.pack("<I", data)
        sizes = struct.pack("<QQQI", total, data, self._frames, 0)
        return b"RF64\xff\xff\xff\xffWAVEds64" + _sized(sizes) + rest + b"data\xff\xff\xff\xff"

    def _format(self) -> bytes:
        tag = _FLOAT if self._float else _PCM
        width = self._channels * self._bits // 8
        extensible = self._channels > 2
        shape = (_EXTENSIBLE if extensible else tag, self._channels, self._rate, self._rate * width, width, self._bits)
        plain = struct.pack("<HHIIHH", *shape)
        if not extensible:
            return plain
        return plain + struct.pack("<HHIH", 22, self._bits, _SPEAKERS.get(self._channels, 0), tag) + _SUBFORMAT


def _sized(chunk: bytes) -> bytes:
    return struct.pack("<I", len(chunk)) + chunk
