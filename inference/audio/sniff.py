"""What kind of file this is, told by its first bytes: names lie, and a media library that guesses also knows playlists.

Only kinds in this file are ever opened, each with the one demuxer named here. Text that points elsewhere (m3u8, ffconcat, DASH,
SDP) has no entry, so no library ever gets to follow it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

WINDOW = 64 * 1024  # bytes looked at, past any ID3 tag
JUNK = 8 * 1024  # bytes of rubbish allowed before the first frame of a bare MP3 or AAC stream


@dataclass(frozen=True)
class Kind:
    """A container that can be read."""

    name: str  # for people and logs
    demuxer: str  # libav's short name, "" where libav is not asked
    pcm: bool = False  # libsndfile first: exact to the sample


WAV = Kind("wav", "wav", pcm=True)
WAV_MP3 = Kind("wav", "wav")  # MP3 in a WAV: libsndfile would print its troubles with it
MP3 = Kind("mp3", "mp3")
AAC = Kind("aac", "aac")
MP4 = Kind("mp4", "mov")

# (offset, bytes there, offset of a second mark, bytes there, kind)
_MAGIC: tuple[tuple[int, bytes, int, bytes, Kind], ...] = (
    (0, b"RIFF", 8, b"WAVE", WAV),
    (0, b"RIFX", 8, b"WAVE", WAV),
    (0, b"RF64", 8, b"WAVE", WAV),
    (0, b"BW64", 8, b"WAVE", WAV),
    (0, b"riff\x2e\x91\xcf\x11", 0, b"", Kind("w64", "w64", pcm=True)),
    (0, b"FORM", 8, b"AIF", Kind("aiff", "aiff", pcm=True)),
    (0, b".snd", 0, b"", Kind("au", "au", pcm=True)),
    (0, b"caff", 0, b"", Kind("caf", "caf", pcm=True)),
    (0, b"fLaC", 0, b"", Kind("flac", "flac")),
    (0, b"OggS", 28, b"\x01vorbis", Kind("ogg", "ogg", pcm=True)),  # libsndfile: libav loses up to a block of short files
    (0, b"OggS", 0, b"", Kind("ogg", "ogg")),
    (0, b"\x1a\x45\xdf\xa3", 0, b"", Kind("matroska", "matroska")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0, b"", Kind("asf", "asf")),
    (0, b"RIFF", 8, b"AVI ", Kind("avi", "avi")),
    (0, b"FLV\x01", 0, b"", Kind("flv", "flv")),
    (0, b"\x00\x00\x01\xba", 0, b"", Kind("mpeg", "mpeg")),
    (0, b"\x47", 188, b"\x47", Kind("mpegts", "mpegts")),
    (4, b"\x47", 196, b"\x47", Kind("mpegts", "mpegts")),
    (0, b".RMF", 0, b"", Kind("rm", "rm")),
    (0, b"MAC ", 0, b"", Kind("ape", "ape")),
    (0, b"wvpk", 0, b"", Kind("wavpack", "wv")),
    (0, b"TTA1", 0, b"", Kind("tta", "tta")),
    (0, b"tBaK", 0, b"", Kind("tak", "tak")),
    (0, b"MPCK", 0, b"", Kind("musepack", "mpc8")),
    (0, b"MP+", 0, b"", Kind("musepack", "mpc")),
    (0, b"DSD ", 28, b"fmt ", Kind("dsf", "dsf")),
    (0, b"#!AMR", 0, b"", Kind("amr", "amr")),
    (0, b"\x0b\x77", 0, b"", Kind("ac3", "ac3")),
    (0, b"\x7f\xfe\x80\x01", 0, b"", Kind("dts", "dts")),
)
_MPEG_TAGS = (b"\x50\x00", b"\x55\x00")
_MP4_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"styp", b"wide", b"pnot"})


def sniff(file: BinaryIO) -> tuple[Kind | None, int]:
    """The kind of an open file, None when it is none that can be read, and at which byte it begins, behind ID3 tags.

    Reads at most some tens of kilobytes.
    """
    start = _skip_id3(file)
    file.seek(start)
    head = file.read(WINDOW)
    return _by_magic(head) or _by_frames(head), start


def _skip_id3(file: BinaryIO) -> int:
    """Where the sound begins behind ID3v2 tags (id3.org/id3v2.4.0-structure); some writers leave two."""
    start = 0
    for _ in range(4):
        file.seek(start)
        tag = file.read(10)
        if len(tag) < 10 or tag[:3] != b"ID3" or max(tag[6:10]) > 127:
            break
        start += 10 + (tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9]) + (10 if tag[5] & 0x10 else 0)
    return start


def _by_magic(head: bytes) -> Kind | None:
    if head[4:8] in _MP4_BOXES:
        return MP4
    for at, mark, second_at, second, kind in _MAGIC:
        if head.startswith(mark, at) and head.startswith(second, second_at):
            return WAV_MP3 if kind is WAV and head[12:16] == b"fmt " and head[20:22] in _MPEG_TAGS else kind
    return None


def _by_frames(head: bytes) -> Kind | None:
    """Bare MPEG audio has no magic, only frames: three in a row, or a row that ends with the file, is no accident."""
    for at in range(min(JUNK, len(head))):
        if head[at] != 0xFF:
            continue
        for kind, frame_bytes in ((MP3, _mpeg_frame_bytes), (AAC, _adts_frame_bytes)):
            if _chain(head, at, frame_bytes):
                return kind
    return None


def _chain(head: bytes, at: int, frame_bytes: Callable[[bytes], int]) -> bool:
    for count in range(3):
        step = frame_bytes(head[at : at + 8])
        if not step:
            # A very short file: whole frames from its first byte to its last (128 bytes of ID3v1 may follow).
            return count > 0 and (at >= len(head) or head.startswith(b"TAG", at))
        at += step
    return True


_MPEG1_KBITS = {
    1: (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_MPEG2_KBITS = {
    1: (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    3: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def _mpeg_frame_bytes(header: bytes) -> int:
    """Length in bytes of the MPEG-1/2/2.5 audio frame with this header (ISO 11172-3), 0 when it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer, rate_index, kbit_index = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3), header[2] >> 2 & 3, header[2] >> 4
    if version == 1 or layer == 4 or rate_index == 3 or kbit_index in (0, 15):
        return 0
    mpeg1 = version == 3
    rate = (44100, 48000, 32000)[rate_index] >> (0 if mpeg1 else 1 if version == 2 else 2)
    bits = (_MPEG1_KBITS if mpeg1 else _MPEG2_KBITS)[layer][kbit_index] * 1000
    padding = header[2] >> 1 & 1
    if layer == 1:
        return (12 * bits // rate + padding) * 4
    return (144 if mpeg1 or layer == 2 else 72) * bits // rate + padding


def _adts_frame_bytes(header: bytes) -> int:
    """Length in bytes of the AAC frame with this ADTS header (ISO 13818-7), 0 when it is none."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    size = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return size if size > 7 else 0
