"""Files of any kind to streams of float32 blocks [C, n].

What a file is, its first bytes say, never its name. Plain samples go through libsndfile, all else through libav; both stream.

What is tolerated and what is not:
    - A file cut short is decoded as far as it goes.
    - Broken packets of a compressed stream are left out, with a warning in the log; more broken than whole ones are an error.
    - The delay and the padding of MP3, AAC and Opus encoders are cut off where the file tells them.
    - Samples that are NaN, infinite or beyond LOUDEST are an error that names the second.
    - Claims of impossible rates, channels or lengths are an error, and so is sound that goes on for more than a day.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

import numpy as np

from inference.audio.blocks import regroup
from inference.audio.bounded import BoundedFile
from inference.audio.limits import check_length
from inference.audio.sniff import Kind, sniff
from inference.errors import BadAudio, EmptyAudio, UnsupportedFormat
from inference.types import AudioInfo, Samples

log = logging.getLogger(__name__)

LOUDEST = 1e6
"""Times full scale (120 dB above it): beyond that a float file holds no sound, and networks overflow."""


class _Reader(Protocol):
    """What read_pcm.py and read_av.py have in common."""

    info: AudioInfo

    def blocks(self, block_frames: int) -> Iterator[Samples]: ...

    def close(self) -> None: ...


def probe(path: Path) -> AudioInfo:
    """What the file says about its sound, from its header and the first packet; no more is read, however long the file is.

    Raises:
        UnsupportedFormat: not sound, or of a kind that nothing here reads.
        BadAudio: a damaged header, or impossible claims (see limits.py); also when the file cannot be opened.
        EmptyAudio: no sample.
    """
    with AudioSource(path) as source:
        return source.info


class AudioSource:
    """A file's sound as a stream. A context manager; iterate over it once.

    Raises:
        UnsupportedFormat, BadAudio, EmptyAudio: as `probe` does, when made.
    """

    info: AudioInfo
    frames: int  # samples per channel decoded so far; the true length once the iteration has ended

    def __init__(self, path: Path, *, block_frames: int = 65536) -> None:
        self._block_frames = block_frames
        self.frames = 0
        self._started = False
        self._file = _open_file(path)
        try:
            self._reader = _open_reader(self._file)
        except BaseException:
            self._file.close()
            raise
        self.info = self._reader.info

    def __iter__(self) -> Iterator[Samples]:
        """Blocks float32 [C, n] with 0 < n <= block_frames; all but the last are block_frames long.

        Raises:
            BadAudio: damaged data, NaN or infinite samples: where, in seconds, and what.
            EmptyAudio: the stream ended without a sample.
        """
        if self._started:
            raise RuntimeError("an AudioSource can be read once")
        self._started = True
        for block in regroup(self._reader.blocks(self._block_frames), self._block_frames):
            _check_sound(block, self.frames, self.info.sample_rate)
            self.frames += block.shape[1]
            check_length(self.frames, self.info.sample_rate)
            yield block
        if not self.frames:
            raise EmptyAudio("the file holds no sound", hint="Export the song again.")
        if self.info.frames is not None and self.frames < self.info.frames - self.info.sample_rate:
            log.warning("the header announces %d samples, the file holds %d", self.info.frames, self.frames)

    def __enter__(self) -> AudioSource:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; can be called twice."""
        self._reader.close()
        self._file.close()


def _open_file(path: Path) -> BinaryIO:
    # A named pipe or a device would block forever, or never end.
    if path.exists() and not path.is_file():
        raise UnsupportedFormat(f"{path.name!r} is not a file", hint="Choose an audio file.")
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise BadAudio(f"{path.name!r} cannot be opened: {getattr(error, 'strerror', None) or error}") from error


def _open_reader(file: BinaryIO) -> _Reader:
    if not file.read(1):
        raise EmptyAudio("the file is empty: 0 bytes", hint="Upload the song again.")
    kind, start = sniff(file)
    if kind is None:
        raise UnsupportedFormat(
            "the file is not in an audio format that can be read",
            hint="Use wav, flac, mp3, m4a, ogg, opus, wma, or a video in mp4, mov, mkv or webm.",
        )
    bounded = BoundedFile(file, start)
    return _open_pcm(bounded, kind) or _open_av(bounded, kind)


def _open_pcm(file: BoundedFile, kind: Kind) -> _Reader | None:
    """The reader of plain samples, None when this is not for it: WAV, AIFF and CAF can hold codecs that only libav knows."""
    if not kind.pcm:
        return None
    from inference.audio.read_pcm import CannotRead, PcmReader

    try:
        return PcmReader(file, kind)
    except CannotRead as error:
        log.debug("libsndfile does not read this %s: %s", kind.name, error)
        return None


def _open_av(file: BoundedFile, kind: Kind) -> _Reader:
    from inference.audio.read_av import AvReader

    return AvReader(file, kind)


def _check_sound(block: Samples, position: int, sample_rate: int) -> None:
    sound = np.abs(block) <= LOUDEST  # false for NaN too
    if not sound.all():
        second = (position + int(np.argmin(sound.all(axis=0)))) / sample_rate
        raise BadAudio(
            f"a sample that is no sound (not a number, infinite, or beyond {LOUDEST:g} times full scale), at {second:.3f} s",
            hint="Export the song again from the program that made it.",
            second=second,
        )
