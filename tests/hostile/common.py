"""What all hostile uploads share: their shape, and sound files without fault to begin from."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import av
import numpy as np
import soundfile

RATE = 16000  # samples per second of the sound files made here


@dataclass(frozen=True)
class Upload:
    """One POST /upload: `name` tells it apart in test reports, `file_name` is what the client claims."""

    name: str
    file_name: str
    content: bytes
    fields: dict[str, str] = field(default_factory=dict)


def tone(seconds: float = 0.3) -> np.ndarray:
    """A quiet mono tone, float32 [n]."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def good_wav() -> bytes:
    """A sound file without fault."""
    return written("WAV", "PCM_16")


def written(container: str, subtype: str | None = None, samples: np.ndarray | None = None, rate: int = RATE) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, tone() if samples is None else samples, rate, format=container, subtype=subtype)
    return out.getvalue()


def _muxed(container: str, codec: str, rate: int = 48000) -> bytes:
    """The tone, written by PyAV."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as muxer:
        stream = muxer.add_stream(codec, rate=rate)
        frame = av.AudioFrame.from_ndarray(tone(0.3 * rate / RATE)[None, :], format="flt", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate, frame_size=stream.codec_context.frame_size or 960)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            muxer.mux(stream.encode(part))
        muxer.mux(stream.encode(None))
    return out.getvalue()


def silent_film() -> bytes:
    """A video without any sound."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as muxer:
        stream = muxer.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        for _ in range(3):
            muxer.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        muxer.mux(stream.encode(None))
    return out.getvalue()


def sound_files() -> dict[str, bytes]:
    """The same short tone in every kind of file; key: extension."""
    return {
        "wav": good_wav(),
        "flac": written("FLAC"),
        "ogg": written("OGG", "VORBIS"),
        "mp3": written("MP3"),
        "m4a": _muxed("ipod", "aac"),
        "webm": _muxed("webm", "libopus"),
    }
