"""Compressed sound and video containers through libav (PyAV): mp3, aac, m4a, flac, ogg, opus, wma, mkv, webm, mp4, avi and more.

Damage in the middle of a compressed stream costs the packets it hit, not the song: they are skipped, counted and logged. The
file is refused when nothing can be decoded, or when more packets are broken than whole.

Safety: libav gets one open file without a name, one demuxer chosen by the file's first bytes, no protocol and no video decoder.
So it cannot be led to open another file or an address, and never guesses.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np

from inference.audio.bounded import BoundedFile
from inference.audio.limits import check_info, check_shape
from inference.audio.mp4_check import check_mp4
from inference.audio.sniff import MP3, MP4, Kind
from inference.audio.steady import Steady, Tail
from inference.errors import BadAudio, EmptyAudio, UnsupportedFormat
from inference.types import AudioInfo, Samples

log = logging.getLogger(__name__)

# What PyAV raises on damaged input: its own tree, and a few plain ones from the conversions around it.
AV_ERRORS = (av.FFmpegError, ValueError, OverflowError, MemoryError, RuntimeError, OSError, LookupError)
MAX_BROKEN_START = 200  # packets tried before the first one that decodes
MAX_DEMUX_ERRORS = 50  # in a row

# libav's sample formats: numpy's type and what a step is worth. PyAV's own conversion lacks some of them.
_SAMPLE_FORMATS = {
    "u8": ("u1", 2.0**-7),
    "s16": ("i2", 2.0**-15),
    "s32": ("i4", 2.0**-31),
    "s64": ("i8", 2.0**-63),
    "flt": ("f4", 1.0),
    "dbl": ("f8", 1.0),
}


class AvReader:
    """Reads an open file; closing that file is the caller's.

    Raises:
        UnsupportedFormat: no audio stream, or no decoder for it.
        BadAudio: a damaged header, impossible claims, or nothing that can be decoded.
        EmptyAudio: no packet of sound at all.
    """

    def __init__(self, file: BoundedFile, kind: Kind) -> None:
        if kind is MP4:
            check_mp4(file)
        file.seek(0)
        self._file = file
        self._broken = self._whole = 0  # packets
        self._container = _open(file, kind)
        try:
            self._stream = _best_stream(self._container, kind)
            self._frames = self._decode()
            self._first = self._first_frame()
            self.info = check_info(self._describe(kind))
        except BaseException:
            self.close()
            raise
        self._tail = Tail(_true_length(self._stream, kind, self.info.sample_rate))

    def blocks(self, block_frames: int) -> Iterator[Samples]:
        """The samples as blocks [C, n], with the encoder's delay and padding taken off; n is the codec's choice and may be 0.

        Raises:
            BadAudio: more packets are broken than whole.
        """
        steady = Steady(self.info.sample_rate, self.info.channels)
        for frame in _chain(self._first, self._frames):
            for block in steady.push(_samples(frame), frame.sample_rate):
                yield from self._tail.push(block)
        for block in steady.flush():
            yield from self._tail.push(block)
        self._judge(steady.changes)

    def close(self) -> None:
        """Lets go of libav's state."""
        self._container.close()

    def _describe(self, kind: Kind) -> AudioInfo:
        rate = self._first.sample_rate
        duration, base = self._stream.duration, self._stream.time_base
        seconds: float | Fraction = 0
        if duration is not None and base is not None:
            seconds = duration * base
        elif self._container.duration is not None:
            seconds = self._container.duration / av.time_base
        frames = round(seconds * rate) - _opus_delay(self._stream)
        return AudioInfo(rate, self._first.layout.nb_channels, frames if frames > 0 else None, kind.name)

    def _first_frame(self) -> av.AudioFrame:
        """The first frame that decodes: what it says about rate and channels is true, headers may err (HE-AAC)."""
        context = self._stream.codec_context
        if context.sample_rate:
            check_shape(context.sample_rate, max(context.channels, 1))
        first = next(self._frames, None)
        if first is not None:
            return first
        if self._broken or self._file.exhausted:
            raise BadAudio("nothing in the file can be decoded", hint="The file is damaged: export the song again.")
        raise EmptyAudio("the file holds no sound", hint="Export the song again.")

    def _decode(self) -> Iterator[av.AudioFrame]:
        for packet in self._packets():
            try:
                frames = packet.decode()
            except AV_ERRORS:
                self._broken += 1
                if not self._whole and self._broken > MAX_BROKEN_START:
                    return
                continue
            self._whole += 1
            yield from (frame for frame in frames if isinstance(frame, av.AudioFrame) and frame.samples)

    def _packets(self) -> Iterator[av.Packet[av.AudioStream]]:
        """All packets of the stream; after an error of the demuxer it is asked for the next one, some times."""
        errors = 0
        packets = self._container.demux(self._stream)
        while errors < MAX_DEMUX_ERRORS:
            try:
                packet = next(packets, None)
            except AV_ERRORS:
                self._broken += 1
                errors += 1
                packets = self._container.demux(self._stream)
                continue
            if packet is None:
                return
            if packet.size:
                errors = 0
            yield packet

    def _judge(self, changes: int) -> None:
        """Says what had to be tolerated, or that it is too much."""
        if changes:
            log.warning("the stream changes its sample rate %d times; all of it is brought to the first", changes)
        if self._file.exhausted:
            raise BadAudio("the file's index leads in circles", hint="The file is damaged: export the song again.")
        if self._broken > self._whole:
            raise BadAudio(f"{self._broken} of {self._broken + self._whole} packets are damaged", hint="Export the song again.")
        if self._broken:
            log.warning("%d of %d packets are damaged and were left out", self._broken, self._broken + self._whole)


