"""FLAC and MP3 through libsndfile (libFLAC, LAME): exact lengths, and the same bytes for the same samples."""

from __future__ import annotations

import numpy as np
import soundfile

from inference.audio.quantize import clip, to_integers
from inference.audio.sink import Sink
from inference.types import Samples

FLAC_LEVEL = 0.5  # of 0 .. 1: libFLAC's level 4, a third faster than its default for 0.04 % more bytes


class FlacEncoder:
    """Writes blocks of any length as FLAC of 16 or 24 bits; up to 8 channels."""

    def __init__(self, sink: Sink, *, sample_rate: int, channels: int, subtype: str) -> None:
        self.clipped = 0
        self._bits = 16 if subtype == "PCM_16" else 24
        self._sound = soundfile.SoundFile(
            sink, "w", samplerate=sample_rate, channels=channels, format="FLAC", subtype=subtype, compression_level=FLAC_LEVEL
        )

    def write(self, block: Samples) -> None:
        """Appends a block [C, n]."""
        integers, clipped = to_integers(block, self._bits)
        self.clipped += clipped
        # libsndfile takes integers by their upper bits.
        self._sound.write(integers.astype(np.int16) if self._bits == 16 else integers << 8)

    def close(self) -> None:
        """Ends the stream and writes the length into its header."""
        self._sound.close()


class Mp3Encoder:
    """Writes blocks of any length as MP3 of a constant bit rate, with a LAME tag that tells the exact length; 1 or 2 channels."""

    def __init__(self, sink: Sink, *, sample_rate: int, channels: int, bit_rate: int) -> None:
        self.clipped = 0
        self._sound = soundfile.SoundFile(
            sink,
            "w",
            samplerate=sample_rate,
            channels=channels,
            format="MP3",
            subtype="MPEG_LAYER_III",
            bitrate_mode="CONSTANT",
            compression_level=mp3_compression_level(sample_rate, bit_rate),
        )

    def write(self, block: Samples) -> None:
        """Appends a block [C, n]."""
        held, clipped = clip(block)
        self.clipped += clipped
        self._sound.write(np.ascontiguousarray(held.T))

    def close(self) -> None:
        """Ends the stream and writes its LAME tag."""
        self._sound.close()


def mp3_compression_level(sample_rate: int, bit_rate: int) -> float:
    """Libsndfile's way to say a bit rate: 0 for the highest that the sample rate allows, 1 for the lowest, linear between.

    Rates that MPEG-2 (below 32 kHz) does not have become its highest.
    """
    low, high = (32_000, 320_000) if sample_rate >= 32_000 else (8_000, 160_000) if sample_rate >= 16_000 else (8_000, 64_000)
    return (high - min(max(bit_rate, low), high)) / (high - low)
