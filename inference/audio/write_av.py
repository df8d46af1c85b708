"""AAC in MP4 (m4a) and Opus in Ogg through libav (PyAV), gapless and reproducible.

`bitexact` keeps out the time of day, versions and Ogg's random serial number. An MP4's edit list counts in the movie's own ticks,
a thousand a second unless told otherwise: with one tick per sample it tells the exact length.
"""

from __future__ import annotations

from typing import cast

import av
import numpy as np

from inference.audio.quantize import clip
from inference.audio.sink import Sink
from inference.types import Samples

# container -> libav's muxer, encoder and options
_CODECS: dict[str, tuple[str, str, dict[str, str]]] = {
    "m4a": ("ipod", "aac", {"movie_timescale": "{rate}"}),
    "opus": ("opus", "libopus", {}),
}


class AvEncoder:
    """Writes blocks of any length as AAC or Opus; 1 or 2 channels, at a sample rate that the codec has."""

    def __init__(self, sink: Sink, *, container: str, sample_rate: int, channels: int, bit_rate: int) -> None:
        self.clipped = 0
        self._rate = sample_rate
        self._layout = "mono" if channels == 1 else "stereo"
        self._position = 0  # samples written
        muxer, codec, options = _CODECS[container]
        options = {name: value.format(rate=sample_rate) for name, value in options.items()}
        self._container = av.open(sink, "w", format=muxer, options={"fflags": "+bitexact", **options})
        stream = self._container.add_stream(codec, rate=sample_rate, layout=self._layout, options={"flags": "+bitexact"})
        self._stream = cast(av.AudioStream, stream)
        self._stream.bit_rate = min(bit_rate, highest_bit_rate(container, sample_rate, channels))

    def write(self, block: Samples) -> None:
        """Appends a block [C, n]."""
        held, clipped = clip(block)
        self.clipped += clipped
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(held), format="fltp", layout=self._layout)
        frame.sample_rate = self._rate
        frame.pts = self._position
        self._position += block.shape[1]
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Ends the stream and the container."""
        if self._position:
            self._container.mux(self._stream.encode(None))
        self._container.close()


def highest_bit_rate(container: str, sample_rate: int, channels: int) -> int:
    """The most bits per second that a codec takes: 6144 a channel in an AAC frame of 1024 samples; 256000 a channel for Opus."""
    return 6 * sample_rate * channels if container == "m4a" else 256_000 * channels
