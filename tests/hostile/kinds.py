"""Files that are no sound files, under a song's name."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tests.hostile.common import Upload, silent_film


def other_kinds(random_: random.Random) -> Iterator[Upload]:
    """Files of another kind under a song's name, archives that unpack to far more among them."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("song.wav", bytes(20_000_000))
    lie = bytearray(bomb.getvalue())
    directory = lie.find(b"PK\1\2")
    lie[directory + 24 : directory + 28] = b"\xfe\xff\xff\xff"  # unpacked size
    kinds = {
        "zip": bomb.getvalue(),
        "zip-claims-4-gb": bytes(lie),
        "gzip": gzip.compress(bytes(20_000_000)),
        "png": b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 2**31 - 1, 2**31 - 1, 8, 6, 0, 0, 0) + bytes(60),
        "gif": b"GIF89a\xff\xff\xff\xff\xf7\0\0" + bytes(60),
        "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF",
        "html": b"<!doctype html><script>alert(1)</script>",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "xml-bomb": b'<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;&b;">]><MPD>&d;</MPD>',
        "elf": b"\x7fELF\2\1\1" + random_.randbytes(400),
        "exe": b"MZ" + random_.randbytes(400),
        "pickle": b"cos\nsystem\n(S'touch /tmp/pwned'\ntR.",
        "sqlite": b"SQLite format 3\0" + bytes(500),
        "midi": b"MThd\0\0\0\6\0\1\xff\xff\0\x60MTrk\xff\xff\xff\xff",
        "json": b'{"a": ' * 5000,
        "srt": b"1\n00:00:00,000 --> 99:00:00,000\nhello\n",
        "shell": b"#!/bin/sh\ntouch /tmp/pwned\n",
    }
    for kind, content in kinds.items():
        yield Upload(f"other-{kind}", "song.wav", content)
    yield Upload("other-png-as-mp3", "song.mp3", kinds["png"])
    yield Upload("other-silent-film", "film.mp4", silent_film())


def playlists(secret: Path, url: str) -> Iterator[Upload]:
    """Texts that a media library might follow to a file of this machine (`secret`, a real sound) or to an address (`url`)."""
    for kind, target in {
        "file": secret.as_uri(),
        "path": str(secret),
        "http": url,
        "concat": f"concat:{secret}",
        "subfile": f"subfile,,:{secret}",
    }.items():
        hls = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n"
        for extension in ("wav", "m3u8"):
            yield Upload(f"hls-{kind}-{extension}", f"list.{extension}", hls.encode())
        for extension in ("wav", "ffconcat"):
            yield Upload(f"ffconcat-{kind}-{extension}", f"list.{extension}", f"ffconcat version 1.0\nfile '{target}'\n".encode())
    mpd = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"><Period>'
        f'<AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1"><BaseURL>{url}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    )
    key = f'#EXT-X-KEY:METHOD=AES-128,URI="{url}"'
    encrypted = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{key}\n#EXTINF:1,\n{secret.as_uri()}\n#EXT-X-ENDLIST\n"
    others = {
        "m3u": f"#EXTM3U\n{url}\n",
        "pls": f"[playlist]\nFile1={url}\nNumberOfEntries=1\n",
        "asx": f'<asx version="3.0"><entry><ref href="{url}"/></entry></asx>',
        "cue": f'FILE "{secret}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
        "mpd": mpd,
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 49170 RTP/AVP 0\na=rtpmap:0 PCMU/8000\n",
        "rtsp": "RTSPtext\nrtsp://127.0.0.1:9/x\n",
        "key": encrypted,
    }
    for kind, text in others.items():
        yield Upload(f"list-{kind}-as-wav", "list.wav", text.encode())
        yield Upload(f"list-{kind}", f"list.{kind}", text.encode())