def _open(file: BoundedFile, kind: Kind) -> av.container.InputContainer:
    options = {"protocol_whitelist": "none", "codec_whitelist": _audio_decoders()}
    # Not `options`: PyAV before 18 hands those to each stream as well, and crashes where streams turn up late (FLV, MPEG).
    try:
        return av.open(file, "r", format=kind.demuxer, container_options=options, metadata_errors="replace")
    except AV_ERRORS as error:
        raise BadAudio(f"the {kind.name} header is damaged ({_reason(error)})", hint="Export the song again.") from error


@lru_cache(maxsize=1)
def _audio_decoders() -> str:
    """The names of all decoders of sound, as libav's option wants them: hostile pictures and video are never decoded."""
    return ",".join(sorted(name for name in av.codecs_available if _decodes_audio(name)))


def _decodes_audio(name: str) -> bool:
    try:
        return av.Codec(name, "r").type == "audio"
    except ValueError:  # an encoder only
        return False


def _best_stream(container: av.container.InputContainer, kind: Kind) -> av.AudioStream:
    """The stream a player would choose; the others are not even read from the file where the demuxer can skip them."""
    best = container.streams.best("audio")
    if not isinstance(best, av.AudioStream) or best.codec_context is None:
        raise UnsupportedFormat(f"the {kind.name} file has no audio stream that can be decoded", hint="Extract the sound first.")
    discard = getattr(av.stream, "Discard", None)  # missing in older PyAV
    for stream in container.streams:
        if stream is not best and discard is not None:
            stream.discard = discard.all
    return best


def _true_length(stream: av.AudioStream, kind: Kind, sample_rate: int) -> int | None:
    """Samples without padding, where the header tells exactly: an MP4's edit list, an MP3's LAME tag (it starts late)."""
    exact = kind is MP4 or (kind is MP3 and bool(stream.start_time))
    if not exact or not stream.duration or stream.duration < 0 or stream.time_base is None:
        return None
    return round(stream.duration * stream.time_base * sample_rate)


def _opus_delay(stream: av.AudioStream) -> int:
    """Samples that Ogg counts but Opus does not play: the pre-skip of RFC 7845."""
    head = stream.codec_context.extradata or b""
    return int.from_bytes(head[10:12], "little") if head.startswith(b"OpusHead") else 0


def _samples(frame: av.AudioFrame) -> Samples:
    """A decoded frame as float32 [C, n], whatever its sample format."""
    dtype, scale = _SAMPLE_FORMATS[frame.format.packed.name]
    channels = frame.layout.nb_channels
    if frame.format.is_planar:
        data = np.stack([np.frombuffer(memoryview(plane), dtype, count=frame.samples) for plane in frame.planes])
    else:
        data = np.frombuffer(memoryview(frame.planes[0]), dtype, count=frame.samples * channels).reshape(-1, channels).T
    samples: Samples = data.astype(np.float32)
    if dtype == "u1":
        samples -= 128
    if scale != 1:
        samples *= np.float32(scale)
    return samples


def _chain(first: av.AudioFrame, rest: Iterator[av.AudioFrame]) -> Iterator[av.AudioFrame]:
    yield first
    yield from rest


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
