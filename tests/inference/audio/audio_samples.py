"""Sound to test with, and files of many kinds made from it. Everything is made here; nothing is read from outside."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
import soundfile

from inference.audio import AudioSource, AudioWriter
from inference.types import OutputFormat, Samples


def tones(frames: int, channels: int = 2, rate: int = 44100, level: float = 0.4) -> Samples:
    """A different tone in every channel."""
    pitches = np.array([440, 660, 550, 330, 220, 110, 880, 990])[:channels, None]
    return (level * np.sin(2 * np.pi * pitches * np.arange(frames) / rate)).astype(np.float32)


def write(path: Path, sound: Samples, rate: int, container: str, subtype: str = "") -> AudioWriter:
    with AudioWriter(path, sample_rate=rate, channels=len(sound), format=OutputFormat(container, subtype)) as writer:
        writer.write(sound)
    return writer


def read(path: Path, **options: int) -> Samples:
    with AudioSource(path, **options) as source:
        return np.concatenate(list(source), axis=1)


def snr(true: Samples, other: Samples) -> float:
    """Signal-to-noise ratio in dB."""
    noise = np.sum((true.astype(np.float64) - other) ** 2)
    return float(10 * np.log10(np.sum(true.astype(np.float64) ** 2) / max(noise, 1e-30)))


def by_libsndfile(container: str, subtype: str, sound: Samples, rate: int = 44100) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound.T, rate, format=container, subtype=subtype)
    return file.getvalue()


def by_libav(muxer: str, codec: str, sound: Samples, rate: int = 44100, *, video: bool = False) -> bytes:
    file = io.BytesIO()
    layout = "mono" if len(sound) == 1 else "stereo"
    with av.open(file, "w", format=muxer) as container:
        pictures = container.add_stream("mpeg4", rate=25) if video else None
        stream = container.add_stream(codec, rate=rate, layout=layout)
        stream.bit_rate = 128_000
        if pictures is not None:
            pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
            for number in range(8):
                picture = av.VideoFrame.from_ndarray(np.full((96, 64), number, np.uint8), format="yuv420p")
                picture.pts = number
                container.mux(pictures.encode(picture))
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if pictures is not None:
            container.mux(pictures.encode(None))
    return file.getvalue()


@lru_cache(maxsize=1)
def small_files() -> dict[str, bytes]:
    """A short file of each kind, 12000 stereo samples."""
    at_44, at_48 = tones(12000), tones(12000, rate=48000)
    plain = {
        "wav16": ("WAV", "PCM_16"),
        "wav_u8": ("WAV", "PCM_U8"),
        "wav_double": ("WAV", "DOUBLE"),
        "wav_alaw": ("WAV", "ALAW"),
        "wav_adpcm": ("WAV", "IMA_ADPCM"),
        "wavex": ("WAVEX", "PCM_24"),
        "rf64": ("RF64", "PCM_16"),
        "w64": ("W64", "PCM_16"),
        "aiff": ("AIFF", "PCM_24"),
        "au": ("AU", "PCM_16"),
        "caf": ("CAF", "PCM_16"),
        "caf_alac": ("CAF", "ALAC_16"),
        "flac": ("FLAC", "PCM_24"),
        "vorbis": ("OGG", "VORBIS"),
        "mp3": ("MP3", "MPEG_LAYER_III"),
    }
    files = {name: by_libsndfile(*kind, at_44) for name, kind in plain.items()}
    files |= {
        "m4a": by_libav("ipod", "aac", at_44),
        "m4a_alac": by_libav("ipod", "alac", at_44),
        "adts": by_libav("adts", "aac", at_44),
        "opus": by_libav("opus", "libopus", at_48, 48000),
        "mkv_opus": by_libav("matroska", "libopus", at_48, 48000),
        "mp4_video": by_libav("mp4", "aac", at_44, video=True),
        "mov_video": by_libav("mov", "pcm_s16le", at_44, video=True),
        "mkv_video": by_libav("matroska", "aac", at_44, video=True),
        "avi_video": by_libav("avi", "libmp3lame", at_44, video=True),
        "wma": by_libav("asf", "wmav2", at_44),
        "flv": by_libav("flv", "aac", at_44),
        "ts": by_libav("mpegts", "aac", at_44),
        "ac3": by_libav("ac3", "ac3", at_48, 48000),
        "wavpack": by_libav("wv", "wavpack", at_44),
        "mp2": by_libav("mp2", "mp2", at_44),
        "ogg_flac": by_libav("ogg", "flac", at_44),
        "wav_mp3": by_libav("wav", "libmp3lame", at_44),
    }
    return files
